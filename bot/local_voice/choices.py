"""The voices, languages and colours to choose from, in the language of the screen."""

from bot import languages
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.local_voice.view import Choice, Theme
from bot.settings import Settings
from bot.workers.penny.voice_files import voices_to_choose


def language_choices(words: Words) -> tuple[Choice, ...]:
    """The languages that a person may speak, by name."""
    named = [(words(f"grace.language.{code}"), code) for code in languages.LANGUAGES]
    listed = (Choice(code, name) for name, code in sorted(named))
    return (Choice(None, words("talk.settings.detected")), *listed)


def voice_choices(settings: Settings, words: Words) -> tuple[Choice, ...]:
    """The voices of this machine; of workers or a server elsewhere, those that we know of."""
    book = voices_to_choose(settings)
    return (
        Choice(None, words("talk.settings.by_language")),
        *(Choice(voice.name, voice.label) for voice in book.all),
    )


def interface_choices(words: Words) -> tuple[Choice, ...]:
    """The languages of the screen, each in its own words."""
    own = ((code, words_for(code)("common.language_name")) for code in INTERFACE_LANGUAGES)
    return (
        Choice(None, words("talk.settings.by_system")),
        *(Choice(code, name) for code, name in own),
    )


def theme_choices(words: Words) -> tuple[Choice, ...]:
    """The colours of the screen."""
    return tuple(Choice(theme, words(f"talk.settings.theme_{theme}")) for theme in Theme)
