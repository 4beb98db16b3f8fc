"""Where one visible character (a grapheme cluster) ends and the next one begins. Pure."""

import unicodedata
from typing import Final

_JOINER: Final = "\u200d"
_MARKS: Final = frozenset({"Mn", "Me", "Mc"})
"""Accents, variation selectors, keycaps."""


def is_boundary(text: str, place: int) -> bool:
    """Whether a cut at `place` splits no visible character, nearly as Unicode's UAX 29 has it."""
    before, after = text[place - 1], text[place]
    if (
        unicodedata.category(after) in _MARKS
        or _JOINER in {before, after}
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # the skin tone of an emoji
        or (before, after) == ("\r", "\n")
    ):
        return False
    if not _is_flag_half(after):
        return True
    start = place
    while start and _is_flag_half(text[start - 1]):
        start -= 1
    return (place - start) % 2 == 0  # two halves are a flag


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
