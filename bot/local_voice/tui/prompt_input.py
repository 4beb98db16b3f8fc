"""The input line for questions and commands."""

from collections.abc import Callable
from typing import Final

from textual import events
from textual.suggester import Suggester
from textual.widgets import Input

from bot.sanitize import clean

MAX_CHARS: Final = 20_000
_MAX_REMEMBERED: Final = 100
_NEWLINE: Final = "⏎"
"""Stands for a line end in pasted text."""

Completions = Callable[[str], list[str]]


class PromptInput(Input):
    """An input line with a history. While it is empty, the space bar is the talk key.

    The line decides that itself, in the order of the keys: a quick typist has pressed the space bar
    before the app knows about the letters.

    Args:
        completions: Gives what a typed beginning can become, best first.
    """

    def __init__(self, completions: Completions) -> None:
        super().__init__(
            placeholder="Type a question, or / for a command",
            id="prompt",
            suggester=_Commands(completions),
            max_length=MAX_CHARS,
            select_on_focus=False,
        )
        self._completions = completions
        self._found: list[str] = []
        self._typed: list[str] = []
        self._at = 0
        self._draft = ""

    def take(self) -> str:
        """Empty the line, add its text to the history, and return it."""
        text = self.value
        if text.strip():
            self._typed = [*self._typed[1 - _MAX_REMEMBERED :], text]
        self._at = len(self._typed)
        self._draft = self.value = ""
        return text.replace(_NEWLINE, "\n")

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Whether the line takes a key as text."""
        return super().check_consume_key(key, character) and (key != "space" or bool(self.value))

    async def on_key(self, event: events.Key) -> None:
        """Handle the keys that differ from those of Textual's input line."""
        match event.key:
            case "space" if not self.value:
                await self.run_action("app.talk")
            case "up" | "down":
                self._recall(-1 if event.key == "up" else 1)
            case "tab" if self.value.startswith("/"):
                self._complete()
            case _:
                return
        event.prevent_default()
        event.stop()

    def on_paste(self, event: events.Paste) -> None:
        """Insert all pasted lines, as far as there is room."""
        event.prevent_default()
        event.stop()
        text = _NEWLINE.join(clean(event.text).strip().splitlines())
        room = MAX_CHARS - len(self.value) + len(self.selected_text)
        self.replace(text[:room], *sorted(self.selection))
        if len(text) > room:
            self.notify(f"Only {MAX_CHARS:,} characters fit; the rest was cut off.")

    def _recall(self, step: int) -> None:
        if self._at == len(self._typed):
            self._draft = self.value
        self._at = max(0, min(len(self._typed), self._at + step))
        self._set([*self._typed, self._draft][self._at])

    def _complete(self) -> None:
        """Take the best completion, or on another press the next one."""
        if self.value not in self._found:
            self._found = self._completions(self.value)
        if self._found:
            at = self._found.index(self.value) + 1 if self.value in self._found else 0
            self._set(self._found[at % len(self._found)])

    def _set(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)


class _Commands(Suggester):
    """Suggests how a /command could continue."""

    def __init__(self, completions: Completions) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._completions = completions

    async def get_suggestion(self, value: str) -> str | None:
        return next(iter(self._completions(value)), None)
