"""Money, time, and what was called, in words of the reader's language. Pure."""

from typing import Final

from bot.contract.envelope import Service
from bot.figures import duration
from bot.i18n import Words
from bot.module_names import read_name

_MICRO_PER_CENT: Final = 10_000
_CENTS_PER_DOLLAR: Final = 100
_HOUR_S: Final = 3600
_DAY_S: Final = 24 * _HOUR_S


def money_in_words(micro_usd: int, words: Words) -> str:
    """An amount in whole cents, as "one dollar and 20 cents", to be read aloud.

    It is rounded as `figures.money` rounds what is shown.
    """
    cents = round(micro_usd / _MICRO_PER_CENT)
    if cents == 0:
        return words("commands.money.below_a_cent")
    dollars, cents = divmod(cents, _CENTS_PER_DOLLAR)
    whole = words.count("commands.money.dollars", dollars)
    rest = words.count("commands.money.cents", cents)
    if dollars and cents:
        return words("commands.money.both", dollars=whole, cents=rest)
    return whole if dollars else rest


def time_in_words(seconds: float, words: Words) -> str:
    """A duration in its largest unit, as "2 minutes", to be read aloud."""
    whole = max(1, round(seconds))
    for unit, length in (("hours", _HOUR_S), ("minutes", 60)):
        if whole >= length:
            return words.count(f"commands.took.{unit}", whole // length)
    return words.count("commands.took.seconds", whole)


def from_now(seconds: float, words: Words) -> str:
    """How far off a time is, in its largest unit: "in 8 h", "in 12 days".

    Discord shows `<t:…:R>` in each reader's own language; this is for all other places.
    """
    if seconds >= 2 * _DAY_S:
        time = words.count("common.days", round(seconds / _DAY_S))
    else:
        unit = next((one for one in (_HOUR_S, 60) if seconds >= one), 1)
        time = duration(max(1, round(seconds / unit)) * unit)
    return words("common.from_now", time=time)


def service_in_words(service: Service, words: Words) -> str:
    """A service's name."""
    return words(f"common.service.{service.value.lower()}")


def module_in_words(service: Service, module: str, words: Words) -> str:
    """A module's name in a list or a sentence (`bot.module_names`)."""
    return read_name(service, module, words.language)


def call_in_words(service: Service, module: str, words: Words) -> str:
    """A service and its module: "Grace · summarize"."""
    return f"{service_in_words(service, words)} · {module_in_words(service, module, words)}"
