"""Sound as arrays."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono sound: shape (n,), from -1 to 1."""

Pcm = NDArray[np.int16]
"""Mono sound as 16-bit integers: shape (n,)."""

FULL_SCALE: Final = 32_768


def to_pcm(samples: Samples | Pcm) -> Pcm:
    """Convert to 16 bits; values beyond full scale are clipped."""
    if samples.dtype == np.int16:
        return samples.astype(np.int16, copy=False)
    return (np.clip(samples, -1, 1) * (FULL_SCALE - 1)).astype(np.int16)


def from_pcm(pcm: Pcm) -> Samples:
    """Convert from 16 bits."""
    samples: Samples = pcm.astype(np.float32)
    samples *= np.float32(1 / FULL_SCALE)
    return samples
