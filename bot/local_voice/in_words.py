"""What goes wrong in `skydeck talk`, in the language of the person's screen. Pure."""

from typing import Final

from bot.errors import BadInput, SkydeckError
from bot.i18n import DEFAULT, Words

_FACTS: Final = frozenset({"bad_input", "too_large", "unknown_module", "bad_settings", "wrong_use"})
"""Errors whose own message says more than the words for all of their kind."""


class Told(BadInput):
    """What the person asked for is not possible here; the message is in their language."""


def in_words(error: SkydeckError, words: Words) -> str:
    """What went wrong and what to do next.

    An error's own message is English; in another language its kind is told, and what only the
    message knows follows, told as English.
    """
    if isinstance(error, Told) or words.language == DEFAULT:
        return str(error)
    text = words.texts.get(f"errors.{error.code}", "")
    if not text or "{" in text:
        return str(error)
    if error.code not in _FACTS:
        return text
    return f"{text} {words('errors.said_in_english', facts=str(error))}"
