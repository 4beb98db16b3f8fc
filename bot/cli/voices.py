"""What `skydeck models voices` lists."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.errors import BadInput
from bot.language_names import language_named, no_language
from bot.languages import find_language
from bot.settings import Settings
from bot.voices.voice_book import Engine, Voice
from bot.voices.voice_names import KOKORO_VOICES, PIPER_VOICES, KokoroVoiceName, PiperVoiceName
from bot.workers.penny.voice_files import voice_book

VOICES_NOTE: Final = """\
Piper's voices as its authors list them (August 2025); they come from rhasspy/piper-voices at
Hugging Face's hub, each with its own licence (its MODEL_CARD there). Kokoro's come from
onnx-community/Kokoro-82M-v1.0-ONNX there (Apache-2.0), and share one model. eSpeak speaks every
other language.
Fetch one: skydeck models pull es_ES-davefx-medium"""


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """A voice that is here or can be had."""

    language: str
    name: str
    engine: str
    is_here: bool


def voice_rows(settings: Settings, language: str | None) -> list[VoiceRow]:
    """List voices by language: those that are here, then Piper's and Kokoro's others.

    Raises:
        BadInput: There is no such language.
    """
    wanted = language_named(language) if language else None
    if language and wanted is None:
        problem, hint = no_language(language)
        raise BadInput(problem, hint=hint)
    here = {voice.name: voice for voice in voice_book(settings).all}
    rows = [
        VoiceRow(_named(voice.language), voice.name, voice.engine.value, is_here=True)
        for voice in here.values()
        if voice.engine is not Engine.ESPEAK and _is_here(voice)
    ]
    names = {row.name for row in rows}
    rows += [
        VoiceRow(_named(language), name, engine.value, is_here=False)
        for engine, language, name in _at_the_hub()
        if name not in names
    ]
    rows.sort(key=lambda row: (row.language, not row.is_here, row.name))
    return [row for row in rows if wanted is None or row.language == wanted.english]


def _at_the_hub() -> Iterator[tuple[Engine, str, str]]:
    """The engine, language and name of each voice that can be pulled."""
    for name in PIPER_VOICES:
        yield Engine.PIPER, PiperVoiceName(name).locale, name
    for name in KOKORO_VOICES:
        yield Engine.KOKORO, KokoroVoiceName(name).espeak, name


def _is_here(voice: Voice) -> bool:
    try:
        return voice.file is None or voice.file.exists()
    except OSError:  # the folder may not be entered, or the name is too long
        return False


def _named(code: str) -> str:
    language = find_language(code)
    return language.english if language else code
