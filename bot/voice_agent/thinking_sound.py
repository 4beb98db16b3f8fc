"""When a soft sound tells somebody who waits that they have been heard. Pure."""

from dataclasses import dataclass
from typing import Final

from bot.voice_agent.events import Cue

LISTENING_AFTER_S: Final = 0.3
"""A quicker answer needs no cue."""
THINKING_AFTER_S: Final = 1.5
AGAIN_AFTER_S: Final = 4.0
"""The least time between two cues of waiting; it doubles, so that a cold start of a minute is not a
minute of chimes."""


@dataclass(slots=True)
class ThinkingSound:
    """The cues of the turn that is being answered."""

    _since_s: float = -1.0
    _has_listened: bool = False
    _next_s: float = 0.0
    _gap_s: float = AGAIN_AFTER_S

    def due(self, since_s: float, now_s: float, *, is_cold: bool) -> Cue | None:
        """The cue to play now, if any; ask only while all is quiet.

        Args:
            since_s: Since when somebody waits for the answer's first sound; tells turns apart.
            now_s: Now.
            is_cold: The service has to be woken first.
        """
        if since_s != self._since_s:
            self._since_s, self._has_listened = since_s, False
            self._next_s, self._gap_s = since_s + THINKING_AFTER_S, AGAIN_AFTER_S
        if now_s >= self._next_s:
            self._has_listened = True
            self._next_s, self._gap_s = now_s + self._gap_s, self._gap_s * 2
            return Cue.WAITING if is_cold else Cue.THINKING
        if not self._has_listened and now_s >= since_s + LISTENING_AFTER_S:
            self._has_listened = True
            return Cue.LISTENING
        return None
