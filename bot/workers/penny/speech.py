"""A reply's voice: phrases in, pieces of one continuous Opus stream out."""

import base64

import numpy as np

from audio import ogg
from audio.codec import OpusEncoder
from audio.constants import OPUS_RATE_HZ
from bot.contract import Audio
from bot.workers.penny.tts import Synthesizer

_PAUSE_S = 0.08
"""A breath between two phrases."""


class Speech:
    """Speaks one reply.

    Args:
        tts: The voices.
        language: ISO 639-1.
        voice: A voice by name; None for the language's own.
    """

    def __init__(self, tts: Synthesizer, *, language: str, voice: str | None) -> None:
        self._tts = tts
        self._language = language
        self._voice = voice
        self._encoder: OpusEncoder | None = None
        self._pieces: list[ogg.OpusStream] = []
        self._spoken: list[str] = []

    async def say(self, phrase: str) -> Audio:
        """The next piece: an Ogg Opus file with the packets that this phrase adds."""
        samples, rate_hz = await self._tts.synthesize(
            phrase, language=self._language, voice=self._voice
        )
        if self._encoder is None:
            self._encoder = OpusEncoder(rate_hz)
        pause = np.zeros(int(_PAUSE_S * rate_hz), np.float32)
        piece = self._encoder.encode(np.concatenate([samples, pause]))
        self._pieces.append(piece)
        self._spoken.append(phrase)
        return _as_audio(piece, phrase)

    def finish(self) -> Audio | None:
        """The whole reply as one file; None when nothing was said."""
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
