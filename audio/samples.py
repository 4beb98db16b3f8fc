"""Sound as arrays."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono sound: shape (n,), from -1 to 1."""

Pcm = NDArray[np.int16]
"""Mono sound as 16 bit numbers: shape (n,)."""

SPEECH_RATE_HZ = 16_000
"""What speech models take."""
