"""The screen that explains all keys."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from bot.local_voice.tui.dialogue import hang
from bot.local_voice.tui.modal import Modal

KEYS: Final = (
    ("Space", "talk: hold it, or press it, speak, and press it again"),
    ("", "hands free: pause listening, or resume"),
    ("Esc", "stop the answer, the task, or what you are saying"),
    ("Enter", "send what you typed: a question, or a /command"),
    ("Tab", "complete a /command; again: the next match"),
    ("Up, Down", "what you typed before"),
    ("PgUp, PgDn", "scroll the conversation; Ctrl-End goes back to the end"),
    ("F2", "settings: microphone, loudspeaker, mode, language, voice"),
    ("Ctrl-T", "hands free, or push to talk"),
    ("Ctrl-Y", "copy the latest answer"),
    ("Ctrl-S", "save the conversation"),
    ("Ctrl-C", "copy the selection; without one, leave"),
    ("Ctrl-Q", "leave"),
)
_HOLDING: Final = """\
Holding works in terminals that report when a key is released, such as kitty, Ghostty, foot, \
WezTerm and iTerm2; elsewhere skydeck recognises a held key by its repeats. Speaking, or the \
talk key, stops the answer. /help lists the commands: without a text they work on what was said \
so far."""
_SAYING: Final = """\
Say or type, just like that: "stop", "cancel that" (the newest task), "cancel the build", "how far \
is it?", "how far is the summary?", "say it again", "what did today cost?", "louder", "slower", \
"shorter", "in Spanish", "forget what I said"; in Spanish as well: "para", "cancela el resumen", \
"repítelo", "¿cuánto falta?". Ask for anything else in a sentence: "summarise what we said", \
"build me a dice roller" (answer "yes" to begin)."""
_GUTTER: Final = 12


class HelpScreen(Modal):
    """Explains all keys."""

    AUTO_FOCUS = "#box"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter,space", "dismiss", "Close", priority=True),
    ]

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        with VerticalScroll(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "Esc closes"
            yield Static(markup=False)

    def on_resize(self) -> None:
        """Wrap the text to the new width."""
        super().on_resize()
        width = min(76, self.app.size.width) - 7
        lines = [
            hang(Content.styled(key, "bold $accent"), Content(does), _GUTTER, width)
            for key, does in KEYS
        ]
        more = [Content.styled(text, "dim") for text in (_SAYING, "", _HOLDING)]
        text = Content("\n").join([*lines, Content(""), *more])
        self.query_one(Static).update(text)
