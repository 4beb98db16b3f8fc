"""The voices and languages to choose from."""

from typing import Final

from bot.local_voice.view import Choice

VOICES: Final = (
    Choice(None, "by language"),
    Choice("joe", "Joe (English)"),
    Choice("en", "eSpeak (English)"),
    Choice("es", "eSpeak (Spanish)"),
)
LANGUAGES: Final = (
    Choice(None, "detected in each question"),
    Choice("en", "English"),
    Choice("es", "Spanish"),
    Choice("de", "German"),
    Choice("fr", "French"),
)
