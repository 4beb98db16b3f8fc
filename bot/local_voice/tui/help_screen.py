"""The screen that explains all keys."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from bot.i18n import Words
from bot.local_voice.tui.dialogue import hang
from bot.local_voice.tui.modal import Modal

KEYS: Final = (
    ("{space}", "space"),
    ("", "space_free"),
    ("Esc", "esc"),
    ("{enter}", "enter"),
    ("/", "slash"),
    ("↑ ↓", "up_down"),
    ("{pages}", "page"),
    ("F2", "settings"),
    ("F3", "past"),
    ("F4", "times"),
    ("Ctrl-F", "find"),
    ("Ctrl-T", "mode"),
    ("Ctrl-Y", "copy"),
    ("Ctrl-K", "copy_code"),
    ("Ctrl-S", "save"),
    ("Ctrl-C", "selection"),
    ("Ctrl-Q", "quit"),
)
"""Each key with the text of what it does."""
_GUTTER: Final = 12


class HelpScreen(Modal):
    """Explains all keys."""

    AUTO_FOCUS = "#box"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter,space", "dismiss", "Close", priority=True),
    ]

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        with VerticalScroll(id="box") as box:
            box.border_title = self._words("talk.help.title")
            box.border_subtitle = self._words("talk.help.keys")
            yield Static(markup=False)

    def on_resize(self) -> None:
        """Wrap the text to the new width."""
        super().on_resize()
        words = self._words
        width = min(76, self.app.size.width) - 7
        names = {name: words(f"talk.key.{name}") for name in ("space", "enter", "pages")}
        lines = [
            hang(
                Content.styled(key.format(**names), "bold $accent"),
                Content(words(f"talk.help.{does}")),
                _GUTTER,
                width,
            )
            for key, does in KEYS
        ]
        for text in ("talk.help.time_parts", "talk.help.saying", "talk.help.holding"):
            lines += [Content(""), *Content.styled(words(text), "dim").wrap(max(8, width))]
        self.query_one(Static).update(Content("\n").join(lines))
