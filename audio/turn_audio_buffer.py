"""One speaker's recent audio: packets for the clip, samples for the turn detector.

Outside a turn it holds at most a second, for the start of the next; within a turn, all packets and
the last eight seconds of samples. When the turn is over, everything is dropped.
"""

from collections import deque
from typing import Final

import numpy as np

from audio.constants import FRAME_MS, PRE_ROLL_MS, SPEECH_RATE_HZ
from audio.samples import Samples
from audio.speech_events import Clip
from audio.turn_detector import MAX_INPUT_MS

_MAX_RECENT: Final = 1_000 // FRAME_MS
_PER_MS: Final = SPEECH_RATE_HZ // 1000


class TurnAudioBuffer:
    """Holds one speaker's audio."""

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id
        self._recent: deque[tuple[bytes, Samples, float]] = deque(maxlen=_MAX_RECENT)
        self._turn: list[bytes] = []
        self._samples: deque[Samples] = deque(maxlen=MAX_INPUT_MS // FRAME_MS)
        self._in_turn = False
        self._clip_packets = 0
        self._began_s = 0.0

    def add(self, opus: bytes, samples: Samples, arrived_s: float) -> None:
        """Add a packet and its samples, 16 kHz."""
        self._recent.append((opus, samples, arrived_s))
        if self._in_turn:
            self._turn.append(opus)
            self._samples.append(samples)

    def begin(self, lead: int) -> float:
        """Begin a turn `lead` samples before the end. Returns when its first packet arrived."""
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
        self._samples.extend(samples for _, samples in turn)
        self._in_turn = True
        return self._began_s

    def clip(self, *, speech_ms: int, ended_s: float) -> Clip:
        """All of the turn so far."""
        self._clip_packets = len(self._turn)
        return Clip(self._user_id, tuple(self._turn), speech_ms, self._began_s, ended_s)

    def sound(self, *, more_silence_ms: int) -> Samples:
        """The turn's last eight seconds, followed by some silence; 16 kHz."""
        silence = np.zeros(more_silence_ms * _PER_MS, np.float32)
        return np.concatenate([*self._samples, silence])

    def end(self) -> None:
        """Drop the turn. Packets after its last clip stay: they may begin the next."""
        later = len(self._turn) - self._clip_packets
        while len(self._recent) > later:
            self._recent.popleft()
        self._turn, self._in_turn, self._clip_packets = [], False, 0
        self._samples.clear()

    def clear(self) -> None:
        """Drop everything."""
        self.end()
        self._recent.clear()
