"""The parts of the screen. Each shows a `View`, and is drawn anew only when that has changed."""

from typing import Final

from rich.text import Text
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from bot.talk.app import words
from bot.talk.view import Doing, Entry, Kind, View

_MARKS = {Kind.TURN: ">", Kind.TASK: "/", Kind.NOTE: "i", Kind.ERROR: "!"}


class Part(Widget):
    """A part of the screen."""

    def show(self, view: View) -> None:
        """Show it, if it is another."""
        raise NotImplementedError


class StateLine(Static, Part):
    """What is going on, how loud it is, and what can be done. A click is a press of the key."""

    def show(self, view: View) -> None:
        """Show it, if it is another."""
        width = max(4, min(40, self.size.width - 24))
        level = view.level_dbfs if view.can_hear else words.QUIET_DBFS
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {words.state(view):<18} ", _LOOKS.get(view.doing, "bold"))
        text.append(f" {words.meter(level, width)}\n")
        text.append(f" {words.advice(view)}", "dim")
        _put(self, text)

    async def on_click(self) -> None:
        """Tapping it is tapping the key."""
        desk = getattr(self.app, "desk", None)
        if desk is not None:
            desk.key_down()


_LOOKS: Final = {Doing.RECORDING: "bold reverse red", Doing.ANSWERING: "bold reverse"}


class HeadLine(Static, Part):
    """Who speaks with whom, through what, at what cost."""

    def show(self, view: View) -> None:
        """Show it, if it is another."""
        mode = "hands free" if view.mode.value != "key" else "push to talk"
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {words.who(view)}", "bold")
        text.append(f"  {mode} · {words.cost(view)}", "dim")
        _put(self, text)


class TroubleLine(Static, Part):
    """What is wrong with a device; not there when nothing is."""

    def show(self, view: View) -> None:
        """Show it, if it is another."""
        self.display = bool(view.trouble)
        _put(self, Text(f" ! {words.clean(view.trouble)}", "bold"))


class Waterfall(Static, Part):
    """Where the time of the latest turn went."""

    def show(self, view: View) -> None:
        """Show it, if it is another."""
        height, width = self.app.size.height, self.app.size.width - 2
        draw = words.waterfall if height >= _TALL else words.bar
        lines = draw(view.phases, width)
        self.display = bool(lines) and height >= _LOW
        _put(self, Text("\n".join(lines), "dim", no_wrap=True, overflow="crop"))


_TALL: Final = 32
_LOW: Final = 20


class EntryBox(Static):
    """One entry of the conversation."""

    def show(self, entry: Entry, view: View) -> None:
        """Show it, if it is another."""
        text = Text()
        asked, answered = words.question(entry), words.answer(entry)
        if asked:
            text.append(f"{_MARKS[entry.kind]} {view.person}: ", "bold")
            text.append(asked + ("\n" if answered else ""))
        if answered:
            if entry.kind is Kind.TURN:
                text.append(f"  {view.assistant}: ", "bold")
            elif entry.kind is not Kind.TASK:
                text.append(f"{_MARKS[entry.kind]} ", "bold")
            text.append(answered)
        _put(self, text)
        self.set_class(entry.kind is Kind.ERROR, "error")
        self.set_class(entry.kind is Kind.NOTE, "note")


class Conversation(VerticalScroll, Part):
    """All entries; it follows the newest unless somebody has scrolled up."""

    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self._boxes: dict[int, EntryBox] = {}
        self._shown: dict[int, Entry] = {}

    def show(self, view: View) -> None:
        """Show what is new or has changed."""
        follows = self.max_scroll_y - self.scroll_y <= 1
        changed = False
        for entry in view.entries:
            if self._shown.get(entry.number) == entry:
                continue
            changed = True
            self._shown[entry.number] = entry
            if entry.number not in self._boxes:
                self._boxes[entry.number] = EntryBox(markup=False)
                self.mount(self._boxes[entry.number])
            self._boxes[entry.number].show(entry, view)
        self._forget({entry.number for entry in view.entries})
        if changed and follows:
            self.call_after_refresh(self.scroll_end, animate=False)

    def _forget(self, kept: set[int]) -> None:
        for number in self._boxes.keys() - kept:
            self._boxes.pop(number).remove()
            self._shown.pop(number, None)


def _put(widget: Static, text: Text) -> None:
    """Draw only what is another than before."""
    if getattr(widget, "shown", None) != text:
        widget.shown = text  # type: ignore[attr-defined]
        widget.update(text)
