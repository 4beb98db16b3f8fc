"""Which language a text is in: needed to choose the voice when nobody has said."""

from functools import cache
from typing import Any

DEFAULT = "en"
_KNOWN = ("en", "es", "fr", "de", "it", "pt", "nl", "ca", "pl", "ru", "zh", "ja")
_MIN_LETTERS = 8
"""A greeting is too short to tell, and a wrong voice is worse than the usual one."""

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
"""What a language model is told to answer in."""


def primary(tag: str | None) -> str | None:
    """The language of a tag (BCP 47): `es-419` is `es`; None for an empty one."""
    return tag.replace("_", "-").split("-")[0].lower() if tag else None


def detect(text: str) -> str:
    """The language of `text` (ISO 639-1), or English where it is too short to tell."""
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
