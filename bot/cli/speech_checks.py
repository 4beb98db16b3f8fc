"""What `skydeck doctor` says about speech recognition and voices that a server provides."""

import asyncio
from typing import Final

from audio.codec import Resampler
from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples
from bot.asr_source import WhisperFolder, read_asr
from bot.clock import SystemClock
from bot.embedded_workers import model_fetcher
from bot.errors import JobFailed, WeightsError
from bot.models.any_model import missing_models
from bot.models.store import ModelStore
from bot.sanitize import clean_excerpt
from bot.settings import Settings
from bot.workers.penny.build import (
    STT_ENGLISH,
    STT_MULTILINGUAL,
    build_recognizer,
    ears_needed,
    open_server_voices,
    open_transcriber,
)
from bot.workers.penny.whisper_files import check_whisper

_SENTENCE: Final = "What is the weather like in London today?"
_HEARD_CHARS: Final = 80


def recognition_state(settings: Settings) -> str:
    """Say what recognizes speech; a server, or the operator's own model, must hear a sentence.

    Raises:
        SkydeckError: It is not there, does not answer, cannot be loaded, or hears no words.
    """
    if settings.skydeck_asr_url is not None:
        return asyncio.run(_listen(settings))
    source = read_asr(settings.skydeck_asr)
    if source is None:
        return f"{STT_ENGLISH} for English, {STT_MULTILINGUAL} for all else"
    if isinstance(source, WhisperFolder):
        check_whisper(source.path)
    store = ModelStore(settings.skydeck_weights_dir)
    if missing := " ".join(missing_models(store, ears_needed(settings))):
        raise WeightsError(f"{missing} is not there.", hint=f"skydeck models pull {missing}")
    return asyncio.run(_listen_here(settings, source.name))


async def _listen_here(settings: Settings, name: str) -> str:
    sound = await asyncio.to_thread(_sentence)
    clock, before = SystemClock(), _resident_mb()
    stt = build_recognizer(settings, model_fetcher(settings))
    try:
        began = clock.now()
        await stt.warm_up()
        loaded = clock.now()
        heard = [part.text async for part in stt.recognize(lambda _: iter([sound]))]
        took_s = clock.now() - loaded
        if not heard:
            raise JobFailed(
                f"{name} hears no words in a spoken sentence.", hint="Check SKYDECK_ASR."
            )
        words = clean_excerpt(" ".join(heard), limit=_HEARD_CHARS)
        memory = f", {_resident_mb() - before:,} MB" if before else ""
        return (
            f"{name}: loaded in {loaded - began:.1f} s{memory}; "
            f"{len(sound) / SPEECH_RATE_HZ:.1f} s of speech took {took_s:.1f} s; it heard: {words}"
        )
    finally:
        await stt.close()


def _resident_mb() -> int:
    """How much memory this process has; 0: nobody can tell."""
    try:
        import psutil  # noqa: PLC0415  (an extra)
    except ImportError:
        return 0
    return int(psutil.Process().memory_info().rss) // 1_000_000


def voices_state(settings: Settings) -> str:
    """Let the server at SKYDECK_TTS_URL speak a sentence, and say how soon and in which form.

    Raises:
        SkydeckError: It does not answer, or not with speech.
    """
    return asyncio.run(_speak(settings))


async def _speak(settings: Settings) -> str:
    tts = open_server_voices(settings)
    try:
        await tts.warm_up()
        clock = SystemClock()
        began, first_s, seconds = clock.now(), 0.0, 0.0
        async for sound in tts.stream(_SENTENCE, language="en", voice=None):
            first_s = first_s or clock.now() - began
            seconds += len(sound.samples) / sound.rate_hz
        listed = await tts.voices()
        known = f"; voices listed: {len(listed)}" if listed else ""
        return (
            f"{tts.name} at {tts.host} begins to speak after {first_s:.1f} s; {seconds:.1f} s of "
            f"speech take {clock.now() - began:.1f} s ({tts.form}){known}"
        )
    finally:
        await tts.close()


async def _listen(settings: Settings) -> str:
    sound = await asyncio.to_thread(_sentence)
    stt = open_transcriber(settings)
    try:
        await stt.warm_up()
        clock = SystemClock()
        began = clock.now()
        heard = [part async for part in stt.recognize(lambda _: iter([sound]))]
        took_s = clock.now() - began
        if not heard:
            raise JobFailed(
                f"{stt.name} at {stt.host} hears no words in a spoken sentence.",
                hint="Check SKYDECK_ASR_MODEL.",
            )
        words = clean_excerpt(" ".join(part.text for part in heard), limit=_HEARD_CHARS)
        return (
            f"{stt.name} at {stt.host} answers in {took_s:.1f} s ({stt.format}, "
            f"{heard[0].language}); it heard: {words}"
        )
    finally:
        await stt.close()


def _sentence() -> Samples:
    """A spoken sentence, 16 kHz. Blocks."""
    from bot.workers.penny import espeak  # noqa: PLC0415  (an extra)

    samples, rate_hz = espeak.synthesize(_SENTENCE, "en")
    resampler = Resampler(rate_hz, SPEECH_RATE_HZ)
    return resampler.resample(samples)
