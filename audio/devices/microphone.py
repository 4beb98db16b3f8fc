"""A microphone: one stream, kept open so that the start of speech is never lost."""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from audio.codec import Resampler
from audio.constants import FRAME_SAMPLES, OPUS_RATE_HZ
from audio.devices.portaudio import close_stream, open_stream
from audio.samples import FULL_SCALE, Pcm, Samples, from_pcm

_MAX_WAITING: Final = 500
"""How many callbacks are kept for a late reader: ten seconds. Then the oldest are dropped."""
_LEVEL_BLOCKS: Final = 3
"""The level is the loudest of this many blocks: 60 ms."""
_MAX_AGE_S: Final = 1.0
"""In seconds. A capture time further back than this is a driver bug."""


class Microphone:
    """An open microphone.

    Attributes:
        called_s: When it last called back; None if never.
        lost: Callbacks dropped because nobody pulled them in time.
        overflows: How many times the system has reported lost audio.

    Raises:
        DeviceError: It cannot be opened.
    """

    def __init__(self, name: str | None, now: Callable[[], float]) -> None:
        self.called_s: float | None = None
        self.lost = self.overflows = 0
        self._now = now
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._levels: deque[int] = deque([0] * _LEVEL_BLOCKS, maxlen=_LEVEL_BLOCKS)
        self._partial: Samples = np.zeros(0, np.float32)
        self._has_ended = False
        self.rate_hz = OPUS_RATE_HZ  # callbacks start before `open_stream` returns
        self._stream, self.rate_hz, self._channels = open_stream(
            "input", name, self._called, self._ended, rate_hz=OPUS_RATE_HZ, block=FRAME_SAMPLES
        )
        self._up = None if self.rate_hz == OPUS_RATE_HZ else Resampler(self.rate_hz, OPUS_RATE_HZ)

    @property
    def is_active(self) -> bool:
        """Whether PortAudio says that it runs."""
        return not self._has_ended and bool(self._stream.active)

    @property
    def xruns(self) -> int:
        """How many times audio was lost."""
        return self.overflows + self.lost

    @property
    def latency_s(self) -> float:
        """The input latency, as the system reports it."""
        return float(self._stream.latency)

    @property
    def level_dbfs(self) -> float:
        """The loudest sample of the last 60 ms, in dBFS."""
        return float(20 * np.log10(max(1, *self._levels) / FULL_SCALE))

    def pull(self) -> list[tuple[Samples, float]]:
        """The 20 ms blocks since the last call, and when the last sample of each was captured."""
        blocks: list[tuple[Samples, float]] = []
        while self._waiting:
            data, captured_s = self._waiting.popleft()
            sound = np.concatenate((self._partial, self._mono(data)))
            whole = len(sound) // FRAME_SAMPLES * FRAME_SAMPLES
            for at in range(0, whole, FRAME_SAMPLES):
                later = (len(sound) - at - FRAME_SAMPLES) / OPUS_RATE_HZ
                blocks.append((sound[at : at + FRAME_SAMPLES], captured_s - later))
            self._partial = sound[whole:]
        return blocks

    def close(self) -> None:
        """Close it at once."""
        close_stream(self._stream)

    def _mono(self, data: bytes) -> Samples:
        sound = from_pcm(np.frombuffer(data, np.int16))
        if self._channels > 1:
            sound = sound.reshape(-1, self._channels).mean(axis=1, dtype=np.float32)
        return sound if self._up is None else self._up.resample(sound)

    # -- PortAudio's thread ----------------------------------------------------------------------

    def _called(self, data: Any, frames: int, time: Any, status: Any) -> None:
        now = self._now()
        age_s = time.currentTime - time.inputBufferAdcTime - frames / self.rate_hz
        captured_s = now - age_s if 0 <= age_s < _MAX_AGE_S else now
        if status.input_overflow:
            self.overflows += 1
        if len(self._waiting) >= _MAX_WAITING:
            self._waiting.popleft()
            self.lost += 1
        samples: Pcm = np.frombuffer(data, np.int16)
        self._levels.append(int(np.abs(samples[::4].astype(np.int32)).max(initial=0)))
        self._waiting.append((bytes(data), captured_s))
        self.called_s = now

    def _ended(self) -> None:
        self._has_ended = True
