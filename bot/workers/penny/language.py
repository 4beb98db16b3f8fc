"""Chooses the language to speak: the requested one, else the locale's, else the detected one."""

from functools import cache
from typing import Any

from bot.contract import Request

DEFAULT = "en"
_KNOWN = ("en", "es", "fr", "de", "it", "pt", "nl", "ca", "pl", "ru", "zh", "ja")
_MIN_LETTERS = 8
"""In a shorter text detection is unreliable, and the wrong voice is worse than the default."""

NAMES = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "de": "German",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "ca": "Catalan",
    "pl": "Polish",
    "ru": "Russian",
    "zh": "Chinese",
    "ja": "Japanese",
}
"""The names that prompts use."""


def speech_language(request: Request, text: str) -> str:
    """The language to speak `text` in: the requested one, else the one detected."""
    return requested_language(request) or detect(text)


def requested_language(request: Request) -> str | None:
    """The language that a request states, else its locale's; None without either."""
    locale = request.context.locale if request.context else None
    return _primary(request.input.language) or _primary(locale)


def _primary(tag: str | None) -> str | None:
    """Return the language of a BCP 47 tag, as `es` of `es-419`; None for an empty tag."""
    return tag.replace("_", "-").split("-")[0].lower() if tag else None


def detect(text: str) -> str:
    """Return the language of `text` (ISO 639-1), or English if it is too short to tell."""
    if sum(map(str.isalpha, text)) < _MIN_LETTERS:
        return DEFAULT
    language, _ = _identifier().classify(text)
    return str(language)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  (0.7 s)

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(_KNOWN))
    return identifier
