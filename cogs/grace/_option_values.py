"""What people type for an option: suggestions, and the value that is meant. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.contract.grace import Module
from bot.contract.options import AUTO, Option, OptionType, Value
from bot.errors import BadInput
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.languages import LANGUAGES

MAX_OFFERS: Final = 25
"""Source: Discord's reference, "Autocomplete": at most 25 choices."""
_VALUE_CHARS: Final = 100
_MAX_ITEMS: Final = 30
_MAX_STRING_CHARS: Final = 4_000


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

    If there are too many, the most common ones.

    Args:
        typed: The text so far.
        option: The option; it may also offer `auto`.
        words: The language in which to show the names.
        all_words: The languages in which people may type them.
    """
    spoken = list(all_words)
    found = []
    for code in _codes(option):
        names = _names(code, spoken)
        own = words(f"grace.language.{code}")
        rank = _rank(plain(typed), names)
        if rank < _NO_MATCH:
            found.append((rank, -_share(code), plain(own), Offer(own, code)))
    first = sorted(found, key=lambda one: one[:3])[:MAX_OFFERS]
    first.sort(key=lambda one: (one[0], one[3].value != AUTO, one[2]))
    return [offer for *_, offer in first]


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
        if wanted in _names(code, spoken):
            return code
    return typed


_IS_CODE, _STARTS, _CONTAINS, _NO_MATCH = range(4)


def _rank(typed: str, names: list[str]) -> int:
    if typed == names[0]:
        return _IS_CODE
    if any(name.startswith(typed) for name in names):
        return _STARTS
    return _CONTAINS if any(typed in name for name in names) else _NO_MATCH


def _names(code: str, all_words: Iterable[Words]) -> list[str]:
    own = [plain(LANGUAGES[code].native)] if code in LANGUAGES else []
    return [code, *own, *(plain(words(f"grace.language.{code}")) for words in all_words)]


def _share(code: str) -> float:
    """How common a language is; `auto` comes first."""
    return LANGUAGES[code].share if code in LANGUAGES else float("inf")


def _codes(option: Option) -> Iterator[str]:
    if option.default == AUTO:
        yield AUTO
    yield from LANGUAGES


# -- reading and checking ----------------------------------------------------------------------


def read_options(module: Module, given: Mapping[str, Any], words: Words) -> dict[str, Value]:
    """The given options, as the contract has them.

    Raises:
        BadInput: One is invalid; the message is in the person's language.
    """
    return {
        option.name: _read(module, option, given[option.name], words)
        for option in module.options
        if given.get(option.name) is not None
    }


def option_name(module: Module, option: Option, words: Words) -> str:
    """An option's name, in the person's language."""
    key = f"grace.option.{option.name}"
    is_ours = words.has(f"grace.module.{module.name.lower()}.option.{option.name}")
    return words(key) if is_ours and words.has(key) else option.name


def _read(module: Module, option: Option, value: Any, words: Words) -> Value:
    if option.type is OptionType.LANGUAGE and isinstance(value, str):
        value = read_language(value, option, map(words_for, INTERFACE_LANGUAGES))
    try:
        return option.check(value)
    except BadInput:
        raise BadInput(_rule(module, option, words)) from None


def _rule(module: Module, option: Option, words: Words) -> str:
    low, high = _bounds(option)
    return words(
        f"grace.wrong.{option.type.value}",
        option=f"“{option_name(module, option, words)}”",
        low=low,
        high=high,
    )


def _bounds(option: Option) -> tuple[int | str, int | str]:
    match option.type:
        case OptionType.LIST:
            return option.min or 1, option.max or _MAX_ITEMS
        case OptionType.STRING:
            return option.min or 0, option.max or _MAX_STRING_CHARS
        case _:
            no_limit = "∞"
            low = no_limit if option.min is None else option.min
            return low, no_limit if option.max is None else option.max
