"""Builds Penny's speech recognition and voices from the settings."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.asr_source import AsrSource, WhisperFolder, knows_english_alone, read_asr
from bot.clock import SystemClock
from bot.errors import WeightsError
from bot.models.any_model import missing_models
from bot.models.store import ModelStore
from bot.processors import usable_processors
from bot.settings import Settings
from bot.voices.server_voices import read_voice_names
from bot.workers.penny.voice_files import kokoro_model_file, voice_book, voices_needed
from bot.workers.penny.whisper_files import check_whisper, is_multilingual

if TYPE_CHECKING:
    from bot.workers.penny.openai_stt import OpenAITranscriber
    from bot.workers.penny.openai_tts import OpenAIVoices
    from bot.workers.penny.stt import Recognizer
    from bot.workers.penny.tts import LocalVoices, Synthesizer

STT_ENGLISH, STT_MULTILINGUAL = "whisper-tiny.en", "whisper-base"

ModelFolder = Callable[[str], Path]
"""Returns the folder of a model by its name, fetched and verified. Blocks."""


def speech_models_needed(settings: Settings) -> list[str]:
    """Return the names of the models that speech needs; what a server does needs none."""
    ears = [] if settings.skydeck_asr_url is not None else ears_needed(settings)
    voices = [] if settings.skydeck_tts_url is not None else voices_needed(settings)
    return [*ears, *voices]


def ears_needed(settings: Settings) -> list[str]:
    """Return the names of the models that recognise speech, except the operator's own folder."""
    source = read_asr(settings.skydeck_asr)
    if source is None:
        return [STT_ENGLISH, STT_MULTILINGUAL]
    own = [] if isinstance(source, WhisperFolder) else [source.name]
    return [*own, STT_MULTILINGUAL] if knows_english_alone(source) else own


def build_recognizer(settings: Settings, folder: ModelFolder) -> "Recognizer":
    """Make the local recogniser, or a server for which it stands in if its files are stored."""
    if settings.skydeck_asr_url is None:
        return _whisper(settings, folder)
    is_here = _are_stored(settings, ears_needed(settings))
    return open_transcriber(settings, local=_whisper(settings, folder) if is_here else None)


def open_transcriber(
    settings: Settings, *, local: "Recognizer | None" = None
) -> "OpenAITranscriber":
    """Make the speech recognition at SKYDECK_ASR_URL, which must be set.

    Args:
        settings: All settings.
        local: Stands in while the server is down.
    """
    from bot.workers.penny.openai_stt import OpenAITranscriber  # noqa: PLC0415  (heavy)

    return OpenAITranscriber(
        str(settings.skydeck_asr_url),
        model=settings.skydeck_asr_model,
        key=settings.skydeck_asr_key,
        clock=SystemClock(),
        local=local,
    )


def build_voices(settings: Settings, folder: ModelFolder) -> "Synthesizer":
    """Make the local voices, or those of a server, for which the stored ones stand in."""
    if settings.skydeck_tts_url is None:
        return _local_voices(settings, folder)
    from bot.workers.penny.standby_voices import StandbyVoices  # noqa: PLC0415  (heavy)

    local = _local_voices(settings, partial(_stored, settings, folder))
    return StandbyVoices(open_server_voices(settings), local, SystemClock())


def open_server_voices(settings: Settings) -> "OpenAIVoices":
    """Make the voices at SKYDECK_TTS_URL, which must be set."""
    from bot.workers.penny.openai_tts import OpenAIVoices  # noqa: PLC0415  (heavy)

    return OpenAIVoices(
        str(settings.skydeck_tts_url),
        model=settings.skydeck_tts_model,
        key=settings.skydeck_tts_key,
        names=read_voice_names(settings.skydeck_tts_voice),
    )


def _local_voices(settings: Settings, folder: ModelFolder) -> "LocalVoices":
    from bot.workers.penny.tts import LocalVoices  # noqa: PLC0415  (heavy)

    return LocalVoices(
        folder,
        threads=settings.skydeck_threads or usable_processors(),
        book=partial(voice_book, settings),
        kokoro=partial(kokoro_model_file, settings),
    )


def _stored(settings: Settings, folder: ModelFolder, name: str) -> Path:
    """The folder of a model that is here; in an outage nobody waits until one is fetched."""
    if not _are_stored(settings, [name]):
        raise WeightsError(f"The model {name} is not stored.", hint=f"skydeck models pull {name}")
    return folder(name)


def _are_stored(settings: Settings, names: Sequence[str]) -> bool:
    return not missing_models(ModelStore(settings.skydeck_weights_dir), names)


def _whisper(settings: Settings, folder: ModelFolder) -> "Recognizer":
    from bot.workers.penny.stt import Whisper  # noqa: PLC0415  (heavy)

    english, multilingual = _ears(read_asr(settings.skydeck_asr), folder)
    return Whisper(
        english,
        multilingual,
        threads=settings.skydeck_threads or usable_processors(),
        device=settings.skydeck_device,
    )


def _ears(
    source: AsrSource | None, folder: ModelFolder
) -> tuple[Callable[[], Path], Callable[[], Path]]:
    """What returns the folders of the English model, and of the one for all else."""
    if source is None:
        return lambda: folder(STT_ENGLISH), lambda: folder(STT_MULTILINGUAL)

    def own() -> Path:
        if isinstance(source, WhisperFolder):
            return check_whisper(source.path)
        return check_whisper(folder(source.name))

    def multilingual() -> Path:
        english_alone = knows_english_alone(source) or not is_multilingual(own())
        return folder(STT_MULTILINGUAL) if english_alone else own()

    return own, multilingual
