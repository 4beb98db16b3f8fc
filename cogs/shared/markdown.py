"""What Discord's Markdown marks in a text, and which parts of it mean something only whole. Pure.

Discord pairs marks by patterns, each of which takes the nearest end: a spoiler ends at the next two
bars. A mark without a partner is only text. Code comes first: Discord accepts three backticks
anywhere, not only at the start of a line, and takes a word right after them as the language if its
line ends there.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

FENCE: Final = "```"
_BACKTICKS: Final = re.compile(r"`+")
SPOILER: Final = "||"

_OPENING: Final = re.compile(r"```(?:[A-Za-z0-9_+\-.#]{1,20}(?=\n))?\n?")
_SHORT_CODE_CHARS: Final = 80
"""Inline code up to this length is not divided."""
_HIDDEN: Final = "\0"
"""Stands for a character in which no mark is looked for."""
_WHOLE: Final = re.compile(
    r"""
    (?P<code>(?<!`)(?P<ticks>`{1,2})(?!`)[^\n]{1,4000}?(?<!`)(?P=ticks)(?!`))
    | (?P<token>
        <a?:\w{2,32}:\d{15,20}>                   # custom emoji
        | <(?:@[!&]?|\#)\d{15,20}>                # mentions
        | <t:-?\d{1,13}(?::[tTdDfFRsS])?>         # times
        | </[^:<>\n]{1,100}:\d{15,20}>            # commands
        | <id:\w{1,20}(?::\d{15,20})?>
        | <[a-z][a-z0-9+.-]{1,20}:[^\s<>]{1,2000}>  # links without a preview
      )
    | (?P<link>\[(?:[^\[\]\n]|\[[^\[\]\n]{0,40}\]){1,150}\]
        \(\s{0,5}<?[a-z][a-z0-9+.-]{1,20}:[^\s<>()]{0,2000}(?:\([^\s<>()]{0,200}\)[^\s<>()]{0,200})?
        >?(?:[ ]"[^"\n]{0,200}")?\))              # masked links
    | (?P<url>(?:https?|steam)://(?:(?!\|\||\*\*|~~)[^\s<>]){1,2000})
    | (?P<escape>\\[^\w\s])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_URL_END: Final = re.compile(r"[.,:;\"'\])*_|~]+\Z")
"""What Discord takes for the text after an address."""
_LINE_PREFIX: Final = re.compile(
    r"^[ \t]{0,40}(?:>>> |> )?[ \t]{0,40}(?:\#{1,3} |-\# |[-*+] |\d{1,3}[.)] )?", re.MULTILINE
)
_REPEATED_PREFIX: Final = re.compile(r"(?:>>> |> )?(?:#{1,3} |-# )?")
_BLOCK_QUOTE: Final = re.compile(r"^>>> ", re.MULTILINE)

_SIGNS: Final = re.compile(
    r"""
    (?P<url>\bhttps?://[^\s<>\[\]`]{1,2000})   # an address is not Markdown
    | [\\*_~`|\[\]]                           # emphasis, code, spoilers, links, anywhere
    | (?<![^\n])(?:\#{1,3}|-\#?|\+|>{1,3})(?=\s)  # headings, lists, quotes begin a line
    | (?:(?<=^\d)|(?<=^\d\d))\.(?=\s)         # numbered lists
    """,
    re.MULTILINE | re.VERBOSE,
)

_MARK: Final = re.compile(r"\|\||\*{1,2}|_{1,2}|~~")
_ENDS: Final = {
    "||": re.compile(r"(?s:.)\|\|"),
    "~~": re.compile(r"(?s:.)~~"),
    "**": re.compile(r"(?s:.)\*\*(?!\*)"),
    "__": re.compile(r"(?s:.)__(?!_)"),
}
_EMPHASIS: Final = {
    "*": re.compile(r"(?:\*\*|[^*])++(?<!\s)\*(?!\*)"),
    "_": re.compile(r"(?:__|[^_])++_(?![A-Za-z0-9_])"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """A marked part of a text; `begin <= inner <= outer <= end` are positions in it.

    Attributes:
        begin: Where its opening mark begins.
        inner: Where the mark has ended.
        outer: Where its closing mark begins.
        end: Where that has ended.
        opening: What marks the rest of it in another message.
        closing: What ends it there.
    """

    begin: int
    inner: int
    outer: int
    end: int
    opening: str
    closing: str
    is_code: bool = False

    @property
    def is_unclosed(self) -> bool:
        """Whether the text ends before it does."""
        return self.outer == self.end


@dataclass(frozen=True, slots=True)
class Markup:
    """The marks of a text.

    Attributes:
        spans: What is marked, by begin. Of two, one contains the other or they do not touch.
        wholes: Parts that mean something only whole, by begin: links, emoji, mentions, times.
        block_quote_at: Where a quote begins that goes on to the end of the text; -1: nowhere.
    """

    spans: tuple[Span, ...]
    wholes: tuple[tuple[int, int], ...]
    block_quote_at: int
    _changes: tuple[tuple[int, ...], tuple[tuple[Span, ...], ...]] = field(repr=False)
    _begins: tuple[int, ...] = field(repr=False)

    @classmethod
    def read(cls, text: str, *, goes_on: bool = False) -> "Markup":
        """Read a text; the time is proportional to its length.

        Args:
            text: Markdown.
            goes_on: The end of the text is missing: a spoiler that has not ended lasts to the end.
        """
        blocks = list(_code_blocks(text))
        hidden = _hide(text, [(one.begin, one.end) for one in blocks])
        inline, wholes = _wholes(hidden)
        hidden = _hide(hidden, [(one.begin, one.end) for one in inline] + wholes)
        spans = sorted(
            [*blocks, *inline, *_Pairs(hidden, goes_on=goes_on).all()],
            key=lambda one: (one.begin, -one.end),
        )
        wholes += _prefixes(hidden)
        quote = _BLOCK_QUOTE.search(hidden)
        return cls(
            spans=tuple(spans),
            wholes=tuple(sorted(wholes)),
            block_quote_at=-1 if quote is None else quote.start(),
            _changes=_changes(spans),
            _begins=tuple(one.begin for one in spans),
        )

    def around(self, place: int) -> tuple[Span, ...]:
        """The spans that a cut at `place` would divide, the outermost first."""
        places, states = self._changes
        return states[bisect_right(places, place)]

    def unclosed(self) -> tuple[Span, ...]:
        """The spans that the end of the text divides, the outermost first."""
        return tuple(one for one in self.spans if one.is_unclosed)

    def between(self, begin: int, end: int) -> tuple[Span, ...]:
        """The spans that begin there, and those around `begin`."""
        first, last = bisect_right(self._begins, begin), bisect_right(self._begins, end)
        return self.around(begin) + self.spans[first:last]

    def line_prefix(self, text: str, place: int, *, in_code: bool) -> str:
        """What the rest of a line needs to remain a quote or heading in another message."""
        begin = text.rfind("\n", 0, place) + 1
        found = None if in_code else _REPEATED_PREFIX.match(text, begin)
        prefix = found[0] if found is not None and found.end() < place else ""
        if 0 <= self.block_quote_at < place and not prefix.startswith(">>> "):
            prefix = ">>> " + prefix.removeprefix("> ")
        return prefix


def _code_blocks(text: str) -> Iterator[Span]:
    place = text.find(FENCE)
    while place >= 0:
        found = _OPENING.match(text, place)
        assert found is not None  # noqa: S101 - three backticks stand there
        outer = text.find(FENCE, found.end())
        is_closed = outer >= 0
        end = outer + len(FENCE) if is_closed else len(text)
        outer = outer if is_closed else len(text)
        quote = "> " if f"\n{text[max(0, place - 3) : place]}".endswith("\n> ") else ""
        opening, closing = f"{quote}{found[0].rstrip()}\n", f"\n{quote}{FENCE}"
        yield Span(place, found.end(), outer, end, opening, closing, is_code=True)
        place = text.find(FENCE, end) if is_closed else -1


def _hide(text: str, parts: list[tuple[int, int]]) -> str:
    if not parts:
        return text
    shown: list[str] = []
    taken = 0
    for begin, end in sorted(set(parts)):
        shown += (text[taken:begin], _HIDDEN * (end - begin))
        taken = end
    shown.append(text[taken:])
    return "".join(shown)


def _wholes(text: str) -> tuple[list[Span], list[tuple[int, int]]]:
    """Inline code, and what is whole."""
    inline: list[Span] = []
    wholes: list[tuple[int, int]] = []
    for found in _WHOLE.finditer(text):
        begin, end = found.span()
        if found["code"] is not None:
            ticks = found["ticks"]
            size = len(ticks)
            inline.append(Span(begin, begin + size, end - size, end, ticks, ticks))
            if end - begin > _SHORT_CODE_CHARS:
                continue
        if found["url"] is not None and (after := _URL_END.search(text, begin, end)) is not None:
            end = after.start()
        wholes.append((begin, end))
    return inline, wholes


def _prefixes(text: str) -> list[tuple[int, int]]:
    """The marks that begin a line, each with the character that follows it."""
    found = ((m.start(), m.end() + 1) for m in _LINE_PREFIX.finditer(text) if m[0].strip())
    return [(begin, min(end, len(text))) for begin, end in found]


class _Pairs:
    """Pairs the marks of a text in which code and links are hidden."""

    def __init__(self, text: str, *, goes_on: bool) -> None:
        self._text = text
        self._goes_on = goes_on
        self._without: dict[str, tuple[int, int]] = {}
        """For each mark, between which positions it is known to have no end."""

    def all(self) -> Iterator[Span]:
        """Each pair, outer ones first.

        What is bold already is not made bold again, so that a line of a thousand stars is no
        thousand pairs, whose marks would fill every message.
        """
        waiting: list[tuple[int, int, tuple[str, ...]]] = [(0, len(self._text), ())]
        while waiting:
            place, limit, around = waiting.pop()
            while (mark := _MARK.search(self._text, place, limit)) is not None:
                span = None if mark[0] in around else self._span(mark, limit)
                if span is None:
                    place = mark.end()
                    continue
                yield span
                waiting.append((span.inner, span.outer, (*around, span.opening)))
                place = span.end

    def _span(self, mark: re.Match[str], limit: int) -> Span | None:
        sign, inner = mark[0], mark.end()
        if sign in _EMPHASIS and not self._may_emphasize(mark, limit):
            return None
        least, most = self._without.get(sign, (0, 0))
        if least <= inner and limit <= most:
            return None
        pattern = _EMPHASIS.get(sign) or _ENDS[sign]
        find = pattern.match if sign in _EMPHASIS else pattern.search
        end = find(self._text, inner, limit)
        if end is None and sign == SPOILER and self._goes_on:
            return Span(mark.start(), inner, limit, limit, sign, sign)
        if end is None:
            if sign not in _EMPHASIS:  # emphasis may fail here and succeed later
                self._without[sign] = (inner, limit)
            return None
        return Span(mark.start(), inner, end.end() - len(sign), end.end(), sign, sign)

    def _may_emphasize(self, mark: re.Match[str], limit: int) -> bool:
        begin, end = mark.span()
        if end >= limit or self._text[end].isspace():
            return False
        before = self._text[begin - 1] if begin else " "
        return mark[0] != "_" or not (before.isascii() and (before.isalnum() or before == "_"))


def _changes(spans: list[Span]) -> tuple[tuple[int, ...], tuple[tuple[Span, ...], ...]]:
    """At which positions other spans surround a cut, and which."""
    places: list[int] = []
    states: list[tuple[Span, ...]] = [()]
    stack: list[Span] = []

    def leave(before: int) -> None:
        while stack and stack[-1].end <= before:
            place = stack.pop().end
            places.append(place)
            states.append(tuple(stack))

    for span in spans:
        leave(span.begin)
        stack.append(span)
        places.append(span.begin + 1)
        states.append(tuple(stack))
    leave(1 << 62)
    return tuple(places), tuple(states)


# -- a text without marks -----------------------------------------------------------------------


def escaped(text: str) -> str:
    """Text with its Markdown escaped, and its addresses as they are.

    discord.py's `escape_markdown` leaves the second masked link of a line alive, and shows a
    backslash before an indented list.
    """
    return _SIGNS.sub(lambda m: m[0] if m["url"] else f"\\{m[0]}", text)


# -- code in a text that is complete ---------------------------------------------------------------


def code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where code begins and ends, backticks included, in order. Takes linear time.

    Source: Discord's client: a closed code block, or the text between two equally long runs of
    backticks. `Markup` also takes a block that is not closed yet for code, since the answer that
    it belongs to still grows.
    """
    runs = [found.span() for found in _BACKTICKS.finditer(text)]
    by_length: dict[int, list[int]] = {}
    for begin, end in runs:
        by_length.setdefault(end - begin, []).append(begin)
    taken = 0
    for first, end in runs:
        if first < taken:
            continue
        begin = first + _backslashes(text, first) % 2  # an escaped backtick opens nothing
        closed = _closed(text, begin, end, by_length) if begin < end else 0
        if closed:
            yield begin, closed
            taken = closed


def certain_code_spans(text: str) -> Iterator[tuple[int, int]]:
    """The same without inline code of several lines, since a quote or heading ends it early."""
    for begin, end in code_spans(text):
        if text.startswith(FENCE, begin) or "\n" not in text[begin:end]:
            yield begin, end


def outside_code(text: str, change: Callable[[str], str], spans: Iterable[tuple[int, int]]) -> str:
    """The text with everything but its code changed.

    Args:
        text: Markdown.
        change: Takes and returns the text between two spans.
        spans: Where the code is, in order.
    """
    done: list[str] = []
    at = 0
    for begin, end in spans:
        done += (change(text[at:begin]), text[begin:end])
        at = end
    done.append(change(text[at:]))
    return "".join(done)


def _closed(text: str, begin: int, end: int, by_length: dict[int, list[int]]) -> int:
    """The end of the code that a run of backticks opens; 0 if it opens none."""
    if end - begin >= len(FENCE):
        closing = text.find(FENCE, begin + len(FENCE))
        if closing > 0 and text[begin + len(FENCE) : closing].strip():
            return closing + len(FENCE)
    alike = by_length.get(end - begin, [])
    following = bisect_left(alike, end)
    return alike[following] + end - begin if following < len(alike) else 0


def _backslashes(text: str, place: int) -> int:
    """How many backslashes stand right before a place."""
    first = place
    while first > 0 and text[first - 1] == "\\":
        first -= 1
    return place - first
