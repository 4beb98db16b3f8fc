"""Builds Penny's speech recognition and voices from the settings."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.clock import SystemClock
from bot.models.store import ModelStore
from bot.processors import usable_processors
from bot.settings import Settings
from bot.workers.penny.voice_files import voices_needed

if TYPE_CHECKING:
    from bot.workers.penny.openai_stt import OpenAITranscriber
    from bot.workers.penny.stt import Recognizer

STT_ENGLISH, STT_MULTILINGUAL = "whisper-tiny.en", "whisper-base"

ModelFolder = Callable[[str], Path]
"""Returns the folder of a model by its name in the manifest, fetched and verified. Blocks."""


def speech_models_needed(settings: Settings) -> list[str]:
    """Return the names of the models that speech needs; where a server hears, only the voices."""
    ears = [] if settings.skydeck_asr_url is not None else [STT_ENGLISH, STT_MULTILINGUAL]
    return [*ears, *voices_needed(settings)]


def build_recognizer(settings: Settings, folder: ModelFolder) -> "Recognizer":
    """Make the local recogniser, or a server for which it stands in if its files are stored."""
    if settings.skydeck_asr_url is None:
        return _whisper(settings, folder)
    is_stored = not ModelStore(settings.skydeck_weights_dir).plan([STT_ENGLISH, STT_MULTILINGUAL])
    return open_transcriber(settings, local=_whisper(settings, folder) if is_stored else None)


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


def _whisper(settings: Settings, folder: ModelFolder) -> "Recognizer":
    from bot.workers.penny.stt import Whisper  # noqa: PLC0415  (heavy)

    return Whisper(
        lambda: folder(STT_ENGLISH),
        lambda: folder(STT_MULTILINGUAL),
        threads=settings.skydeck_threads or usable_processors(),
        device=settings.skydeck_device,
    )
