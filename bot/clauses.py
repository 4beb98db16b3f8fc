"""Where clauses end in a growing text, so that a voice need not wait for whole sentences. Pure.

A clause ends after a comma, a semicolon, a colon or a dash, and before a word that begins another
one: "because", "porque", or "and" if its subject or verb follows. These words are
known for the languages of `clauses.toml`; the signs count in every language.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Thai, Lao, Burmese, Khmer: no blanks between words, but between clauses."""
_AFTER_SIGN: Final = re.compile(
    r"(?<=[,;:\u060c\u061b])\s+"
    "|(?<=[\u3001\uff0c\uff1b\uff1a])\\s*"
    r"|\s+[\u2014\u2013-]\s+(?=[^\s\d])"  # a dash, not "3 - 4"
    rf"|(?<=[{UNSPACED}])\s+(?=[{UNSPACED}])"
)
_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class _Conjunctions:
    """The place before a conjunction, and whether one needs a subject or verb after it."""

    before: re.Pattern[str]
    joining: frozenset[str]
    subjects: frozenset[str]


def clause_ends(text: str, limit: int, language: str = "") -> Iterator[int]:
    """Yield where each clause up to `limit` ends, white space included, in order.

    Args:
        text: Text that may go on; no later text changes an end that was yielded.
        limit: The last place that counts.
        language: ISO 639-1; empty: only signs end a clause.
    """
    found = {match.end() for match in _AFTER_SIGN.finditer(text, 0, limit)}
    yield from sorted(found.union(_before_conjunctions(text, limit, language)))


def _before_conjunctions(text: str, limit: int, language: str) -> Iterator[int]:
    conjunctions = _conjunctions(language)
    if conjunctions is None:
        return
    for match in conjunctions.before.finditer(text, 0, limit):
        is_joining = match["word"].lower() in conjunctions.joining
        if not is_joining or match["next"].lower() in conjunctions.subjects:
            yield match.start("word")


@cache
def _conjunctions(language: str) -> _Conjunctions | None:
    words = _words().get(language)
    if words is None:
        return None
    joining = frozenset(words["joining"].split())
    choice = "|".join(map(re.escape, sorted({*words["opening"].split(), *joining})))
    # Between words only: after a sign the clause has ended already. The next word must be whole.
    before = re.compile(
        rf"(?<=\w)[ \t]+(?P<word>{choice})[ \t]+(?=(?P<next>[^\W_]+(?:['\u2019][^\W_]+)?)[\s,.])",
        re.IGNORECASE,
    )
    return _Conjunctions(before, joining, frozenset(words["subjects"].split()))


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads((_FOLDER / "clauses.toml").read_text("utf-8"))
