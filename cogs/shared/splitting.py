"""Splits a long text into messages, each of which is complete Markdown. Pure.

Every place that shows a long text in Discord uses this one splitter. `markdown` says what is marked
and what is whole, `graphemes` where a visible character ends, `sentences` where a sentence ends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bot import sentences
from bot.graphemes import MAX_CLUSTER_CHARS, is_boundary
from cogs.shared.harmless import harmless, unmask
from cogs.shared.markdown import FENCE, SPOILER, Markup, certain_code_spans, escaped, outside_code

MESSAGE_LIMIT: Final = 2000
"""The longest message of a bot, in code points, as Python counts: so does Discord's API
(https://github.com/discord/discord-api-docs/issues/1315). Source: reference, "Create Message"."""
EMBED_LIMIT: Final = 4096
"""The longest description of an embed. Source: Discord's reference, "Embed Limits"."""
SHOWN_CHARS: Final = 50_000
"""How much of one text is shown in messages; the whole text is then in a file."""
_MIN_LIMIT: Final = 64
"""Room for all marks that a text can be in, their ends, and something in between."""

_PARAGRAPH: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)*\n")
_LINE: Final = re.compile(r"\n")
_STOP: Final = re.compile(
    r"[.!?\u2026;:][\"'\u2019\u201d\u00bb)\]*_|~]*[ \t]+|[\u3001\uff0c\u3002]"
)
"""Where no sentence surely ends, but a part of one."""
_WORD: Final = re.compile(r"[ \t\u3000]+")

_BARE_FENCE: Final = "\\`" * 3

_FREE, _AVOIDED, _NEVER = 0, 1, 2
"""Whether a cut may be at a position: inside a mark it would change the marks."""

_MENTION: Final = re.compile(r"@(?=everyone\b|here\b|[!&]?\d{1,20}>)")


def split(text: str, limit: int = MESSAGE_LIMIT) -> list[str]:
    """Split a text into messages, at the end of a paragraph, line, sentence or word.

    What is marked across the end of a message (a spoiler, bold, a quote, a code block in its
    language) is ended there, and marked again in the next message. Links, emoji, mentions and
    visible characters stay whole if they fit into a message. A code block that is never closed (in
    an answer that is still growing, or in broken Markdown) is closed at the end, unless that would
    show what a spoiler hides. Nothing is lost but white space at the cuts.

    Args:
        text: Markdown of any length.
        limit: The most characters in one message.

    Returns:
        The messages, none of them blank; for a blank text there are none.

    Raises:
        ValueError: The limit is under 64.
    """
    if limit < _MIN_LIMIT:
        raise ValueError(f"A limit under {_MIN_LIMIT} leaves no room for marks.")
    text = _still_hiding(text.strip())
    if len(text) <= limit and "```" not in text:
        return [text] if text else []
    return list(_Splitter(text, limit).pieces())


def closed(text: str) -> str:
    """A text whose end is missing, with its last spoiler ended: nothing shows what that hides.

    Args:
        text: The beginning of a longer text, or an answer that is still growing.
    """
    if SPOILER not in text:
        return text
    text = _still_hiding(text)
    unclosed = Markup.read(text, goes_on=True).unclosed()
    if not any(one.opening == SPOILER for one in unclosed):
        return text
    end = "".join(one.closing for one in reversed(unclosed))
    # A bar that may be the first half of the end would make three.
    return f"{text.rstrip().removesuffix('|')}{end}"


def _still_hiding(text: str) -> str:
    """A text whose unclosed code block hides nothing that is a spoiler without it.

    Discord takes three backticks without an end for text, and the spoiler after them for one. Once
    the block is closed, the spoiler is code, which everybody reads. A code's own bars have a space
    beside them (`a || b`).
    """
    if FENCE not in text or SPOILER not in text:
        return text
    block = next((one for one in Markup.read(text).unclosed() if one.is_code), None)
    if block is None:
        return text
    at = text.index(FENCE, block.begin)
    bare = f"{text[:at]}{_BARE_FENCE}{text[at + len(FENCE) :]}"
    for span in Markup.read(bare).spans:
        is_hiding = span.opening == SPOILER and span.end > at
        if is_hiding and not (bare[span.inner].isspace() and bare[span.outer - 1].isspace()):
            return bare
    return text


def disarm(text: str) -> str:
    """Make mentions in a quoted text look harmless: a zero-width space follows each `@`.

    The bot's messages never ping anybody; this also keeps a quoted text from looking as if the bot
    had mentioned everybody. Code stays as it is. Masked links show their targets, and
    invisible characters are removed.

    Args:
        text: Any length; the part after `SHOWN_CHARS` is left as it is, and is never shown.
    """
    head = unmask(harmless(text[:SHOWN_CHARS]))
    shown = outside_code(head, lambda part: _MENTION.sub("@\u200b", part), certain_code_spans(head))
    return shown + text[SHOWN_CHARS:]


def as_plain_text(text: str) -> str:
    """Somebody's name or title on one line, with its Markdown escaped and its mentions disarmed."""
    return disarm(escaped(" ".join(text.split())))


