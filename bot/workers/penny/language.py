"""Detects a text's language, which chooses the voice if the caller does not."""

from functools import cache
from typing import Any

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


def primary(tag: str | None) -> str | None:
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
