"""A voice message that is being recorded: Ogg Opus, its duration, its waveform."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from typing import Final

import numpy as np

from audio.codec import OpusEncoder
from audio.constants import FRAME_S, OPUS_RATE_HZ
from audio.ogg import Muxer
from audio.samples import Pcm
from local_discord.errors import CannotDo

MAX_S: Final = 600.0
SHORTEST_S: Final = 0.3
"""Less than this is a slip of the finger."""
_ENCODED_AT_ONCE: Final = 50
_WAVE_POINTS: Final = 256
_WAVE_PER_S: Final = 10


@dataclass(frozen=True, slots=True)
class Recorded:
    """A whole voice message.

    Attributes:
        ogg: An Ogg Opus file, 48 kHz.
        seconds: Its duration.
        waveform: Its loudness, in base64: one byte per point, at most 256 points.
    """

    ogg: bytes
    seconds: float
    waveform: str


class Recorder:
    """Takes the microphone 20 ms at a time; memory holds the encoded file and a second of sound."""

    def __init__(self) -> None:
        self._encoder = OpusEncoder(OPUS_RATE_HZ)
        self._muxer = Muxer()
        self._waiting: list[Pcm] = []
        self._loudness: list[float] = []
        self._turn = asyncio.Lock()

    @property
    def seconds(self) -> float:
        """How much there is."""
        return len(self._loudness) * FRAME_S

    async def take(self, pcm: Pcm) -> None:
        """The next 20 ms; what is beyond `MAX_S` is not recorded."""
        if self.seconds >= MAX_S:
            return
        self._waiting.append(pcm)
        self._loudness.append(float(np.sqrt(np.mean(pcm.astype(np.float32) ** 2))))
        if len(self._waiting) >= _ENCODED_AT_ONCE:
            await self._encode()

    async def _encode(self) -> None:
        async with self._turn:  # the message may be sent while a second of it is encoded
            waiting, self._waiting = self._waiting, []
            if waiting:
                stream = await asyncio.to_thread(self._encoder.encode, np.concatenate(waiting))
                self._muxer.write(stream.packets)

    async def finish(self) -> Recorded:
        """The whole message.

        Raises:
            CannotDo: It is too short to be one.
        """
        seconds = self.seconds
        if seconds < SHORTEST_S:
            raise CannotDo("nothing was recorded: does the microphone work?")
        await self._encode()
        last = await asyncio.to_thread(self._encoder.finish)
        self._muxer.write(last.packets)
        ogg = self._muxer.finish(end_trim=last.end_trim)
        return Recorded(ogg, round(seconds, 2), _waveform(self._loudness))


def _waveform(loudness: list[float]) -> str:
    points = max(1, min(_WAVE_POINTS, round(len(loudness) * FRAME_S * _WAVE_PER_S)))
    parts = np.array_split(np.array(loudness), points)
    peaks = np.array([part.max() for part in parts])
    return base64.b64encode((peaks / max(1.0, peaks.max()) * 255).astype(np.uint8)).decode()
