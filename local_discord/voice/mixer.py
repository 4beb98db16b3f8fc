"""Several voices become one stream, 20 ms at a time. Pure.

There is no beat: a piece leaves as soon as everybody who is speaking has given theirs, so one voice
alone is never put off. Whoever is late is waited for, 20 ms at most, and comes in a piece later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from audio.constants import FRAME_S, FRAME_SAMPLES
from audio.samples import Samples

MAX_WAITING_SAMPLES = 10 * FRAME_SAMPLES
"""How far one voice may fall behind; then its oldest sound is dropped."""


@dataclass(slots=True)
class _Voice:
    speaking: bool = True
    waiting: Samples = field(default_factory=lambda: np.zeros(0, np.float32))


class Mixer:
    """Adds the voices of a call: mono, float32 from -1 to 1, 48 kHz."""

    def __init__(self) -> None:
        self._voices: dict[int, _Voice] = {}
        self._since = 0.0

    def __len__(self) -> int:
        """How many voices are speaking, or have something left to be heard."""
        return len(self._voices)

    def put(self, voice: int, samples: Samples, now: float) -> None:
        """Add to a voice what it says next.

        Args:
            voice: Whose; any number.
            samples: Of any length.
            now: Monotonic seconds.
        """
        if not any(len(one.waiting) >= FRAME_SAMPLES for one in self._voices.values()):
            self._since = now
        one = self._voices.setdefault(voice, _Voice())
        one.speaking = True
        one.waiting = np.concatenate([one.waiting, samples])[-MAX_WAITING_SAMPLES:]

    def stop(self, voice: int) -> None:
        """A voice has fallen silent: what it said is heard out, and nobody waits for it."""
        one = self._voices.get(voice)
        if one is None:
            return
        one.speaking = False
        if odd := len(one.waiting) % FRAME_SAMPLES:
            rest = np.zeros(FRAME_SAMPLES - odd, np.float32)
            one.waiting = np.concatenate([one.waiting, rest])

    def pull(self, now: float) -> list[Samples]:
        """The pieces that are due, `FRAME_SAMPLES` long."""
        pieces = []
        while self._is_due(now):
            pieces.append(self._piece())
            self._since = now
        for voice in [v for v, one in self._voices.items() if not one.speaking]:
            if not len(self._voices[voice].waiting):
                del self._voices[voice]
        return pieces

    def _is_due(self, now: float) -> bool:
        late = [one.speaking and len(one.waiting) < FRAME_SAMPLES for one in self._voices.values()]
        there = [len(one.waiting) >= FRAME_SAMPLES for one in self._voices.values()]
        return any(there) and (not any(late) or now - self._since >= FRAME_S)

    def _piece(self) -> Samples:
        mixed = np.zeros(FRAME_SAMPLES, np.float32)
        for one in self._voices.values():
            if len(one.waiting) >= FRAME_SAMPLES:
                mixed += one.waiting[:FRAME_SAMPLES]
                one.waiting = one.waiting[FRAME_SAMPLES:]
        return np.clip(mixed, -1, 1)
