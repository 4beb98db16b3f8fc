"""The voices and languages to choose from."""

from typing import Final

from bot import languages
from bot.local_voice.view import Choice
from bot.settings import Settings
from bot.workers.penny.voice_files import voices_to_choose


def _by_name() -> list[languages.Language]:
    return sorted(languages.LANGUAGES.values(), key=lambda one: one.english)


LANGUAGES: Final = (
    Choice(None, "detected in each question"),
    *(Choice(one.code, one.english) for one in _by_name()),
)


def voice_choices(settings: Settings) -> tuple[Choice, ...]:
    """The voices of this machine; of workers or a server elsewhere, those that we know of."""
    book = voices_to_choose(settings)
    return (
        Choice(None, "by language"),
        *(Choice(voice.name, voice.label) for voice in book.all),
    )
