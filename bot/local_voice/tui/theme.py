"""The app's colours and layout: the terminal's own colours, dark or light, and one accent.

The accent and the red are of medium brightness, so that they are readable on black and on white.
Without colour, shapes, bold and reversed letters say the same.
"""

from typing import Final

from textual.theme import Theme

_ACCENT: Final = "#2f8fdf"
_RED: Final = "#e0483e"

THEME: Final = Theme(
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
#prompt > .input--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
.-low HeadLine { display: none; }
.-low StateLine { height: 1; }
.-low TroubleLine { max-height: 1; }
.-low #prompt { height: 1; border: none; }
KeyLine { height: 1; padding: 0 2; }
ToastRack { margin-bottom: 4; }
Toast { border: round $accent; padding: 0 1; }
Modal { align: center middle; background: ansi_default; }
#box { width: 100%; max-width: 76; height: auto; max-height: 100%; border: round $accent;
       border-title-style: bold; padding: 0 2; scrollbar-size-vertical: 1; }
.-roomy #box { padding: 1 2 0 2; }
.row { height: auto; }
.-roomy .row { margin-bottom: 1; }
.row Label { width: 20; text-style: dim; }
.row Select { width: 1fr; }
.row Button { margin-right: 2; }
.row SelectOverlay.-textual-compact { border: round $accent !important; padding: 0 1; }
.row SelectOverlay:nocolor > .option-list--option-highlighted {
  text-style: bold underline !important;
}
.row Button { padding: 0; min-width: 0; }
.row Button:focus, .row Select:focus Static { text-style: bold reverse; }
#message { height: auto; min-height: 1; padding-left: 20; }
#hint { text-style: dim; }
"""
