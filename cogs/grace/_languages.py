"""Finds a language, or another value, by what a person types. Pure."""

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
    """A suggestion: the name that people read, and the value that is sent."""

    name: str
    value: str


def plain(text: str) -> str:
    """The text without accents, case and outer blanks: "Francés" is "frances"."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold().strip()


def offer_languages(
    typed: str, option: Option, words: Words, all_words: Iterable[Words]
) -> list[Offer]:
    """The languages that have a name that starts with, or else contains, the typed text.

    Args:
        typed: The text so far.
        option: The option; it may also offer `auto`.
        words: The language in which to show the names.
        all_words: The languages in which people may type them.
    """
    spoken = list(all_words)
    found = []
    for code in _codes(option):
        names = [code, *(plain(w(f"grace.language.{code}")) for w in spoken)]
        own = words(f"grace.language.{code}")
        found.append((_rank(plain(typed), names), code != AUTO, plain(own), own, code))
    return [Offer(own, code) for rank, _, _, own, code in sorted(found) if rank < _NO_MATCH]


def offer_choices(typed: str, option: Option) -> list[Offer]:
    """The matching choices of an option that has too many for a menu."""
    ranked = ((_rank(plain(typed), [plain(c)]), c) for c in option.choices)
    fitting = [(rank, c) for rank, c in ranked if rank < _NO_MATCH and 0 < len(c) <= _VALUE_CHARS]
    return [Offer(c, c) for _, c in sorted(fitting, key=lambda pair: pair[0])[:MAX_OFFERS]]


def read_language(typed: str, option: Option, all_words: Iterable[Words]) -> str:
    """The language code of what a person typed; an unknown name stays as it is."""
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
