"""Checks the values of a module's options, and reports errors in the person's language. Pure."""

from collections.abc import Mapping
from typing import Any

from bot.contract.grace import Module
from bot.contract.options import Option, OptionType, Value
from bot.errors import BadInput
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from cogs.grace._languages import read_language

_MAX_ITEMS = 30
_MAX_STRING_CHARS = 4_000


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
