"""Days, times and results as answers have them, in English and Spanish. Pure.

Babel is imported when it is first needed, as in `bot.figures`.
"""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from bot import figures


def long_day(at: date, language: str) -> str:
    """A day with all that belongs to it: `Monday, November 30, 2026`."""
    from babel.dates import format_date  # noqa: PLC0415  (see the module)

    return format_date(at, "full", locale=language)


def month_name(at: date, language: str) -> str:
    """The name of a day's month: `November`, `noviembre`."""
    from babel.dates import format_date  # noqa: PLC0415  (see the module)

    return format_date(at, "LLLL", locale=language)


def time_of_day(at: datetime, language: str) -> str:
    """The time on a clock, in the time zone that `at` is in: `5:05 PM`, `17:05`."""
    from babel.dates import format_time  # noqa: PLC0415  (see the module)

    shown = format_time(at.time(), "short", locale=language)
    return " ".join(shown.split())  # CLDR has a narrow space that no voice needs


def result(value: Fraction, language: str) -> str:
    """The result of a sum, with all its decimals: `2.5`, `250,000`."""
    from babel.numbers import format_decimal  # noqa: PLC0415  (see the module)

    if value.denominator == 1:
        return figures.whole(value.numerator, language)
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return format_decimal(exact, "#,##0.############", locale=language)
