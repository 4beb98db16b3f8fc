"""The input line for questions and commands."""

from collections.abc import Callable
from typing import Final

from textual import events
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from bot.i18n import Words
from bot.local_voice.view import MenuItem
from bot.sanitize import clean

MAX_CHARS: Final = 20_000
_MAX_REMEMBERED: Final = 100
_NEWLINE: Final = "⏎"
"""Stands for a line end in pasted text."""

Menu = Callable[[str], list[MenuItem]]


class PromptInput(Input):
    """An input line with a history and a menu. While it is empty, the space bar is the talk key.

    The line decides that itself, in the order of the keys: a quick typist has pressed the space bar
    before the app knows about the letters.

    Args:
        menu: Gives what a typed beginning can become, best first.
        words: Gives the words of the screen's language.
    """

    class MenuChanged(Message):
        """The menu has other items, or another of them is chosen."""

        def __init__(self, items: list[MenuItem], at: int) -> None:
            super().__init__()
            self.items = items
            self.at = at

    def __init__(self, menu: Menu, words: Callable[[], Words]) -> None:
        super().__init__(
            placeholder=words()("talk.placeholder"),
            id="prompt",
            suggester=_Commands(menu),
            max_length=MAX_CHARS,
            select_on_focus=False,
        )
        self._menu = menu
        self._words = words
        self._items: list[MenuItem] = []
        self._chosen = 0
        self._is_chosen = False  # by an arrow, not just the first
        self._is_closed = False
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
        if event.key == "space" and not self.value:
            await self.run_action("app.talk")
        elif not (self._in_menu(event.key) if self._items else self._in_line(event.key)):
            return
        event.prevent_default()
        event.stop()

    def _in_line(self, key: str) -> bool:
        """Handle a key without a menu; return whether it is done."""
        match key:
            case "up" | "down":
                self._recall(-1 if key == "up" else 1)
            case "tab":
                return self.value.startswith("/")  # there is nothing to complete
            case _:
                return False
        return True

    def _in_menu(self, key: str) -> bool:
        """Handle a key while the menu is open; return whether it is done."""
        match key:
            case "up" | "down":
                self._choose(-1 if key == "up" else 1)
            case "tab":
                self.take_item(self._chosen)
            case "enter" if self._wants_item():
                text = self._items[self._chosen].text
                self.take_item(self._chosen)
                # One that needs nothing more is sent at once.
                return text.endswith((" ", "="))
            case "escape":
                self._is_closed = True
                self._show_menu()
            case _:
                return False
        return True

    def on_paste(self, event: events.Paste) -> None:
        """Insert all pasted lines, as far as there is room."""
        event.prevent_default()
        event.stop()
        text = _NEWLINE.join(clean(event.text).strip().splitlines())
        room = MAX_CHARS - len(self.value) + len(self.selected_text)
        self.replace(text[:room], *sorted(self.selection))
        if len(text) > room:
            self.notify(self._words()("talk.cut", most=MAX_CHARS))

    def watch_value(self, value: str) -> None:
        """Offer what the text can become."""
        if not value.startswith("/"):
            self._is_closed = False
        self._chosen, self._is_chosen = 0, False
        self._show_menu()

    def on_resize(self) -> None:
        """Lay the menu out for the new size."""
        self._show_menu()

    # -- the menu --------------------------------------------------------------------------------

    def take_item(self, at: int) -> None:
        """Put an item of the menu into the line."""
        if 0 <= at < len(self._items):
            self._set(self._items[at].text)

    def _wants_item(self) -> bool:
        """Whether Enter takes the chosen item, rather than sending the line as it is."""
        typed, item = self.value, self._items[self._chosen]
        if self._is_chosen or typed.endswith("="):
            return True
        is_whole = any(one.text.strip() == typed.strip() for one in self._items)
        return " " not in typed and not is_whole and item.text.startswith(typed)

    def _choose(self, step: int) -> None:
        self._chosen = (self._chosen + step) % len(self._items)
        self._is_chosen = True
        self.post_message(self.MenuChanged(self._items, self._chosen))

    def _show_menu(self) -> None:
        self._items = [] if self._is_closed else self._menu(self.value)
        self.post_message(self.MenuChanged(self._items, self._chosen))

    # -- what was typed before -------------------------------------------------------------------

    def _recall(self, step: int) -> None:
        if self._at == len(self._typed):
            self._draft = self.value
        self._at = max(0, min(len(self._typed), self._at + step))
        self._is_closed = True  # an arrow leads on through the lines, not into a menu
        self._set([*self._typed, self._draft][self._at])

    def _set(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)


class _Commands(Suggester):
    """Suggests how a /command could continue."""

    def __init__(self, menu: Menu) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._menu = menu

    async def get_suggestion(self, value: str) -> str | None:
        texts = (item.text for item in self._menu(value))
        return next((text for text in texts if text.startswith(value)), None)
