"""What goes wrong in `skydeck talk`, in the language of the person's screen. Pure."""

import datetime as dt
from typing import Final

from bot.errors import (
    UNEXPLAINED,
    BadInput,
    JobFailed,
    OverBudget,
    ServiceDown,
    SkydeckError,
    TooSoon,
)
from bot.figures import duration, moment, money
from bot.i18n import DEFAULT, Words
from bot.wording import from_now

_FACTS: Final = frozenset({"bad_input", "too_large", "unknown_module", "bad_settings", "wrong_use"})
"""Errors whose own message says more than the words for all of their kind."""


class Told(BadInput):
    """What the person asked for is not possible here; the message is in their language."""


def in_words(error: SkydeckError, words: Words) -> str:
    """What went wrong and what to do next.

    An error's own message is English; in another language its kind is told, and what only the
    message knows follows, told as English.
    """
    if isinstance(error, Told):
        return str(error)
    if told := _with_figures(error, words):
        return told
    if words.language == DEFAULT:
        return str(error)
    text = words.texts.get(f"errors.{error.code}", "{")
    if "{" in text:
        text = words("errors.error")
    elif isinstance(error, JobFailed):
        return f"{text} {_said(error, words)}"
    elif error.code not in _FACTS:
        return text
    return f"{text} {words('errors.said_in_english', facts=str(error))}"


def _with_figures(error: SkydeckError, words: Words) -> str:
    """The words for an error with figures in them; empty for any other."""
    match error:
        case OverBudget():
            renews = dt.datetime.fromtimestamp(error.renews_ms / 1000, dt.UTC).astimezone()
            return words(
                "talk.over_budget",
                budget=words(f"budgets.{error.scope}_{error.period}"),
                left=money(error.left_micro_usd, words.language),
                limit=money(error.limit_micro_usd, words.language),
                renews=moment(renews, words.language),
            )
        case TooSoon():
            return words("errors.too_soon", wait=duration(max(1.0, error.wait_s)))
        case ServiceDown():
            again = words("errors.down.again", when=from_now(max(1.0, error.wait_s), words))
            return f"{words('errors.service_down')} {again}"
    return ""


def _said(error: JobFailed, words: Words) -> str:
    """What a service said about its failure, in whatever language it speaks."""
    if error.message in ("", UNEXPLAINED):
        return words("errors.unexplained")
    return words("errors.said_by_service", facts=error.message)
