"""The line in which the person types what to look for in the conversation."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from bot.i18n import Words

MAX_CHARS = 200


class FindBar(Horizontal):
    """An input line, and beside it how many hits there are; hidden until it is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", priority=True),
        Binding("down,f3", "step(1)", priority=True),
        Binding("up,shift+f3", "step(-1)", priority=True),
    ]

    class Wanted(Message):
        """Something else is to be found, or the next hit of the same.

        Attributes:
            text: What to look for; empty: nothing more.
            step: 0: the latest hit; 1: the next one; -1: the one before.
        """

        def __init__(self, text: str, step: int) -> None:
            super().__init__()
            self.text = text
            self.step = step

    class Closed(Message):
        """The person is done."""

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Static("⌕", id="sign")
        yield Input(id="wanted", max_length=MAX_CHARS, compact=True)
        yield Static(id="hits", markup=False)

    def open(self, text: str, words: Words) -> None:
        """Show it, with a text to look for."""
        self.display = True
        line = self.query_one(Input)
        line.placeholder = words("talk.find.placeholder")
        line.value = text
        line.focus()
        self.tell(words("talk.find.keys"))
        if text:
            self.post_message(self.Wanted(text, 0))

    def tell(self, text: str) -> None:
        """Show what was found, beside the line."""
        self.query_one("#hits", Static).update(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look for what is typed, at once."""
        event.stop()
        if self.display:
            self.post_message(self.Wanted(event.value, 0))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next hit."""
        event.stop()
        self.action_step(1)

    def action_step(self, step: int) -> None:
        """Go to the next hit, or to the one before."""
        self.post_message(self.Wanted(self.query_one(Input).value, step))

    def action_close(self) -> None:
        """Hide it."""
        self.display = False
        self.post_message(self.Closed())
