"""Splits a long text into pieces that fit a model. Pure.

The joined pieces are exactly the text, white space included.
"""

import re
from collections.abc import Iterable, Iterator

from bot import sentences
from bot.graphemes import is_boundary

_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_LINE = re.compile(r"\n\s*")
_WORD = re.compile(r"\s+")

_MIN_SHARE = 0.5
"""The earliest place of a cut in a piece: a fair border late is better than a good one early."""

_MAX_STOP_CHARS = 8
"""How long the border may be before the earliest place of a cut."""


def split(text: str, limit: int) -> list[str]:
    """Split `text` into pieces of at most `limit` characters and about the same length.

    It cuts between paragraphs, else lines, else sentences, else words. It cuts a word only if that
    is longer than half of `limit`, and never within a visible character.

    Raises:
        ValueError: `limit` is not positive.
    """
    if limit < 1:
        raise ValueError(f"a piece cannot have {limit} characters")
    return list(_pieces(text, limit))


def halve(text: str) -> list[str]:
    """Split the text into two pieces, or three if the borders require it."""
    return split(text, max(1, -(-len(text) // 2)))


def _pieces(text: str, limit: int) -> Iterator[str]:
    start = 0
    while (left := len(text) - start) > limit:
        pieces = -(-left // limit)
        even = -(-left // pieces)
        # with room to spare, so that a text a little over two pieces still has good cuts
        end = _cut(text, start, start + min(limit, even + even // 2))
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def _cut(text: str, start: int, limit: int) -> int:
    """Return where the piece from `start` ends: after `start`, at or before `limit`."""
    earliest = start + max(1, int((limit - start) * _MIN_SHARE))
    for ends in _borders(text, start, earliest, limit):
        good = [end for end in ends if end >= earliest]
        if good:
            return good[-1]
    for end in range(limit, earliest, -1):
        if is_boundary(text, end):
            return end
    return limit


def _borders(text: str, start: int, earliest: int, limit: int) -> Iterator[Iterable[int]]:
    """Yield where a piece may end, best first: after white space, so that the next has a word."""
    first = max(start, earliest - _MAX_STOP_CHARS)
    yield (border.end() for border in _PARAGRAPH.finditer(text, first, limit))
    yield (border.end() for border in _LINE.finditer(text, first, limit))
    yield (start + end for end in sentences.ends(text[start:limit], is_complete=False))
    yield (border.end() for border in _WORD.finditer(text, first, limit))


def margins(piece: str) -> tuple[str, str, str]:
    """Return the white space before, the words, and the white space after."""
    words = piece.strip()
    if not words:
        return piece, "", ""
    begin = piece.index(words)
    return piece[:begin], words, piece[begin + len(words) :]


def whole_sentences(text: str) -> str:
    """Drop a last sentence that is cut off; return all of the text if no sentence is whole."""
    kept = text[: sentences.last_end(text, next_word="The")].strip()
    return kept or text.strip()
