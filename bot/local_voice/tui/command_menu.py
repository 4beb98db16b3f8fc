"""The menu that "/" opens above the input line: what can be typed, and what it does."""

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.content import Content
from textual.message import Message
from textual.style import Style

from bot.i18n import Words
from bot.local_voice.tui import formatting
from bot.local_voice.tui.widgets import Lines, is_low, is_roomy
from bot.local_voice.view import MenuItem

_MAX_ROWS: Final = 8
_AROUND: Final = {"roomy": 12, "small": 9, "low": 4}
"""How many lines of the window are not the menu's: the state, the input line, the keys."""
_LABEL: Final = 18
_ITEM: Final = "item"


class CommandMenu(Lines):
    """A few rows of the items around the chosen one; hidden while there are none."""

    class Taken(Message):
        """A click has taken an item.

        Attributes:
            at: Its number.
        """

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    def show_items(self, items: Sequence[MenuItem], at: int, words: Words) -> None:
        """Show the items, the chosen one reversed."""
        rows = self._rows()
        self.display = bool(items) and rows > 0
        if not self.display:
            return
        first = max(0, min(at - rows // 2, len(items) - rows))
        width = self.app.size.width - 4
        lines = [
            self._line(items[number], number, width, is_chosen=number == at)
            for number in range(first, min(first + rows, len(items)))
        ]
        hidden = len(items) - first - rows
        keys = words("talk.command.menu")
        more = f"{words.count('talk.command.more', hidden)} · {keys}" if hidden > 0 else keys
        foot = Content.styled(f" {more}", "dim").truncate(width, ellipsis=True)
        self.put(Content("\n").join([*lines, foot] if rows > 1 else lines))

    def _rows(self) -> int:
        kind = "roomy" if is_roomy(self) else "low" if is_low(self) else "small"
        return min(_MAX_ROWS, self.app.size.height - _AROUND[kind])

    @staticmethod
    def _line(item: MenuItem, number: int, width: int, *, is_chosen: bool) -> Content:
        label = Content(formatting.clean_line(item.label)).truncate(width // 2, ellipsis=True)
        gap = " " * max(2, _LABEL - label.cell_length)
        line = Content.assemble(
            " ",
            label.stylize("bold"),
            gap,
            (formatting.clean_line(item.about), "" if is_chosen else "dim"),
        ).truncate(width, ellipsis=True)
        if is_chosen:
            line = line.pad_right(max(0, width - line.cell_length)).stylize("reverse")
        return line.stylize(Style.from_meta({_ITEM: number}))

    async def on_click(self, event: events.Click) -> None:
        """Take the item that was clicked."""
        at = event.style.meta.get(_ITEM)
        if at is not None:
            self.post_message(self.Taken(at))
