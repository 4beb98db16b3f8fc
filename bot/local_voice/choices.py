"""The voices and languages to choose from."""

from typing import Final

from bot import languages
from bot.local_voice.view import Choice
from bot.workers.penny import voices


def _by_name() -> list[languages.Language]:
    return sorted(languages.LANGUAGES.values(), key=lambda one: one.english)


VOICES: Final = (
    Choice(None, "by language"),
    *(Choice(voice.name, voice.label) for voice in voices.VOICES),
)
LANGUAGES: Final = (
    Choice(None, "detected in each question"),
    *(Choice(one.code, one.english) for one in _by_name()),
)
