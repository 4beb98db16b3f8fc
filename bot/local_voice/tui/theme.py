"""The app's colours and layout: the terminal's own colours and one accent, or ours, dark or light.

The accent and the red are of medium brightness, so that they are readable on black and on white.
Without colour, shapes, bold and reversed letters say the same.
"""

from typing import Final

from textual.theme import Theme

_ACCENT: Final = "#2f8fdf"
_RED: Final = "#e0483e"

TERMINAL: Final = Theme(
    name="skydeck",
    ansi=True,
    primary=_ACCENT,
    accent=_ACCENT,
    error=_RED,
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": _ACCENT,
        "border-blurred": "ansi_bright_black",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "block-cursor-background": _ACCENT,
        "block-cursor-foreground": "ansi_bright_white",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": _ACCENT,
        "scrollbar-active": _ACCENT,
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "scrollbar-corner-color": "ansi_default",
    },
)


def _own(name: str, *, dark: bool, ground: str, letters: str, faint: str, accent: str) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=accent,
        accent=accent,
        error=_RED,
        foreground=letters,
        background=ground,
        surface=ground,
        panel=ground,
        boost=ground,
        variables={
            "border": accent,
            "border-blurred": faint,
            "input-cursor-background": letters,
            "input-cursor-foreground": ground,
            "input-cursor-text-style": "none",
            "block-cursor-background": accent,
            "block-cursor-foreground": ground,
            "scrollbar": faint,
            "scrollbar-hover": accent,
            "scrollbar-active": accent,
            "scrollbar-background": ground,
            "scrollbar-background-hover": ground,
            "scrollbar-background-active": ground,
            "scrollbar-corner-color": ground,
        },
    )


DARK: Final = _own(
    "skydeck-dark",
    dark=True,
    ground="#14181d",
    letters="#e4e8ec",
    faint="#4a5460",
    accent="#5fb0f5",
)
LIGHT: Final = _own(
    "skydeck-light",
    dark=False,
    ground="#fbfbf9",
    letters="#1d2127",
    faint="#b4bac2",
    accent="#1768ac",
)

STYLE: Final = """
Screen { layout: vertical; overflow: hidden; }
HeadLine { height: 1; padding: 0 1; }
StateLine { height: 2; padding: 0 1; pointer: pointer; }
.-roomy StateLine { height: 3; margin: 1 0 0 0; }
TroubleLine { height: auto; max-height: 3; padding: 0 1; }
.-roomy TroubleLine { margin: 1 0 0 0; }
Conversation { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
.-roomy Conversation { margin: 1 0 0 0; }
Page { height: auto; margin-bottom: 1; }
TurnTime { height: auto; padding: 0 1; }
#prompt { height: 3; border: round $accent; padding: 0 1; }
#prompt > .input--cursor { background: $background; color: $foreground; text-style: reverse; }
CommandMenu { height: auto; padding: 0 1; display: none; }
FindBar { height: 1; padding: 0 1; display: none; }
#sign { width: 2; color: $accent; }
#wanted { width: 1fr; }
#hits { width: auto; padding: 0 0 0 1; text-style: dim; }
Welcome { height: auto; margin-bottom: 1; }
.-low HeadLine { display: none; }
.-low StateLine { height: 1; }
.-low TroubleLine { max-height: 1; }
.-low #prompt { height: 1; border: none; }
KeyLine { height: 1; padding: 0 2; }
ToastRack { margin-bottom: 4; }
Toast { border: round $accent; padding: 0 1; }
Modal { align: center middle; background: $background; }
#box { width: 100%; max-width: 76; height: auto; max-height: 100%; border: round $accent;
       border-title-style: bold; padding: 0 2; scrollbar-size-vertical: 1; }
.-roomy #box { padding: 1 2 0 2; }
.row { height: auto; }
.-roomy .row { margin-bottom: 1; }
.row Label { width: 20; text-style: dim; }
.row Select { width: 1fr; }
.row Button { margin-right: 2; }
#tests { width: 1fr; height: auto; layout: horizontal; }
.-narrow #tests { layout: vertical; }
.row SelectOverlay.-textual-compact { border: round $accent !important; padding: 0 1; }
.row SelectOverlay:nocolor > .option-list--option-highlighted {
  text-style: bold underline !important;
}
.row Button { padding: 0; min-width: 0; }
.row Button:focus, .row Select:focus Static { text-style: bold reverse; }
#message { height: auto; min-height: 1; padding-left: 20; }
PastScreen #message { padding-left: 0; }
#hint { text-style: dim; }
#kept { text-style: dim; }
#keeps { margin: 1 0; padding: 0; min-width: 0; }
#keeps:focus { text-style: bold reverse; }
#rows { height: auto; border: none; padding: 0; }
#rows:nocolor > .option-list--option-highlighted { text-style: bold underline !important; }
#opened { height: auto; }
"""
