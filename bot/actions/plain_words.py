"""A text as plain words, for patterns that know no accents and no signs. Pure.

"Podrías traducirlo, please: «Good morning»"  ->  podrias traducirlo please zzquote0
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.plain_words import plain

QUOTE: Final = "zzquote"
"""Stands, with its number, for a quoted text."""
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019.\-][^\W_]+)*")
_JOINS: Final = re.compile(r"['\u2019.\-]")
_BREAK: Final = re.compile(r"\s*[,;:\u2014\u2013.!?\u2026]")
_PAST: Final = re.compile(r"\w{4}(?:\u00e9|e\u0301)\Z", re.IGNORECASE)
"""No shorter word: "hacé" and "poné" are requests in America."""
_QUOTED: Final = re.compile(
    r"```(?:\w*\n)?(?P<code>.+?)(?:```|\Z)"
    r"|^>{1,3} (?P<lines>.+(?:\n>.*)*)"
    r"|[\u201c\u201d\u201e\"](?P<double>[^\u201c\u201d\u201e\"\n]{1,1000})[\u201c\u201d\"]"
    r"|[\u00ab](?P<angle>[^\u00ab\u00bb\n]{1,1000})[\u00bb]"
    r"|(?<!\w)[\u2018'](?P<single>[^\u2018\u2019'\n]{2,1000})[\u2019'](?!\w)"
    r"|`(?P<inline>[^`\n]{1,1000})`",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word.

    Attributes:
        word: Lower case, without accents and signs.
        start: Where it begins in the text.
        end: Where it ends there.
        breaks: Whether a comma or another sign follows.
        is_past: Whether it is a Spanish verb of the past, which only its accent tells from a
            request: "comparé".
    """

    word: str
    start: int
    end: int
    breaks: bool
    is_past: bool = False


def tokens_of(text: str) -> list[Token]:
    """The words of a text."""
    return [
        Token(
            _JOINS.sub("", plain(found[0])),
            found.start(),
            found.end(),
            _BREAK.match(text, found.end()) is not None,
            _PAST.search(found[0]) is not None,
        )
        for found in _WORD.finditer(text)
    ]


def plain_in_place(text: str) -> str:
    """A text for patterns of plain words, of the same length: what they find keeps its accents."""
    return "".join(one if len(one := plain(char)) == 1 else char for char in text)


def joined(tokens: Sequence[Token]) -> str:
    """The plain words, with one blank between them."""
    return " ".join(token.word for token in tokens)


def without_quotes(text: str) -> tuple[str, list[str]]:
    """A text with `zzquote0` and so on in place of what it quotes, and what that is."""
    quotes: list[str] = []

    def note(found: re.Match[str]) -> str:
        inner = next(part for part in found.groups() if part is not None)
        quotes.append(re.sub(r"^>{1,3} ?", "", inner, flags=re.MULTILINE).strip())
        return f" {QUOTE}{len(quotes) - 1} "

    return _QUOTED.sub(note, text), quotes


def quotes_masked(text: str) -> str:
    """A text of the same length whose quotes have no words that a pattern could find."""
    return _QUOTED.sub(lambda quoted: "x" * len(quoted[0]), text)


def with_quotes(text: str, quotes: Sequence[str]) -> str:
    """A text with what it quotes put back."""
    for number, quoted in enumerate(quotes):
        text = text.replace(f"{QUOTE}{number}", quoted)
    return text


def words_before(words: str, offset: int) -> int:
    """How many of some plain words end before an offset."""
    return len(words[:offset].split())


def is_within(part: str, whole: str) -> bool:
    """Whether the words of a text occur in another, in order and without a gap."""
    wanted, there = joined(tokens_of(part)), joined(tokens_of(whole))
    return bool(wanted) and f" {wanted} " in f" {there} "
