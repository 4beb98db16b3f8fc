"""What a Discord client makes of a person's voice: packets, and nothing at all in the pauses.

The client listens for voice itself. In a pause it goes on for its hangover, then sends five silence
frames, then nothing; the timestamps of what comes later have moved on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from audio import codec
from audio.codec import Samples
from audio.frames import LostSpeech, SilenceBegan, SpeechFrame, SpeechPacket
from audio.ogg import FRAME_SAMPLES, OPUS_RATE_HZ

FRAME_S = 0.02
SILENCE_FRAMES = 5


class PyavDecoder:
    """One speaker's decoder, with FFmpeg's libopus; a gap is silence."""

    def __init__(self) -> None:
        import av

        self._av = av
        self._codec = av.CodecContext.create("libopus", "r")
        self._codec.sample_rate = OPUS_RATE_HZ
        self._codec.layout = "mono"
        self._resampler = av.AudioResampler("flt", "mono", codec.SPEECH_RATE_HZ, frame_size=320)

    def decode(self, packet: bytes) -> Samples:
        out = [np.zeros(0, np.float32)]
        for frame in self._codec.decode(self._av.Packet(packet)):
            frame.pts = None
            out += [piece.to_ndarray()[0] for piece in self._resampler.resample(frame)]
        return np.concatenate(out)

    def conceal(self, samples_48k: int) -> Samples:
        return np.zeros(samples_48k // 3, np.float32)

    def close(self) -> None:
        self._codec = None


@dataclass(frozen=True)
class Spoken:
    """What somebody says, in 20 ms steps: a packet, or None while their client is silent."""

    packets: tuple[bytes | None, ...]

    @property
    def seconds(self) -> float:
        return len(self.packets) * FRAME_S

    def last_voice_s(self) -> float:
        """When the last packet that is no silence has been sent."""
        last = max(i for i, packet in enumerate(self.packets) if packet is not None)
        return (last + 1) * FRAME_S


def say(samples: Samples, *, hangover_s: float = 0.2, gate_db: float = -45.0) -> Spoken:
    """Speech at 16 kHz as a client sends it.

    Args:
        samples: The sound, with its pauses.
        hangover_s: For how long the client goes on in a pause.
        gate_db: What it takes for voice, beside the loudest 20 ms.
    """
    packets = codec.encode(samples, codec.SPEECH_RATE_HZ, bitrate=64_000).packets
    voiced = voice_frames(samples, gate_db=gate_db)
    voiced = np.pad(voiced, (0, max(0, len(packets) - len(voiced))))
    hangover = round(hangover_s / FRAME_S)
    quiet = hangover + 1
    sent: list[bytes | None] = []
    for packet, voice in zip(packets, voiced, strict=False):
        quiet = 0 if voice else quiet + 1
        sent.append(packet if quiet <= hangover else None)
    return Spoken(tuple(sent))


def voice_frames(samples: Samples, *, gate_db: float = -45.0) -> np.ndarray:
    """Which 20 ms of it are loud enough to be voice, beside its loudest."""
    size = round(FRAME_S * codec.SPEECH_RATE_HZ)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    power = (frames**2).mean(1)
    return power > power.max() * 10 ** (gate_db / 10)


def pull(
    user_id: int,
    spoken: Spoken,
    *,
    start_s: float = 100.0,
    delay_s: float = 0.06,
    lost: Iterable[int] = (),
) -> Iterator[tuple[float, list[SpeechFrame]]]:
    """What a receiver hands on every 20 ms: (now, frames).

    Args:
        user_id: Who.
        spoken: What they say.
        start_s: When the first packet came.
        delay_s: How long the receiver keeps packets back, to put them in order.
        lost: Which steps' packets did not come.
    """
    missing = set(lost)
    silent = True
    for step, packet in enumerate(spoken.packets):
        arrived_s = start_s + step * FRAME_S
        timestamp = step * FRAME_SAMPLES
        frames: list[SpeechFrame] = []
        if packet is None and not silent:
            frames.append(SilenceBegan(user_id, timestamp, arrived_s + delay_s))
        elif packet is not None and step in missing:
            frames.append(LostSpeech(user_id, timestamp, FRAME_SAMPLES))
        elif packet is not None:
            frames.append(SpeechPacket(user_id, timestamp, packet, arrived_s))
        silent = packet is None
        yield arrived_s + delay_s, frames
    end = start_s + len(spoken.packets) * FRAME_S + delay_s
    if not silent:
        yield end, [SilenceBegan(user_id, len(spoken.packets) * FRAME_SAMPLES, end)]
    for step in range(1, round(4 / FRAME_S)):
        yield end + step * FRAME_S, []
