"""What `skydeck doctor` says about speech recognition and voices that a server provides."""

import asyncio
from typing import Final

from audio.codec import Resampler
from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples
from bot.clock import SystemClock
from bot.errors import JobFailed
from bot.sanitize import clean_excerpt
from bot.settings import Settings
from bot.workers.penny.build import open_transcriber

_SENTENCE: Final = "What is the weather like in London today?"
_HEARD_CHARS: Final = 80


def recognition_state(settings: Settings) -> str:
    """Let the server at SKYDECK_ASR_URL hear a sentence, and say what it heard.

    Raises:
        SkydeckError: It does not answer, or not with words.
    """
    return asyncio.run(_listen(settings))


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
    from bot.workers.penny.espeak import Espeak  # noqa: PLC0415  (an extra)

    samples, rate_hz = Espeak().synthesize(_SENTENCE, "en")
    resampler = Resampler(rate_hz, SPEECH_RATE_HZ)
    return resampler.resample(samples)
