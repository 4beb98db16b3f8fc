"""What people ask about the day and the time: no language model knows it. Pure.

    What day is it?                        ->  TODAY, 30 November 2026
    ¿Cuántos días faltan para Navidad?     ->  UNTIL, 25 December 2026

A question is one of these only if nothing else is in it. English and Spanish, by
`calendar_questions.toml`.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from bot.plain_words import words_of

_MAX_CHARS: Final = 200
_LEAP_CYCLE: Final = 8
"""The 29th of February comes again within so many years."""
_FIRST_YEAR: Final = 1753
"""Before, the days of the week depend on the country: not all had the Gregorian calendar."""
_DAY: Final = "(?P<named>.+?)"


class Asks(StrEnum):
    """What is asked for; also the key of the answer's words."""

    TIME = "time"
    TODAY = "today"
    TOMORROW = "tomorrow"
    YESTERDAY = "yesterday"
    MONTH = "month"
    YEAR = "year"
    UNTIL = "until"
    WEEKDAY = "weekday"


_AWAY: Final = {Asks.TOMORROW: 1, Asks.YESTERDAY: -1}


@dataclass(frozen=True, slots=True)
class CalendarQuestion:
    """A question about the day or the time."""

    asks: Asks
    day: date


def calendar_question(question: str, language: str, today: date) -> CalendarQuestion | None:
    """The question about the day or the time that somebody asks; None: it is another one.

    Args:
        question: What somebody said or wrote.
        language: Its language's code; None but English and Spanish are known.
        today: The day where it is asked.
    """
    words = _words().get(language)
    if words is None or len(question) > _MAX_CHARS:
        return None
    text = " ".join(words_of(question))
    for asks, pattern in words.patterns.items():
        found = pattern.fullmatch(text)
        if found is None:
            continue
        named = next((name for name in found.groupdict().values() if name), None)
        if named is None:
            return CalendarQuestion(asks, today + timedelta(_AWAY.get(asks, 0)))
        day = words.day(named, words.years(text, today), today)
        return None if day is None else CalendarQuestion(asks, day)
    return None


@dataclass(frozen=True, slots=True)
class _Words:
    """How one language asks."""

    patterns: Mapping[Asks, re.Pattern[str]]
    dates: re.Pattern[str]
    months: list[str]
    days: Mapping[re.Pattern[str], tuple[int, int]]
    past: re.Pattern[str]
    this_year: re.Pattern[str]

    def years(self, text: str, today: date) -> Sequence[int]:
        """The years that a day without one may be in, the likeliest first."""
        if self.this_year.search(text):
            return (today.year,)
        if self.past.search(text):
            return range(today.year, max(today.year - _LEAP_CYCLE, _FIRST_YEAR) - 1, -1)
        return range(today.year, min(today.year + _LEAP_CYCLE, date.max.year) + 1)

    def day(self, named: str, years: Sequence[int], today: date) -> date | None:
        """The day of a name, unless it tells a year the nearest one of these; None: there is none.

        Args:
            named: What the day is called.
            years: Those of `years`.
            today: The day where it is asked.
        """
        for name, (month, day) in self.days.items():
            if name.fullmatch(named):
                return _nearest(month, day, years, today)
        found = self.dates.fullmatch(named)
        if found is None:
            return None
        parts = {name.split("_")[0]: text for name, text in found.groupdict().items() if text}
        month = self.months.index(parts["month"]) + 1
        day = int(parts["day"]) if parts["day"].isdecimal() else 1
        if "year" in parts:
            return _date(int(parts["year"]), month, day)
        return _nearest(month, day, years, today)


@cache
def _words() -> Mapping[str, _Words]:
    file = resources.files("bot.workers.penny") / "calendar_questions.toml"
    return {name: _read(row) for name, row in tomllib.loads(file.read_text("utf-8")).items()}


def _read(row: Mapping[str, Any]) -> _Words:
    months = "|".join(row["months"])
    return _Words(
        patterns={asks: re.compile(_framed(row, asks)) for asks in Asks},
        dates=re.compile(row["date"].replace("{months}", months)),
        months=row["months"],
        days={re.compile(name): (day[0], day[1]) for name, day in row["days"].items()},
        past=re.compile(row["past"]),
        this_year=re.compile(row["this_year"]),
    )


def _framed(row: Mapping[str, Any], asks: Asks) -> str:
    """A pattern with what stands around it; the name of a day in it has a group of its own."""
    before, *after = row[asks].split("{day}")
    numbered = before + "".join(
        _DAY.replace("named", f"named{number}") + part for number, part in enumerate(after)
    )
    return str(row["frame"]).replace("{}", numbered)


def _nearest(month: int, day: int, years: Sequence[int], today: date) -> date | None:
    """The day in the first year that has it, on the side of today where the years are."""
    found = [at for year in years if (at := _date(year, month, day)) is not None]
    if len(years) == 1:
        return found[0] if found else None
    is_past = years[-1] < years[0]
    return next((at for at in found if at == today or (at < today) is is_past), None)


def _date(year: int, month: int, day: int) -> date | None:
    if year < _FIRST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
