"""A lock-free ring buffer between one thread that writes samples and one that plays them. Pure.

Each side changes only its own count, and the counts never decrease: what one reads of the other's
count is at worst slightly out of date.
"""

import numpy as np

from audio.samples import Pcm


class PcmRing:
    """A bounded queue of samples.

    Args:
        capacity: How many samples can wait.
    """

    def __init__(self, capacity: int) -> None:
        self._samples: Pcm = np.zeros(capacity, np.int16)
        self._written = 0
        self._read = 0

    @property
    def written(self) -> int:
        """How many samples were ever written."""
        return self._written

    @property
    def taken(self) -> int:
        """How many samples were ever read or dropped."""
        return self._read

    @property
    def waiting(self) -> int:
        """How many samples are waiting."""
        return self._written - self._read

    @property
    def room(self) -> int:
        """How many more can wait."""
        return len(self._samples) - self.waiting

    def write(self, samples: Pcm) -> int:
        """Write as many samples as fit, and return how many did. For the writing thread."""
        count = min(len(samples), self.room)
        at = self._written % len(self._samples)
        first = min(count, len(self._samples) - at)
        self._samples[at : at + first] = samples[:first]
        self._samples[: count - first] = samples[first:count]
        self._written += count
        return count

    def read(self, count: int) -> Pcm:
        """Remove up to `count` samples. For the playing thread."""
        taken = self.peek(count)
        self._read += len(taken)
        return taken

    def peek(self, count: int) -> Pcm:
        """Up to `count` samples, without removing them. For the playing thread."""
        count = min(count, self.waiting)
        at = self._read % len(self._samples)
        first = min(count, len(self._samples) - at)
        return np.concatenate((self._samples[at : at + first], self._samples[: count - first]))

    def drop(self, before: int) -> None:
        """Drop everything written before `written` reached `before`. For the playing thread."""
        self._read = max(self._read, before)
