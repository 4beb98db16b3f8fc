"""Words as they are compared: lower case, without accents, punctuation and apostrophes. Pure."""

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_INSIDE_WORDS: Final = re.compile(r"['\u2019-]")
"""Joins the parts of a word: "that's", "uh-huh"."""


def plain(text: str) -> str:
    """Lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words_of(text: str) -> list[str]:
    """The words of a text, as they are compared."""
    return _WORD.findall(_INSIDE_WORDS.sub("", plain(text)))
