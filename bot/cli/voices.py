"""What `skydeck models voices` lists."""

from dataclasses import dataclass
from typing import Final

from bot.errors import WrongUse
from bot.languages import LANGUAGES, find_language
from bot.settings import Settings
from bot.voice_source import PiperVoiceName, piper_voice_names
from bot.workers.penny.voice_files import voice_book
from bot.workers.penny.voices import Engine

VOICES_NOTE: Final = """\
Piper's voices as its authors list them (August 2025); they come from rhasspy/piper-voices at
Hugging Face's hub, each with its own licence (its MODEL_CARD there). Kokoro's have names too, as
af_heart or ef_dora. eSpeak speaks every other language.
Fetch one: skydeck models pull es_ES-davefx-medium"""


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """A voice that is here or can be had."""

    language: str
    name: str
    engine: str
    is_here: bool


def voice_rows(settings: Settings, language: str | None) -> list[VoiceRow]:
    """List voices by language: those that are here, then Piper's others.

    Raises:
        WrongUse: There is no such language.
    """
    wanted = find_language(language) if language else None
    if language and wanted is None:
        known = ", ".join(LANGUAGES)
        raise WrongUse(f"There is no language {language[:20]!r}.", hint=f"Try one of: {known}.")
    here = {voice.name: voice for voice in voice_book(settings).all}
    rows = [
        VoiceRow(_named(voice.language), voice.name, voice.engine.value, is_here=True)
        for voice in here.values()
        if voice.engine is not Engine.ESPEAK and (voice.file is None or voice.file.exists())
    ]
    names = {row.name for row in rows}
    rows += [
        VoiceRow(_named(PiperVoiceName(name).locale), name, "piper", is_here=False)
        for name in piper_voice_names()
        if name not in names
    ]
    rows.sort(key=lambda row: (row.language, not row.is_here, row.name))
    return [row for row in rows if wanted is None or row.language == wanted.english]


def _named(code: str) -> str:
    language = find_language(code)
    return language.english if language else code
