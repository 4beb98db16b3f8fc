"""The parts of the screen. Each shows a `View`, and draws only what has changed."""

from collections import deque
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.geometry import Size
from textual.style import Style
from textual.widgets import Static

from bot.i18n import words_for
from bot.local_voice.tui import charts, finding, formatting
from bot.local_voice.tui.charts import Frame
from bot.local_voice.tui.dialogue import entry_text, hang
from bot.local_voice.tui.welcome import welcome
from bot.local_voice.view import Doing, Entry, View

ROOMY: Final = (60, 18)
"""The smallest width and height at which nothing is left out."""
_PAGE: Final = 8
_TALL: Final = 34
_TALL_ENOUGH: Final = 23
"""A lower screen shows what to try only after the models are loaded."""
_TROUBLE: Final = 3
_LOW: Final = 12
_BADGE: Final = 24
_ACTION: Final = "action"
_BETWEEN: Final = "  "
_REST: Final = (Frame.THIN, "bold")
_BUSY: Final = (Frame.THICK, "bold $accent")
_STYLES: Final = {
    Doing.LOADING: _BUSY,
    Doing.WAITING: _BUSY,
    Doing.THINKING: _BUSY,
    Doing.RECORDING: (Frame.SOLID, "bold reverse $error"),
    Doing.ANSWERING: (Frame.SOLID, "bold reverse $accent"),
}


def is_roomy(node: DOMNode) -> bool:
    """Whether the terminal is large enough for all there is to see."""
    size = node.app.size
    return size.width >= ROOMY[0] and size.height >= ROOMY[1]


def is_low(node: DOMNode) -> bool:
    """Whether there is room only for what is needed most."""
    return node.app.size.height < _LOW


class Lines(Static):
    """A text whose lines are wrapped already."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._put = Content()

    def put(self, text: Content) -> None:
        """Draw a text if it differs from the one before."""
        if not text.is_same(self._put):
            is_as_high = _lines(text) == _lines(self._put)
            self._put = text
            self.update(text, layout=not is_as_high)


class Part(Lines):
    """A part of the screen."""

    def show(self, view: View) -> None:
        """Draw the view."""
        raise NotImplementedError


def _lines(text: Content) -> int:
    return text.plain.count("\n") + 1 if text else 0


class HeadLine(Part):
    """The names, where the services run, the talk mode and the cost."""

    def show(self, view: View) -> None:
        """Draw the view."""
        name, place = formatting.who(view)
        left = Content.assemble((name, "bold $accent"), " ", (place, "dim"))
        right = Content.styled(formatting.standing(view), "dim")
        room = self.app.size.width - 2
        if left.cell_length + right.cell_length + 2 > room:
            left = left[: len(name)]
        gap = max(1, room - left.cell_length - right.cell_length)
        self.put(Content.assemble(left, " " * gap, right))


class StateLine(Part):
    """What is going on, the level of the voice, and what the person can do. A click talks."""

    def __init__(self) -> None:
        super().__init__()
        self._levels: deque[float] = deque(maxlen=400)

    def show(self, view: View) -> None:
        """Draw the view."""
        if formatting.is_level_shown(view):
            self._levels.append(view.level_dbfs)
        else:
            self._levels.clear()
        self.put(self._three_lines(view) if is_roomy(self) else self._two_lines(view))

    def _three_lines(self, view: View) -> Content:
        frame, style = _STYLES.get(view.doing, _REST)
        badge = charts.badge(formatting.state(view), _BADGE, frame)
        told = Content.styled(formatting.advice(view), "dim")
        room = max(1, self.app.size.width - 2 - _BADGE - 2)
        first, *more = told.wrap(room)
        advice = told.truncate(room, ellipsis=True)
        beside = [Content(""), first, more[0] if more else Content("")]
        if formatting.is_level_shown(view):
            drawn = charts.trace(tuple(self._levels), room, 2)
            beside = [*(Content.styled(line, "$accent") for line in drawn), advice]
        lines = [
            Content.assemble((left, style), "  ", right)
            for left, right in zip(badge, beside, strict=True)
        ]
        return Content("\n").join(lines)

    def _two_lines(self, view: View) -> Content:
        state = f" {formatting.state(view)} "
        drawn = ""
        if formatting.is_level_shown(view):
            width = max(0, self.app.size.width - len(state) - 3)
            drawn = charts.trace(tuple(self._levels), width, 1)[0]
        style = _STYLES.get(view.doing, _REST)[1]
        head = Content.assemble((state, style), " ", (drawn, "$accent"))
        return Content("\n").join([head, Content.styled(f" {formatting.advice(view)}", "dim")])

    async def on_click(self) -> None:
        """Press the talk key."""
        await self.run_action("app.tap")


class TroubleLine(Part):
    """What is wrong with a device or with this app; hidden if nothing is."""

    def __init__(self) -> None:
        super().__init__()
        self._trouble = self._fault = ""

    def show(self, view: View) -> None:
        """Draw the view."""
        self._trouble = view.trouble
        self._draw()

    def tell(self, fault: str) -> None:
        """Show the app's own fault, or hide it if it is empty."""
        self._fault = fault
        self._draw()

    def _draw(self) -> None:
        trouble = formatting.clean(self._trouble or self._fault)
        self.display = bool(trouble)
        label, text = Content.styled("▲", "bold $error"), Content.styled(trouble, "bold")
        self.put(hang(label, text, 2, self.app.size.width - 2))


