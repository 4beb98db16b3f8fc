"""Finds words in a laid-out text. Pure.

Capitals and accents make no difference, and a line that was wrapped counts as one.
"""

import re
import unicodedata
from functools import lru_cache


def hits(text: str, wanted: str) -> list[tuple[int, int]]:
    """Where the words are, as pairs of offsets into the text."""
    words = _plain(wanted).split()
    if not words:
        return []
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    return [found.span() for found in pattern.finditer(_plain(text))]


def _plain(text: str) -> str:
    """The text without accents and in lower case, with as many characters as before."""
    return "".join(map(_base, text))


@lru_cache(maxsize=4096)
def _base(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0].lower()
    return base if len(base) == 1 else character
