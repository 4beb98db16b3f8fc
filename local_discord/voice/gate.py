"""A client's microphone as it is spoken into: which 20 ms are sent, decided frame by frame.

It opens with the frames from just before speech, closes some time after it, and then sends five
frames of silence, as `clips` does for a recording of which it knows the end.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, NamedTuple, TypeVar

from .clips import SILENCE_FRAMES, Microphone

T = TypeVar("T")


class Passed(NamedTuple, Generic[T]):
    """One frame that is sent now.

    Attributes:
        ago: How many frames ago it was recorded.
        frame: The recording; None is a frame of silence.
        voiced: Whether it is speech itself.
    """

    ago: int
    frame: T | None
    voiced: bool


class Gate(Generic[T]):
    """One microphone, a frame at a time.

    Args:
        microphone: Its settings; with push-to-talk, whatever comes is sent.
    """

    def __init__(self, microphone: Microphone) -> None:
        self.microphone = microphone
        self._before: deque[T] = deque(maxlen=microphone.leading)
        self._open = False
        self._left = 0
        self._silence = 0

    @property
    def is_open(self) -> bool:
        """Whether it sends what it hears."""
        return self._open

    def take(self, frame: T, level_db: float) -> list[Passed[T]]:
        """The next 20 ms, and how loud they are in dBFS; what is sent now, the oldest first."""
        threshold_db = self.microphone.threshold_db
        if threshold_db is None or level_db > threshold_db:
            return self._speaks(frame)
        if self._left:
            self._left -= 1
            return [Passed(0, frame, voiced=False)]
        if self._open:
            self._open, self._silence = False, SILENCE_FRAMES
        if self._silence:
            self._silence -= 1
            return [Passed(0, None, voiced=False)]
        self._before.append(frame)
        return []

    def _speaks(self, frame: T) -> list[Passed[T]]:
        before = list(self._before)
        self._before.clear()
        self._open, self._silence = True, 0
        self._left = 0 if self.microphone.threshold_db is None else self.microphone.trailing
        early = [Passed(len(before) - i, one, voiced=False) for i, one in enumerate(before)]
        return [*early, Passed(0, frame, voiced=True)]

    def close(self) -> int:
        """Close at once, as whoever mutes themselves does: how many frames of silence are due."""
        due = SILENCE_FRAMES if self._open else self._silence
        self._open, self._left, self._silence = False, 0, 0
        self._before.clear()
        return due
