"""Soft sounds that tell a listener what is going on, as 20 ms Opus packets."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from audio import codec
from audio.constants import OPUS_RATE_HZ
from audio.samples import Samples

_LOUDNESS: Final = 0.06
"""As a fraction of full scale: well below speech, which is around 0.3."""
_FADE_MS: Final = 12


def chime(notes: Sequence[tuple[float, int]], *, loudness: float = _LOUDNESS) -> tuple[bytes, ...]:
    """A sequence of sine tones.

    Args:
        notes: Each one's frequency in Hz (0 is a rest) and its length in milliseconds.
        loudness: The peak, from 0 to 1.
    """
    sound = np.concatenate([_note(hz, ms) for hz, ms in notes]) * np.float32(loudness)
    return codec.encode(sound, OPUS_RATE_HZ).packets


def _note(hz: float, ms: int) -> Samples:
    samples = np.arange(OPUS_RATE_HZ * ms // 1000, dtype=np.float32)
    fade = np.float32(OPUS_RATE_HZ * _FADE_MS // 1000)
    envelope = np.minimum(1, np.minimum(samples + 1, samples[::-1] + 1) / fade)
    tone: Samples = (np.sin(2 * np.pi * hz * samples / OPUS_RATE_HZ) * envelope).astype(np.float32)
    return tone