class _Splitter:
    """Cuts one text; its marks are read once, so the time is proportional to its length."""

    def __init__(self, text: str, limit: int) -> None:
        self._text = text
        self._limit = limit
        self._markup = Markup.read(text)
        self._rules = _rules(text, self._markup)
        self._unclosed = self._markup.unclosed()

    def pieces(self) -> Iterator[str]:
        """The messages, in order."""
        place, marks = 0, _Marks("", "", is_code=False)
        while place < len(self._text):
            cut = self._cut(place, len(marks.opening))
            head, following = self._text[place:cut], self._marks(cut)
            head = head.removesuffix("\n") if following.is_code else head.rstrip()
            if head.strip():
                yield marks.opening + head + following.closing
            if not following.is_code:
                cut = self._after_blank_lines(cut)
            place, marks = cut, following

    def _marks(self, place: int) -> "_Marks":
        """What a cut at `place` divides."""
        around = self._markup.around(place)
        if place == len(self._text):
            around = self._unclosed
        is_code = any(one.is_code for one in around)
        prefix = self._markup.line_prefix(self._text, place, in_code=is_code)
        return _Marks(
            prefix + "".join(one.opening for one in around),
            "".join(one.closing for one in reversed(around)),
            is_code,
        )

    def _after_blank_lines(self, place: int) -> int:
        while place < len(self._text) and self._text[place] == "\n":
            place += 1
        return place

    def _cut(self, begin: int, taken: int) -> int:
        """Where the message that starts at `begin` ends; `taken` characters are marks."""
        room = self._limit - taken
        end = len(self._text)
        if end - begin + len(self._marks(end).closing) <= room:
            return end
        end = min(begin + room, end)
        return self._good_cut(begin, end, room) or self._hard_cut(begin, end, room)

    def _good_cut(self, begin: int, end: int, room: int) -> int:
        """The last good position, by the kind of boundary; 0 if there is none.

        It is not in the first half of the message, unless there is only the end of a word.
        """
        half = begin + room // 2
        kinds = (self._paragraphs, self._lines, self._sentences, self._stops, self._words)
        for ends in kinds:
            for place in reversed([p for p in ends(begin, end) if half <= p <= end]):
                if self._may(begin, place, room):
                    return place
        for place in reversed(self._words(begin, min(half, end))):
            if self._may(begin, place, room):
                return place
        return 0

    def _paragraphs(self, begin: int, end: int) -> list[int]:
        found = [m.end() for m in _PARAGRAPH.finditer(self._text, begin, end)]
        edges = (
            edge
            for one in self._markup.between(begin, end)
            if one.is_code
            for edge in (one.begin, one.end)
            if begin < edge <= end and "\n" in self._text[max(0, edge - 1) : edge + 1]
        )
        places = sorted({*found, *edges})
        return [p for p in places if not any(one.is_code for one in self._markup.around(p))]

    def _lines(self, begin: int, end: int) -> list[int]:
        return [m.end() for m in _LINE.finditer(self._text, begin, end)]

    def _sentences(self, begin: int, end: int) -> list[int]:
        return [begin + one for one in sentences.ends(self._text[begin:end], is_complete=False)]

    def _stops(self, begin: int, end: int) -> list[int]:
        return [m.end() for m in _STOP.finditer(self._text, begin, end)]

    def _words(self, begin: int, end: int) -> list[int]:
        return [m.end() for m in _WORD.finditer(self._text, begin, end)]

    def _may(self, begin: int, place: int, room: int) -> bool:
        return (
            begin < place < len(self._text)
            and self._rules[place] == _FREE
            and self._fits(begin, place, room)
            and is_boundary(self._text, place)
        )

    def _fits(self, begin: int, place: int, room: int) -> bool:
        return place - begin + len(self._marks(place).closing) <= room

    def _hard_cut(self, begin: int, end: int, room: int) -> int:
        """A cut inside a word; where that is too long, inside what should stay whole."""
        last = min(end, len(self._text) - 1)
        for most in (_FREE, _AVOIDED):
            places = (p for p in range(last, begin, -1) if self._rules[p] <= most)
            fitting = (p for p in places if self._fits(begin, p, room))
            for place in islice(fitting, MAX_CLUSTER_CHARS):
                if is_boundary(self._text, place):
                    return place
        places = (p for p in range(last, begin, -1) if self._rules[p] < _NEVER)
        return next((p for p in places if self._fits(begin, p, room)), begin + 1)


@dataclass(frozen=True, slots=True)
class _Marks:
    """What a cut divides: marks that end a message, and begin the next one."""

    opening: str
    closing: str
    is_code: bool


def _rules(text: str, markup: Markup) -> bytearray:
    """For each position, whether a cut may be there."""
    rules = bytearray(len(text) + 1)
    for begin, end in markup.wholes:
        _mark(rules, begin + 1, end, _AVOIDED)
    for one in markup.spans:
        # Where only white space would be marked, a message would show the bare marks.
        content = text[one.inner : one.outer]
        first = one.outer - len(content.lstrip())
        last = one.outer if one.is_code else one.inner + len(content.rstrip())
        _mark(rules, one.inner, first + 1, _AVOIDED)
        _mark(rules, last, one.outer + 1, _AVOIDED)
    for one in markup.spans:
        _mark(rules, one.begin + 1, one.inner, _NEVER)
        _mark(rules, one.outer + 1, one.end, _NEVER)
    return rules


def _mark(rules: bytearray, begin: int, end: int, rule: int) -> None:
    if end > begin:
        rules[begin:end] = bytes((rule,)) * (end - begin)
