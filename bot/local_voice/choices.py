"""The voices and languages to choose from."""

from typing import Final

from bot.local_voice.view import Choice
from bot.workers.penny import voices

VOICES: Final = (
    Choice(None, "by language"),
    *(Choice(voice.name, voice.label) for voice in voices.VOICES),
)
LANGUAGES: Final = (
    Choice(None, "detected in each question"),
    Choice("en", "English"),
    Choice("es", "Spanish"),
    Choice("de", "German"),
    Choice("fr", "French"),
)
