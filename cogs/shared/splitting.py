"""Splits a long text into messages, each of which is complete Markdown. Pure.

What a code block is: Discord's own Markdown accepts three backticks anywhere, not only at the
start of a line, and takes a word right after them as the language if its line ends there.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.graphemes import is_boundary
from cogs.shared.harmless import harmless

MESSAGE_LIMIT: Final = 2000
"""The longest message of a bot, in characters. Source: Discord's reference, "Create Message"."""
EMBED_LIMIT: Final = 4096
"""The longest description of an embed. Source: Discord's reference, "Embed Limits"."""
SHOWN_CHARS: Final = 50_000
"""How much of one text is shown in messages; the whole text is then in a file."""
_MIN_LIMIT: Final = 64
"""Room for the longest opening of a code block, its end, and something in between."""

_FENCE: Final = "```"
_CLOSING: Final = f"\n{_FENCE}"
_OPENING = re.compile(r"```(?:[A-Za-z0-9_+\-.#]{1,20}(?=\n))?\n?")

_PARAGRAPH = re.compile(r"\n[ \t]*(?:\n[ \t]*)*\n")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(r"[.!?\u2026][\"'\u2019\u201d\u00bb)\]*_]*[ \t]+|[\u3002\uff01\uff1f]")
_WORD = re.compile(r"[ \t]+")

_MAX_CLUSTER_CHARS: Final = 32

_CODE_OR_MENTION = re.compile(
    r"```.*?```|`[^`\n]+`|@(?=everyone\b|here\b|[!&]?\d{1,20}>)", re.DOTALL
)


def split(text: str, limit: int = MESSAGE_LIMIT) -> list[str]:
    """Split a text into messages, at the end of a paragraph, line, sentence or word.

    A code block that crosses the end of a message is closed there, and opened again in the next
    message in the same language. A block that is never closed (in an answer that is still growing,
    or in broken Markdown) is closed at the end. Nothing is lost but white space at the cuts.

    Args:
        text: Markdown of any length.
        limit: The most characters in one message.

    Returns:
        The messages, none of them blank; for a blank text there are none.

    Raises:
        ValueError: The limit is under 64.
    """
    if limit < _MIN_LIMIT:
        raise ValueError(f"A limit under {_MIN_LIMIT} leaves no room for code blocks.")
    pieces: list[str] = []
    opening = ""  # of the code block in which the rest begins
    rest = text.strip()
    while rest:
        room = limit - len(opening)
        ground = _Ground.survey(rest, room, opening)
        cut = len(rest) if ground.holds_all else ground.best_cut(rest)
        head, rest = rest[:cut], rest[cut:]
        following = ground.opening_after(cut)
        head = head.removesuffix("\n") if following else head.rstrip()
        if head.strip():
            pieces.append(opening + head + (_CLOSING if following else ""))
        rest = rest if following else rest.lstrip("\n")
        opening = following
    return pieces


def disarm(text: str) -> str:
    """Make mentions in a quoted text look harmless: a zero-width space follows each `@`.

    The bot's messages never ping anybody; this also keeps a quoted text from looking as if the bot
    had mentioned everybody. Code stays as it is. Deceptive links and invisible characters are made
    harmless too.

    Args:
        text: Any length; the part after `SHOWN_CHARS` is left as it is, and is never shown.
    """
    head = harmless(text[:SHOWN_CHARS])
    head = _CODE_OR_MENTION.sub(lambda m: "@\u200b" if m[0] == "@" else m[0], head)
    return head + text[SHOWN_CHARS:]


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where the beginning of a text may be cut.

    Attributes:
        allowed: For each position, whether a cut there leaves complete Markdown that fits.
        openings: Positions after which a code block is open (or, if empty, closed), in order.
        holds_all: Whether the whole text fits.
    """

    allowed: bytearray
    openings: list[tuple[int, str]]
    holds_all: bool

    @classmethod
    def survey(cls, text: str, room: int, opening: str) -> "_Ground":
        allowed = bytearray(b"\1") * (room + 1)
        allowed[0] = 0
        openings = [(0, opening)]
        place = text.find(_FENCE)
        while 0 <= place < room:
            if opening:
                end, opening = place + len(_FENCE), ""
                _forbid(allowed, range(place, end))  # a cut there would open an empty block
            else:
                end, opening = _opened(text, place)
                _forbid(
                    allowed, range(place + 1, end + 1)
                )  # a cut there would close an empty block
            openings.append((end, opening))
            place = text.find(_FENCE, end)
        ground = cls(allowed, openings, holds_all=False)
        ground._keep_room_for_closing(room)
        needed = len(text) + (len(_CLOSING) if opening else 0)
        return cls(allowed, openings, holds_all=needed <= room)

    def opening_after(self, place: int) -> str:
        """The opening of the code block that a cut at `place` would split; empty if none."""
        return next(opening for end, opening in reversed(self.openings) if end <= place)

    def best_cut(self, text: str) -> int:
        """The last good position, by the kind of boundary; not in the first half of the message."""
        room = len(self.allowed) - 1
        half = room // 2
        places = (
            [*self._ends(_PARAGRAPH, text), *self._block_edges(text)],
            self._ends(_LINE, text),
            self._ends(_SENTENCE, text),
            self._ends(_WORD, text),
        )
        for number, ends in enumerate(places):
            good = [p for p in ends if p >= half and (number != 0 or not self.opening_after(p))]
            if good:
                return max(good)
        return max(places[-1], default=0) or self._hard_cut(text)

    def _keep_room_for_closing(self, room: int) -> None:
        ends = [end for end, _ in self.openings[1:]]
        for (begin, opening), end in zip(self.openings, [*ends, room + 1], strict=True):
            if opening:
                tight = room + 1 - len(_CLOSING)
                _forbid(self.allowed, range(max(begin, tight), end))

    def _block_edges(self, text: str) -> Iterable[int]:
        """The edges of code blocks that are also the edges of lines."""
        for end, opening in self.openings[1:]:
            place = text.rfind(_FENCE, 0, end) if opening else end
            if self._may(place) and "\n" in text[max(0, place - 1) : place + 1]:
                yield place

    def _ends(self, pattern: re.Pattern[str], text: str) -> list[int]:
        found = pattern.finditer(text, 0, len(self.allowed) - 1)
        return [m.end() for m in found if self._may(m.end())]

    def _hard_cut(self, text: str) -> int:
        fits = [p for p in range(1, len(self.allowed)) if self._may(p)]
        for place in reversed(fits[-_MAX_CLUSTER_CHARS:]):
            if is_boundary(text, place):
                return place
        return fits[-1]

    def _may(self, place: int) -> bool:
        return place < len(self.allowed) and bool(self.allowed[place])


def _opened(text: str, place: int) -> tuple[int, str]:
    """Where the opening of a code block ends, and the opening for the next message."""
    found = _OPENING.match(text, place)
    assert found is not None  # noqa: S101 - three backticks stand there
    return found.end(), found[0].rstrip("\n") + "\n"


def _forbid(allowed: bytearray, places: range) -> None:
    for place in places:
        if place < len(allowed):
            allowed[place] = 0
