"""What a Discord client makes of a person's voice: packets, and nothing at all in the pauses.

The client listens for voice itself. In a pause it goes on for a quarter of a second, then sends
five silence frames, then nothing; the timestamps of what comes later have moved on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio import codec
from audio.constants import FRAME_SAMPLES, SPEECH_RATE_HZ
from audio.samples import Samples
from audio.speech_events import DtxStarted, LostSpeech, SpeechFrame, SpeechPacket

FRAME_S = 0.02
BEFORE, AFTER = round(0.05 / FRAME_S), round(0.25 / FRAME_S)
"""What a client sends from before and after what it takes for voice."""


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


def say(samples: Samples, voiced: NDArray[np.bool_] | None = None) -> Spoken:
    """Speech at 16 kHz as a client sends it.

    Args:
        samples: The sound, with its pauses.
        voiced: Which 20 ms the client takes for voice; by their loudness, when not told.
    """
    packets = codec.encode(samples, SPEECH_RATE_HZ, bitrate=64_000).packets
    voiced = voice_frames(samples) if voiced is None else voiced
    sent = np.zeros(len(packets), bool)
    for step in np.flatnonzero(voiced):
        sent[max(0, step - BEFORE) : step + AFTER + 1] = True
    steps = zip(packets, sent, strict=True)
    return Spoken(tuple(packet if voice else None for packet, voice in steps))


def voice_frames(samples: Samples, *, gate_db: float = -45.0) -> NDArray[np.bool_]:
    """Which 20 ms of it are loud enough to be voice, beside its loudest."""
    size = round(FRAME_S * SPEECH_RATE_HZ)
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
        arrived_s = start_s + (step + 1) * FRAME_S
        timestamp = step * FRAME_SAMPLES
        frames: list[SpeechFrame] = []
        if packet is None and not silent:
            frames.append(DtxStarted(user_id, timestamp, arrived_s))
        elif packet is not None and step in missing:
            frames.append(LostSpeech(user_id, timestamp, FRAME_SAMPLES))
        elif packet is not None:
            frames.append(SpeechPacket(user_id, timestamp, packet, arrived_s))
        silent = packet is None
        yield arrived_s + delay_s, frames
    end = start_s + (len(spoken.packets) + 1) * FRAME_S + delay_s
    if not silent:
        silence = DtxStarted(user_id, len(spoken.packets) * FRAME_SAMPLES, end - delay_s)
        yield end, [silence]
    for step in range(1, round(4 / FRAME_S)):
        yield end + step * FRAME_S, []