class Welcome(Part):
    """The models that load and, before the first entry, what to try."""

    def show(self, view: View) -> None:
        """Draw the view."""
        is_needed = view.doing is Doing.LOADING or not view.entries
        size = self.app.size
        is_low = size.height < _TALL_ENOUGH + (_TROUBLE if view.trouble else 0)
        text = Content("")
        if is_needed:
            text = welcome(view, size.width - 4, is_low=is_low)
        self.display = bool(text)
        self.put(text)


class TurnTime(Part):
    """How the latest turn spent its time, if the person wants to know."""

    def show(self, view: View) -> None:
        """Draw the view."""
        height, width = self.app.size.height, self.app.size.width - 2
        draw = charts.waterfall if height >= _TALL else charts.timeline
        lines: list[str] = []
        if view.shows_times:
            words = words_for(view.interface)
            lines = draw(view.phases, width, words) or [words("talk.times.none")]
        self.display = bool(lines) and not is_low(self)
        self.put(Content.styled("\n".join(lines), "dim"))


class KeyLine(Part):
    """The keys that matter now; the person can click them."""

    is_typing: bool = False
    """Whether the input line has text."""

    def show(self, view: View) -> None:
        """Draw the view."""
        small = words_for(view.interface)("talk.small")
        parts = [] if is_roomy(self) else [Content.styled(small, "bold")]
        taken = sum(len(small) + len(_BETWEEN) for _ in parts)
        for key in formatting.keys(view, self.app.size.width - 2 - taken, is_typing=self.is_typing):
            text = Content.assemble((key.name, "bold $accent"), " ", (key.does, "dim"))
            parts.append(text.stylize(Style.from_meta({_ACTION: key.action})))
        self.put(Content(_BETWEEN).join(parts))

    async def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        if action := event.style.meta.get(_ACTION):
            await self.run_action(f"app.{action}")


