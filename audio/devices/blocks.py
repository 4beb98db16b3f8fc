"""What a microphone gives."""

from dataclasses import dataclass
from typing import Final

from audio.ogg import FRAME_SAMPLES, OPUS_RATE_HZ
from audio.samples import Samples

RATE_HZ: Final = OPUS_RATE_HZ
BLOCK: Final = FRAME_SAMPLES
"""Samples in a block: 20 ms at 48 kHz."""
BLOCK_S: Final = BLOCK / RATE_HZ
FULL_SCALE: Final = 32_768


@dataclass(frozen=True, slots=True)
class Block:
    """20 ms of a microphone: 48 kHz, mono.

    Attributes:
        raw: As it was captured; shape (960,), from -1 to 1.
        near: The same without the echo of the loudspeaker; None while that is silent.
        captured_s: When its last sample was captured, in seconds of the monotonic clock.
    """

    raw: Samples
    near: Samples | None
    captured_s: float
