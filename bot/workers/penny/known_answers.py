"""Answers that a language model gets wrong and we do not: sums, the day and the time. Pure.

    What is twelve times twelve?   ->  12 times 12 is 144.
    ¿Qué día es hoy?               ->  Hoy es lunes, 30 de noviembre de 2026.

Everything else is the model's.
"""

from datetime import UTC, date, datetime
from typing import Final

from bot.i18n import Words, words_for
from bot.workers.penny import answer_figures
from bot.workers.penny.calendar_questions import Asks, calendar_question
from bot.workers.penny.sums import Sum, sum_in

_ARTICLES: Final = ("el ", "la ")


def known_answer(question: str, language: str, now: datetime) -> str | None:
    """The answer to a question that we know better than a model; None: ask the model.

    Blocks for some milliseconds the first time, then for less than one.

    Args:
        question: What somebody said or wrote, without a call.
        language: Its language's code, and the answer's.
        now: The time where it is asked, with its time zone.
    """
    words = words_for(language)
    if words.language != language:
        return None
    if (found := sum_in(question, language)) is not None:
        return _sum(found, words)
    asked = calendar_question(question, language, now.date())
    if asked is None:
        return None
    match asked.asks:
        case Asks.TIME:
            return _time(now, words)
        case Asks.YEAR:
            return words("answers.year", year=str(now.year))
        case Asks.MONTH:
            return words("answers.month", month=answer_figures.month_name(now, language))
        case Asks.UNTIL:
            return _until(asked.day, now.date(), words)
        case other:
            return words(f"answers.{other}", day=answer_figures.long_day(asked.day, language))


def warm_up(language: str) -> None:
    """Load the forms of a language. Blocks for some tenths of a second."""
    known_answer("1 + 1 =", language, datetime(2000, 1, 1, tzinfo=UTC))
    _time(datetime(2000, 1, 1, tzinfo=UTC), words_for(language))
    answer_figures.long_day(date(2000, 1, 1), language)


def _sum(found: Sum, words: Words) -> str:
    expression = found.expression[:1].upper() + found.expression[1:]
    is_one = found.result == 1 or found.expression.lower().startswith(_ARTICLES)
    key = "sum_about" if not found.is_exact else "sum_is" if is_one else "sum"
    result = answer_figures.result(found.result, words.language)
    return words(f"answers.{key}", expression=expression, result=result)


def _time(now: datetime, words: Words) -> str:
    """The time, and whose it is: this machine's zone is not everybody's."""
    is_one = now.hour == 1  # "es la 1:05"
    zone = now.tzname() or "UTC"
    name = f"UTC{zone}" if zone[:1] in "+-" else zone
    shown = answer_figures.time_of_day(now, words.language)
    return words("answers.time_singular" if is_one else "answers.time", time=shown, zone=name)


def _until(day: date, today: date, words: Words) -> str:
    shown = answer_figures.long_day(day, words.language)
    days = (day - today).days
    if days < 0:
        return words("answers.weekday", day=shown)
    if not days:
        return words("answers.until_today", day=shown)
    return words.count("answers.until", days, day=shown)
