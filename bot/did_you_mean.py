"""Which known names somebody may have meant. Pure."""

import difflib
from collections.abc import Iterable
from typing import Final

_MAX_CHARS: Final = 80
_COUNT: Final = 3


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Up to three of the known names that are most like a word, whatever its case."""
    by_lower = {name.lower(): name for name in known}
    asked = word[:_MAX_CHARS].lower()
    found = difflib.get_close_matches(asked, by_lower, n=_COUNT)
    found += [low for low in by_lower if asked and asked in low and low not in found]
    return [by_lower[low] for low in found[:_COUNT]]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question for people, as `Did you mean a or b?`; empty: nothing is like it."""
    names = nearest(word, known)
    return f"Did you mean {' or '.join(names)}?" if names else ""
