"""What a microphone gives."""

from dataclasses import dataclass

from audio.samples import Samples


@dataclass(frozen=True, slots=True)
class Block:
    """20 ms of a microphone: 48 kHz, mono.

    Attributes:
        raw: As captured; shape (960,).
        near: The same without the echo of the loudspeaker; None while that is silent.
        captured_s: When its last sample was captured, in seconds of the monotonic clock.
    """

    raw: Samples
    near: Samples | None
    captured_s: float
