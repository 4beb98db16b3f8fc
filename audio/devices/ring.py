"""Samples between one thread that makes them and one that plays them, without a lock. Pure.

Each side moves its own count only, and the counts never go back: what one of them reads of the
other's is at worst a moment old.
"""

import numpy as np

from audio.samples import Pcm


class PcmRing:
    """A bounded queue of samples.

    Args:
        capacity: The most that can wait.
    """

    def __init__(self, capacity: int) -> None:
        self._samples: Pcm = np.zeros(capacity, np.int16)
        self._written = 0
        self._read = 0

    @property
    def written(self) -> int:
        """How many samples were ever put in."""
        return self._written

    @property
    def taken(self) -> int:
        """How many samples were ever taken out, or thrown away."""
        return self._read

    @property
    def waiting(self) -> int:
        """How many samples wait."""
        return self._written - self._read

    @property
    def room(self) -> int:
        """How many more can wait."""
        return len(self._samples) - self.waiting

    def write(self, samples: Pcm) -> int:
        """Put samples in; how many there was room for. For the making thread."""
        count = min(len(samples), self.room)
        at = self._written % len(self._samples)
        first = min(count, len(self._samples) - at)
        self._samples[at : at + first] = samples[:first]
        self._samples[: count - first] = samples[first:count]
        self._written += count
        return count

    def read(self, count: int) -> Pcm:
        """Take so many out, or as many as there are. For the playing thread."""
        taken = self.peek(count)
        self._read += len(taken)
        return taken

    def peek(self, count: int) -> Pcm:
        """The next so many, or as many as there are; they stay. For the playing thread."""
        count = min(count, self.waiting)
        at = self._read % len(self._samples)
        first = min(count, len(self._samples) - at)
        return np.concatenate((self._samples[at : at + first], self._samples[: count - first]))

    def drop(self, before: int) -> None:
        """Throw away what was put in before `written` was this. For the playing thread."""
        self._read = max(self._read, before)
