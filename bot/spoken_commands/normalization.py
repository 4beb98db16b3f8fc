"""Whether a text is somebody's own words. Pure.

`bot.plain_words` has the words as they are compared.
"""

import re
from typing import Final

from bot.plain_words import plain, words_of

__all__ = ["is_quoted", "plain", "words_of"]

_QUOTED: Final = re.compile(
    r"[\"`\u201c-\u201f\u00ab\u00bb\u2039\u203a\u300c\u300d]|^\s*['\u2018].*['\u2019]\W*$"
    r"|^\s*>|\n|://|^\s*[/!#$]|[{}<>=\\|]"
)
"""Signs of a quotation, of code, or of several lines."""


def is_quoted(text: str) -> bool:
    """Whether a person who wrote this text quotes somebody, or shows code."""
    return _QUOTED.search(text.strip()) is not None
