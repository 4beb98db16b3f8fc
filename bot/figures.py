"""Amounts, numbers, times and days as people write them, by the reader's language. Pure.

The forms are those of Unicode's CLDR, by way of Babel, for English and for Spanish as Spain writes
it. A language that is neither gets the English ones. Babel is imported when it is first needed:
most of what the command line does writes no figure.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

_MICRO_DIGITS: Final = 6
_CENT: Final = Decimal("0.01")
_MONEY: Final = "#,##0.00####"
_GROUPED_FROM: Final = 10_000
"""Spanish divides no number of four digits (CLDR's minimumGroupingDigits, which Babel ignores)."""


class _Forms(NamedTuple):
    """How a language joins a number and a sign, and from where on it groups digits."""

    money: str
    percent: str
    grouped_from: int


_ENGLISH: Final = _Forms("${}", "{}%", 1_000)
_SPANISH: Final = _Forms("{}\u00a0$", "{}\u00a0%", _GROUPED_FROM)
_FORMS: Final = {"en": _ENGLISH, "es": _SPANISH}


def load(languages: Iterable[str]) -> None:
    """Load Babel and the forms of some languages, so that no event loop has to wait for it."""
    for language in languages:
        decimal(0.5, 1, language)
        day(date(2000, 1, 1), language)


def money(micro_usd: int, language: str) -> str:
    """An amount: with two decimals from a cent on, below with at most two significant figures.

    >>> [money(micro, "en") for micro in (19_050_000, 1_124, 0)], money(19_050_000, "es")
    (['$19.05', '$0.0011', '$0'], '19,05 $')
    """
    exact = Decimal(micro_usd).scaleb(-_MICRO_DIGITS)
    rounded = exact.quantize(_CENT) if abs(exact) >= _CENT else Decimal(f"{exact:.2g}")
    return _with_sign(rounded, _MONEY if rounded else "0", language)


def exact_money(micro_usd: int, language: str) -> str:
    """An amount to the last micro-dollar, without decimals if it has none: for an axis.

    >>> [exact_money(micro, "en") for micro in (2_000_000, 250_000, 25_000)]
    ['$2', '$0.25', '$0.025']
    """
    exact = Decimal(micro_usd).scaleb(-_MICRO_DIGITS)
    return _with_sign(exact, "#,##0" if exact == exact.to_integral() else _MONEY, language)


def decimal(value: float, digits: int, language: str) -> str:
    """A number with just so many decimals: `0.30`, `0,30`."""
    return _number(Decimal(f"{value:.{digits}f}"), f"#,##0.{'0' * digits}", language)


def whole(number: int, language: str) -> str:
    """A whole number, with its digits in groups if they are many: `10,000`, `10.000`."""
    if abs(number) < _forms(language).grouped_from:
        return str(number)
    from babel.numbers import get_group_symbol  # noqa: PLC0415  (see the module)

    # Not as a decimal: those have at most 28 digits, and a service may send more.
    return f"{number:,}".replace(",", get_group_symbol(_known(language)))


def percent(share: float, digits: int, language: str) -> str:
    """A share of one, in percent: `1.5%`, `1,5 %`; zero without decimals."""
    shown = decimal(100 * share, digits, language) if share else "0"
    return _forms(language).percent.format(shown)


def seconds(value: float, digits: int, language: str) -> str:
    """Seconds with decimals: `1.5 s`, `1,5 s`."""
    return f"{decimal(value, digits, language)} s"


def duration(seconds: float) -> str:
    """A duration: `8 s`, `1 min 5 s`, `2 h 10 min`.

    The symbols are the SI's, so they are the same in every language.
    """
    whole = max(0, round(seconds))
    minutes, left_s = divmod(whole, 60)
    hours, left_min = divmod(minutes, 60)
    if hours:
        return f"{hours} h {left_min} min" if left_min else f"{hours} h"
    if minutes:
        return f"{minutes} min {left_s} s" if left_s else f"{minutes} min"
    return f"{whole} s"


def day(at: date, language: str, *, with_year: bool = False) -> str:
    """A day: `16 Nov`, `16 nov 2026`."""
    return _date(at, "d MMM y" if with_year else "d MMM", language)


def moment(at: datetime, language: str, *, with_seconds: bool = False) -> str:
    """A day and a time, in the time zone that `at` is in: `16 Nov 2026, 17:05`."""
    return f"{day(at, language, with_year=True)}, {at:{'%H:%M:%S' if with_seconds else '%H:%M'}}"


def _with_sign(amount: Decimal, pattern: str, language: str) -> str:
    shown = _forms(language).money.format(_number(abs(amount), pattern, language))
    return f"-{shown}" if amount < 0 else shown


def _number(value: Decimal, pattern: str, language: str) -> str:
    from babel.numbers import format_decimal  # noqa: PLC0415  (see the module)

    return format_decimal(
        value,
        pattern,
        locale=_known(language),
        group_separator=abs(value) >= _forms(language).grouped_from,
    )


def _date(at: date, pattern: str, language: str) -> str:
    from babel.dates import format_date  # noqa: PLC0415  (see the module)

    return format_date(at, pattern, locale=_known(language))


def _forms(language: str) -> _Forms:
    return _FORMS[_known(language)]


def _known(language: str) -> str:
    return language if language in _FORMS else "en"