class Page(Lines):
    """A few consecutive entries of the transcript."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[list[Entry], int, str] = [], 0, ""
        self._texts: dict[Entry, Content] = {}
        self._text = Content("")
        self.hits: list[tuple[int, int]] = []

    def show_entries(self, entries: list[Entry], view: View, width: int) -> None:
        """Show these entries if they, the width or the language have changed."""
        if self._shown == (entries, width, view.interface):
            return
        known = self._texts if self._shown[1:] == (width, view.interface) else {}
        self._texts = {e: known.get(e) or entry_text(e, view, width) for e in entries}
        self._shown = entries, width, view.interface
        self._text = Content("\n\n").join(text for text in self._texts.values() if text)
        self.put(self._text)

    def find(self, wanted: str) -> None:
        """Look for some words; the hits are marked by `mark`."""
        self.hits = finding.hits(self._text.plain, wanted)

    def mark(self, chosen: int | None) -> None:
        """Mark all hits, and one of them more than the others."""
        text = self._text
        for number, (begin, end) in enumerate(self.hits):
            text = text.stylize(
                "bold reverse" if number == chosen else "bold underline", begin, end
            )
        self.put(text)

    def line_of(self, hit: int) -> int:
        """The line of a hit, from the top."""
        return self._text.plain.count("\n", 0, self.hits[hit][0])


class Conversation(VerticalScroll):
    """All entries; it follows the newest unless the person has scrolled up.

    Several entries share one page, since laying out hundreds of widgets takes a tenth of a second.
    """

    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self._pages: dict[int, Page] = {}
        self._places: dict[int, int] = {}  # by an entry's number, in the order of their coming
        self._count = 0
        self._shown: tuple[tuple[Entry, ...], int, str] = (), 0, ""
        self._wanted = ""
        self._hit = 0

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Welcome()

    def watch_virtual_size(self, size: Size) -> None:
        """Stay at the end once there is more than fits; begin at the top before that."""
        overflows = size.height > self.size.height and bool(self._pages)
        if overflows != self.is_anchored:
            self.anchor(overflows)

    def follow(self) -> None:
        """Scroll to the end, and stay there."""
        self.anchor(self.is_anchored)

    def show(self, view: View) -> None:
        """Show what has changed."""
        width = self.app.size.width - 4  # without the margins and the scroll bar
        self.query_one(Welcome).show(view)
        if self._shown == (view.entries, width, view.interface):
            return
        self._shown = view.entries, width, view.interface
        by_page: dict[int, list[Entry]] = {}
        for entry in view.entries:
            by_page.setdefault(self._place(entry.number) // _PAGE, []).append(entry)
        for gone in self._pages.keys() - by_page.keys():
            self._pages.pop(gone).remove()
        for number, entries in by_page.items():
            self._page(number).show_entries(entries, view, width)
        self._places = {e.number: self._places[e.number] for e in view.entries}
        if self._wanted:
            self._mark()

    # -- search ----------------------------------------------------------------------------------

    def find(self, wanted: str, step: int) -> tuple[int, int]:
        """Look for some words, and scroll to a hit.

        Args:
            wanted: The words; empty: mark nothing more.
            step: 0: the latest hit; 1: the next one; -1: the one before.

        Returns:
            The number of the hit from 1, and how many there are; 0 of 0 if there is none.
        """
        is_new, self._wanted = wanted != self._wanted, wanted
        count = self._mark()
        if count:
            self._hit = count - 1 if is_new or not step else (self._hit + step) % count
            self._mark()
            self._scroll_to_hit()
        return (self._hit + 1, count) if count else (0, 0)

    def _mark(self) -> int:
        """Mark all hits, and return how many there are."""
        count = 0
        for _, page in sorted(self._pages.items()):
            page.find(self._wanted)
            at = self._hit - count
            page.mark(at if 0 <= at < len(page.hits) else None)
            count += len(page.hits)
        return count

    def _scroll_to_hit(self) -> None:
        count = 0
        for _, page in sorted(self._pages.items()):
            at = self._hit - count
            if 0 <= at < len(page.hits):
                self.anchor(False)
                line = page.virtual_region.y + page.line_of(at)
                self.scroll_to(y=max(0, line - self.size.height // 3), animate=False)
                return
            count += len(page.hits)

    def _place(self, number: int) -> int:
        if number not in self._places:
            self._places[number] = self._count
            self._count += 1
        return self._places[number]

    def _page(self, number: int) -> Page:
        if number not in self._pages:
            self._pages[number] = Page()
            self.mount(self._pages[number])
        return self._pages[number]
