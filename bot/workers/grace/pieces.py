"""Cutting a long text into pieces that a model can read: pure.

Nothing is lost: the pieces, put together, are the text, with every blank in its place.
"""

import re
from collections.abc import Iterator

from bot.graphemes import is_boundary

_STOPS = "[.!?…]+[\"'”’»)\\]]*"  # noqa: RUF001  (these are the quotation marks of real texts)
_WIDE_STOPS = "[。！？]+[」』”]?"  # noqa: RUF001  (Chinese and Japanese put no blank after a sentence)

_BORDERS = (
    re.compile(r"\n[^\S\n]*\n\s*"),  # between paragraphs
    re.compile(r"\n\s*"),  # between lines
    re.compile(rf"{_STOPS}\s+|{_WIDE_STOPS}\s*"),  # between sentences
    re.compile(r"\s+"),  # between words
)
"""Where to cut, best first. A cut goes after the match, so that a piece begins with a word."""

_MIN_SHARE = 0.5
"""A good border early in a piece is worse than a fair one late: this is how early it may be."""

_MAX_STOP_CHARS = 8
"""A border that ends in time may begin a few characters before."""


def split(text: str, limit: int) -> list[str]:
    """Cut `text` into pieces of at most `limit` characters, of about the same length.

    The cut is made between paragraphs, else lines, else sentences, else words. Only a single word
    that is longer than half of `limit` is cut, and then not inside of a visible character.

    Raises:
        ValueError: `limit` is not positive.
    """
    if limit < 1:
        raise ValueError(f"a piece cannot have {limit} characters")
    return list(_pieces(text, limit))


def halve(text: str) -> list[str]:
    """The text in two pieces (three, where the borders lie badly)."""
    return split(text, max(1, -(-len(text) // 2)))


def _pieces(text: str, limit: int) -> Iterator[str]:
    start = 0
    while (left := len(text) - start) > limit:
        pieces = -(-left // limit)
        even = -(-left // pieces)
        # some play, so that a text of two and a bit pieces can still be cut at good places
        end = _cut(text, start, start + min(limit, even + even // 2))
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def _cut(text: str, start: int, limit: int) -> int:
    """Where the piece from `start` ends: after `start`, at or before `limit`."""
    least = start + max(1, int((limit - start) * _MIN_SHARE))
    for border in _BORDERS:
        found = border.finditer(text, max(start, least - _MAX_STOP_CHARS), limit)
        ends = [match.end() for match in found if match.end() >= least]
        if ends:
            return ends[-1]
    for end in range(limit, least, -1):
        if is_boundary(text, end):
            return end
    return limit


def margins(piece: str) -> tuple[str, str, str]:
    """The blanks before, the words, the blanks after."""
    words = piece.strip()
    if not words:
        return piece, "", ""
    begin = piece.index(words)
    return piece[:begin], words, piece[begin + len(words) :]


def whole_sentences(text: str) -> str:
    """Without the last sentence if it was cut off; all of it if it holds none that is whole."""
    ends = [m.end() for m in re.finditer(rf"{_STOPS}(?=\s|$)|{_WIDE_STOPS}|\n", text)]
    kept = text[: ends[-1]].strip() if ends else ""
    return kept or text.strip()
