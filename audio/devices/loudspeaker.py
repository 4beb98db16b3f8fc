"""A loudspeaker: one stream, kept open, that plays a `PlayoutQueue` with silence in between.

The device's callback only copies from a ring; another thread decodes ahead of it. A hold or a
flush takes effect within the device's own buffer.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from audio.codec import Resampler
from audio.constants import FRAME_SAMPLES, OPUS_RATE_HZ
from audio.devices.portaudio import close_stream, open_stream
from audio.devices.ring import PcmRing
from audio.errors import AudioError
from audio.opus import OpusDecoder
from audio.playout_queue import PlayoutQueue
from audio.samples import Pcm, from_pcm, to_pcm

_AHEAD: Final = OPUS_RATE_HZ * 60 // 1000
"""How far decoding runs ahead of the device."""
_FADE: Final = OPUS_RATE_HZ * 5 // 1000
"""5 ms: audio that starts or ends without a fade clicks."""
_WAIT_S: Final = 0.05
_MAX_PLAYED: Final = 100
"""Played blocks kept for the echo canceller: two seconds at most."""


class Loudspeaker:
    """An open loudspeaker.

    Attributes:
        called_s: When it last called back; None if never.
        starved: How many times playback was interrupted because decoding was late.
        underflows: How many times the system has reported that it ran out of audio.

    Raises:
        DeviceError: It cannot be opened.
    """

    def __init__(self, name: str | None, playout: PlayoutQueue, now: Callable[[], float]) -> None:
        self.called_s: float | None = None
        self.starved = self.underflows = 0
        self._now = now
        self._playout = playout
        self._ring = PcmRing(OPUS_RATE_HZ // 2)
        # The flush generation being played, and the ring position where it starts.
        self._fresh = playout.flush_generation, 0
        self._was_sounding = False
        self._played: deque[tuple[Pcm, float]] = deque(maxlen=_MAX_PLAYED)
        self._has_ended = False
        self._stop = threading.Event()
        self.rate_hz = OPUS_RATE_HZ  # callbacks start before `open_stream` returns
        self._stream, self.rate_hz, _ = open_stream(
            "output", name, self._called, self._ended, rate_hz=OPUS_RATE_HZ, block=FRAME_SAMPLES
        )
        self._down = self._up = None
        if self.rate_hz != OPUS_RATE_HZ:
            self._down = Resampler(OPUS_RATE_HZ, self.rate_hz)
            self._up = Resampler(self.rate_hz, OPUS_RATE_HZ)
        self._feeder = threading.Thread(target=self._feed, name="loudspeaker", daemon=True)
        self._feeder.start()

    @property
    def is_active(self) -> bool:
        """Whether PortAudio says that it runs."""
        return not self._has_ended and bool(self._stream.active)

    @property
    def xruns(self) -> int:
        """How many times playback was interrupted."""
        return self.underflows + self.starved

    @property
    def latency_s(self) -> float:
        """The output latency, as the system reports it."""
        return float(self._stream.latency)

    def played(self) -> list[tuple[Pcm, float]]:
        """What was played since the last call, silence included, and when; 48 kHz, mono."""
        taken = []
        while self._played:
            sound, at_s = self._played.popleft()
            if self._up is not None:
                sound = to_pcm(self._up.resample(from_pcm(sound)))
            taken.append((sound, at_s))
        return taken

    def close(self) -> None:
        """Close it at once."""
        self._stop.set()
        close_stream(self._stream)
        self._feeder.join()

    # -- the decoding thread ----------------------------------------------------------------------

    def _feed(self) -> None:
        decoder, utterance_id = OpusDecoder(OPUS_RATE_HZ), None
        while not self._stop.is_set():
            ahead = self._ring.waiting
            if ahead > _AHEAD * self.rate_hz // OPUS_RATE_HZ:
                self._stop.wait(0.01)
                continue
            taken = self._playout.pull(self._now() + ahead / self.rate_hz + self.latency_s)
            if taken is None:
                self._playout.wait(_WAIT_S)
                continue
            if taken.utterance_id != utterance_id:  # another Opus stream
                decoder.close()
                decoder, utterance_id = OpusDecoder(OPUS_RATE_HZ), taken.utterance_id
            sound = self._decoded(decoder, taken.opus)
            if taken.flush_generation != self._fresh[0]:
                self._fresh = taken.flush_generation, self._ring.written
            self._ring.write(sound)
        decoder.close()

    def _decoded(self, decoder: OpusDecoder, packet: bytes) -> Pcm:
        try:
            sound = decoder.decode(packet)
        except AudioError:
            sound = decoder.conceal(FRAME_SAMPLES)
        return to_pcm(sound if self._down is None else self._down.resample(sound))

    # -- PortAudio's thread ----------------------------------------------------------------------

    def _called(self, out: Any, frames: int, _time: Any, status: Any) -> None:
        if status.output_underflow:
            self.underflows += 1
        sound = self._next(frames)
        mono = np.zeros(frames, np.int16)
        mono[: len(sound)] = sound
        self._played.append((mono, self._now()))
        channels = len(out) // mono.nbytes
        out[:] = (mono if channels == 1 else np.repeat(mono, channels)).tobytes()
        self.called_s = self._now()

    def _next(self, frames: int) -> Pcm:
        """The next samples; fewer than `frames` if silence follows."""
        written = self._ring.written  # before `_fresh`: samples written in between may be wanted
        generation, begins = self._fresh
        stale_to = begins if generation == self._playout.flush_generation else written
        if stale_to > self._ring.taken or self._playout.is_held:
            return self._fall_silent(stale_to)
        sound = self._ring.read(frames)
        if self._was_sounding and len(sound) < frames and not self._playout.progress().drained:
            self.starved += 1
        elif len(sound) and not self._was_sounding:
            sound = _ramped(sound, rising=True)
        self._was_sounding = len(sound) == frames
        return sound

    def _fall_silent(self, stale_to: int) -> Pcm:
        """Fade out; drop what was flushed, and keep what is held."""
        sound = self._ring.peek(_FADE if self._was_sounding else 0)
        self._ring.drop(stale_to)
        self._was_sounding = False
        return _ramped(sound, rising=False)

    def _ended(self) -> None:
        self._has_ended = True


def _ramped(sound: Pcm, *, rising: bool) -> Pcm:
    """Fade in, or fade out, within 5 ms."""
    length = min(_FADE, len(sound))
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    envelope = np.ones(len(sound), np.float32)
    if rising:
        envelope[:length] = ramp
    else:
        envelope[len(sound) - length :] = ramp[::-1]
    ramped: Pcm = (sound * envelope).astype(np.int16)
    return ramped
