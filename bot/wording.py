"""Money and time as people say them, for what is read aloud. Pure."""

from typing import Final

from bot.i18n import Words

_MICRO_PER_CENT: Final = 10_000
_CENTS_PER_DOLLAR: Final = 100


def money_in_words(micro_usd: int, words: Words) -> str:
    """An amount in whole cents, as "one dollar and 20 cents"."""
    cents = (micro_usd + _MICRO_PER_CENT // 2) // _MICRO_PER_CENT
    if cents == 0:
        return words("commands.money.below_a_cent")
    dollars, cents = divmod(cents, _CENTS_PER_DOLLAR)
    whole = words.count("commands.money.dollars", dollars)
    rest = words.count("commands.money.cents", cents)
    if dollars and cents:
        return words("commands.money.both", dollars=whole, cents=rest)
    return whole if dollars else rest


def time_in_words(seconds: float, words: Words) -> str:
    """A duration in its largest unit, as "2 minutes"."""
    whole = max(1, round(seconds))
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if whole >= length:
            return words.count(f"commands.took.{unit}", whole // length)
    return words.count("commands.took.seconds", whole)
