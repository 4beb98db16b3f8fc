"""What was heard of one speaker and is still needed: packets for the clip, sound for the models.

Outside of a turn it holds at most a second, for the beginning of the next; in a turn, its packets,
and the last eight seconds of its sound. When the turn is over, all of that is dropped.
"""

from collections import deque
from typing import Final

import numpy as np

from audio.constants import FRAME_MS, SPEECH_RATE_HZ
from audio.samples import Samples
from audio.speech_events import Clip
from audio.turn_detector import LISTENS_MS

PRE_ROLL_MS: Final = 300
"""A soft first syllable is noticed late: so much from before the first sure speech is kept."""
_WAITING: Final = 1_000 // FRAME_MS
_PER_MS: Final = SPEECH_RATE_HZ // 1000


class TurnAudioBuffer:
    """The recent past of one speaker.

    Args:
        user_id: Who.
    """

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id
        self._recent: deque[tuple[bytes, Samples, float]] = deque(maxlen=_WAITING)
        self._turn: list[bytes] = []
        self._sound: deque[Samples] = deque(maxlen=LISTENS_MS // FRAME_MS)
        self._in_turn = False
        self._in_clip = 0
        self._began_s = 0.0

    def add(self, opus: bytes, samples: Samples, arrived_s: float) -> None:
        """Take a packet and its sound, 16 kHz."""
        self._recent.append((opus, samples, arrived_s))
        if self._in_turn:
            self._turn.append(opus)
            self._sound.append(samples)

    def begin(self, lead: int) -> float:
        """A turn has begun `lead` samples before the end of what was added; when that came."""
        turn: list[tuple[bytes, Samples]] = []
        heard = 0
        self._began_s = self._recent[-1][2] if self._recent else 0.0
        for opus, samples, arrived_s in reversed(self._recent):
            if heard >= lead + PRE_ROLL_MS * _PER_MS:
                break
            if heard < lead:
                self._began_s = arrived_s
            turn.append((opus, samples))
            heard += len(samples)
        turn.reverse()
        self._turn = [opus for opus, _ in turn]
        self._sound.extend(samples for _, samples in turn)
        self._in_turn = True
        return self._began_s

    def clip(self, *, speech_ms: int, ended_s: float) -> Clip:
        """All of the turn up to now."""
        self._in_clip = len(self._turn)
        return Clip(self._user_id, tuple(self._turn), speech_ms, self._began_s, ended_s)

    def sound(self, *, more_silence_ms: int) -> Samples:
        """The turn's last eight seconds, and some silence after them; 16 kHz."""
        silence = np.zeros(more_silence_ms * _PER_MS, np.float32)
        return np.concatenate([*self._sound, silence])

    def end(self) -> None:
        """Drop the turn. What came after its last clip stays: it may begin the next."""
        later = len(self._turn) - self._in_clip
        while len(self._recent) > later:
            self._recent.popleft()
        self._turn, self._in_turn, self._in_clip = [], False, 0
        self._sound.clear()

    def clear(self) -> None:
        """Drop everything."""
        self.end()
        self._recent.clear()
