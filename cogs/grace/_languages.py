"""Finding a language, or another value, by what a person types. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.contract.options import AUTO, LANGUAGES, Option
from bot.i18n import Words

MAX_OFFERS: Final = 25
"""Source: Discord's reference, "Autocomplete": at most 25 choices."""
_VALUE_CHARS: Final = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered while somebody types: what they read, and what is sent."""

    name: str
    value: str


def plain(text: str) -> str:
    """Without accents, case and outer blanks: "Francés" is "frances"."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold().strip()


def offer_languages(
    typed: str, option: Option, words: Words, all_words: Iterable[Words]
) -> list[Offer]:
    """The languages that begin with, or else contain, what was typed, by any of their names.

    Args:
        typed: So far.
        option: Whether `auto` is one of them depends on it.
        words: In which language to show the names.
        all_words: In which languages people may type them.
    """
    spoken = list(all_words)
    found = []
    for code in _codes(option):
        names = [code, *(plain(w(f"grace.language.{code}")) for w in spoken)]
        own = words(f"grace.language.{code}")
        found.append((_rank(plain(typed), names), code != AUTO, plain(own), own, code))
    return [Offer(own, code) for rank, _, _, own, code in sorted(found) if rank < _NO_MATCH]


def offer_choices(typed: str, option: Option) -> list[Offer]:
    """The choices of an option that has too many for a menu."""
    ranked = ((_rank(plain(typed), [plain(c)]), c) for c in option.choices)
    fitting = [(rank, c) for rank, c in ranked if rank < _NO_MATCH and 0 < len(c) <= _VALUE_CHARS]
    return [Offer(c, c) for _, c in sorted(fitting, key=lambda pair: pair[0])[:MAX_OFFERS]]


def read_language(typed: str, option: Option, all_words: Iterable[Words]) -> str:
    """What a person typed as the contract knows it (a code); unknown words as they are."""
    wanted = plain(typed)
    spoken = list(all_words)
    for code in _codes(option):
        if wanted == code or wanted in {plain(w(f"grace.language.{code}")) for w in spoken}:
            return code
    return typed


_STARTS, _CONTAINS, _NO_MATCH = range(3)


def _rank(typed: str, names: list[str]) -> int:
    if any(name.startswith(typed) for name in names):
        return _STARTS
    return _CONTAINS if any(typed in name for name in names) else _NO_MATCH


def _codes(option: Option) -> Iterator[str]:
    if option.default == AUTO:
        yield AUTO
    yield from LANGUAGES
