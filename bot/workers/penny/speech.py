"""Speaks a reply: phrases in, pieces of one continuous Opus stream out."""

import asyncio
import base64
import re

import numpy as np

from audio import ogg
from audio.codec import OpusEncoder
from audio.constants import OPUS_RATE_HZ
from bot.contract import Audio
from bot.workers.penny.spoken_text import shown, spoken
from bot.workers.penny.tts import Synthesizer

_PAUSE_S = 0.08
"""The pause between two phrases."""

_GOES_ON = re.compile(r"\w[ \t]+\Z")
"""A phrase that was cut before a conjunction. With a comma, the voice does not fall there."""


class Speech:
    """Speaks one reply.

    Args:
        tts: The synthesizer.
        language: ISO 639-1.
        voice: The voice's name; None chooses by language.
    """

    def __init__(self, tts: Synthesizer, *, language: str, voice: str | None) -> None:
        self._tts = tts
        self._language = language
        self._voice = voice
        self._encoder: OpusEncoder | None = None
        self._pieces: list[ogg.OpusStream] = []
        self._spoken: list[str] = []

    async def say(self, phrase: str) -> Audio | None:
        """Speak a phrase of Markdown.

        Returns:
            An Ogg Opus file with the packets that it adds to the stream, and the phrase's words
            without their markup; None if it has nothing to say.
        """
        words = shown(phrase, self._language)
        said = await asyncio.to_thread(spoken, words, self._language)
        if not said:
            return None
        if _GOES_ON.search(phrase):
            said = f"{said},"
        samples, rate_hz = await self._tts.synthesize(
            said, language=self._language, voice=self._voice
        )
        if self._encoder is None:
            self._encoder = OpusEncoder(rate_hz)
        pause = np.zeros(int(_PAUSE_S * rate_hz), np.float32)
        piece = self._encoder.encode(np.concatenate([samples, pause]))
        self._pieces.append(piece)
        self._spoken.append(words)
        return _as_audio(piece, words)

    def finish(self) -> Audio | None:
        """Return the whole reply as one file; None if it has no phrase."""
        if self._encoder is None:
            return None
        self._pieces.append(self._encoder.finish())
        return _as_audio(ogg.join(self._pieces), " ".join(self._spoken))


def _as_audio(stream: ogg.OpusStream, words: str) -> Audio:
    return Audio(
        data=base64.b64encode(ogg.mux(stream)).decode("ascii"),
        format="ogg",
        sample_rate_hz=OPUS_RATE_HZ,
        duration_ms=stream.duration_ms,
        text=words,
    )
