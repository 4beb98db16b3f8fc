"""Speaks a reply: phrases in, pieces of one continuous Opus stream out."""

import asyncio
import base64
import contextlib
import logging
import re
from collections.abc import AsyncGenerator

import numpy as np

from audio import ogg
from audio.codec import OpusEncoder, Resampler
from audio.constants import OPUS_RATE_HZ
from bot.contract import Audio
from bot.errors import BadInput, JobFailed, WeightsError
from bot.workers.penny.spoken_text import shown, spoken
from bot.workers.penny.tts import Sound, Synthesizer

log = logging.getLogger(__name__)

_PAUSE_S = 0.08
"""The pause between two phrases."""
_CHARS_PER_S = 13
"""How quickly words are spoken."""

_GOES_ON = re.compile(r"\w[ \t]+\Z")
"""A phrase that was cut before a conjunction. With a comma, the voice does not fall there."""


class Speech:
    """Speaks one reply.

    Args:
        language: ISO 639-1.
        voice: The voice's name; None chooses by language.
        is_wish: Whether the language chooses where there is no such voice (any more), or it fails:
            an answer counts more than its voice.
    """

    def __init__(
        self, tts: Synthesizer, *, language: str, voice: str | None, is_wish: bool = False
    ) -> None:
        self._tts = tts
        self._language = language
        self._voice = voice
        self._is_wish = is_wish
        self._encoder: OpusEncoder | None = None
        self._rate_hz = 0
        self._pieces: list[ogg.OpusStream] = []
        self._spoken: list[str] = []

    async def say(self, phrase: str) -> AsyncGenerator[Audio, None]:
        """Speak a phrase of Markdown, as its sound comes.

        Yields:
            Ogg Opus files with the packets that they add to the stream, and the phrase's words
            without their markup; nothing if it has nothing to say. The words of a phrase in
            several pieces are divided by a guess of how quickly they are spoken.
        """
        words = shown(phrase, self._language)
        said = await asyncio.to_thread(spoken, words, self._language)
        if not said:
            return
        if _GOES_ON.search(phrase):
            said = f"{said},"
        self._spoken.append(words)
        async with contextlib.aclosing(self._sounds(said)) as sounds:
            async for sound in sounds:
                part, words = (words, "") if sound.is_last else _first_words(words, sound)
                # Encoding a second takes up to 20 ms.
                yield await asyncio.to_thread(self._piece, sound, part)

    async def _sounds(self, said: str) -> AsyncGenerator[Sound, None]:
        try:
            async with contextlib.aclosing(self._stream(said)) as sounds:
                async for sound in sounds:
                    yield sound
        except (BadInput, WeightsError, JobFailed) as e:
            if self._voice is None or not self._is_wish:
                raise
            log.warning("An answer is spoken in another voice than the chosen one: %s", e)
            self._voice = None
        else:
            return
        async with contextlib.aclosing(self._stream(said)) as sounds:
            async for sound in sounds:
                yield sound

    def _stream(self, said: str) -> AsyncGenerator[Sound, None]:
        return self._tts.stream(said, language=self._language, voice=self._voice)

    def _piece(self, sound: Sound, words: str) -> Audio:
        if self._encoder is None:
            self._encoder, self._rate_hz = OpusEncoder(sound.rate_hz), sound.rate_hz
        samples = sound.samples
        if sound.rate_hz != self._rate_hz:  # another voice goes on
            resampler = Resampler(sound.rate_hz, self._rate_hz)
            samples = np.concatenate([resampler.resample(samples), resampler.finish()])
        if sound.is_last:
            samples = np.concatenate([samples, np.zeros(int(_PAUSE_S * self._rate_hz), np.float32)])
        piece = self._encoder.encode(samples)
        self._pieces.append(piece)
        return _as_audio(piece, words)

    def finish(self) -> Audio | None:
        """Return the whole reply as one file; None if it has no phrase. Blocks, if it is long."""
        if self._encoder is None:
            return None
        self._pieces.append(self._encoder.finish())
        return _as_audio(ogg.join(self._pieces), " ".join(self._spoken))


def _first_words(words: str, sound: Sound) -> tuple[str, str]:
    """The words that a sound probably holds, at least one, and the others."""
    count = int(len(sound.samples) / sound.rate_hz * _CHARS_PER_S)
    end = words.find(" ", max(1, count))
    return (words, "") if end < 0 else (words[:end], words[end + 1 :])


def _as_audio(stream: ogg.OpusStream, words: str) -> Audio:
    return Audio(
        data=base64.b64encode(ogg.mux(stream)).decode("ascii"),
        format="ogg",
        sample_rate_hz=OPUS_RATE_HZ,
        duration_ms=stream.duration_ms,
        text=words,
    )
