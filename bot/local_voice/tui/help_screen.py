"""All keys, and what can be typed."""

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
    ("", "hands free: stop listening, or go on"),
    ("Esc", "stop the answer, the task, or what you are saying"),
    ("Enter", "send what you typed: a question, or a /command"),
    ("Tab", "complete a /command; again: the next that fits"),
    ("Up, Down", "what you typed before"),
    ("PgUp, PgDn", "read what was said before; Ctrl-End goes back to now"),
    ("F2", "settings: microphone, loudspeaker, mode, language, voice"),
    ("Ctrl-T", "hands free, or push to talk"),
    ("Ctrl-Y", "copy the latest answer"),
    ("Ctrl-S", "save the conversation"),
    ("Ctrl-C", "copy what is marked; when nothing is, leave"),
    ("Ctrl-Q", "leave"),
)
_HOLDING: Final = """\
Holding works where the terminal tells when a key is let go, as kitty, Ghostty, foot, WezTerm and \
iTerm2 do; elsewhere a held key is noticed by its repeats. Speaking, or the talk key, stops the \
answer. /help lists the commands: without a text they work on what was said so far."""
_GUTTER: Final = 12


class HelpScreen(Modal):
    """Read, and go back."""

    AUTO_FOCUS = "#box"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter,space", "dismiss", "Close", priority=True),
    ]

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "Esc closes"
            yield Static(markup=False)

    def on_resize(self) -> None:
        """Write it as wide as it can be."""
        super().on_resize()
        width = min(76, self.app.size.width) - 7
        lines = [
            hang(Content.styled(key, "bold $accent"), Content(does), _GUTTER, width)
            for key, does in KEYS
        ]
        text = Content("\n").join([*lines, Content(""), Content.styled(_HOLDING, "dim")])
        self.query_one(Static).update(text)
