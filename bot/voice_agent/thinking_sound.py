"""When a cue tells somebody who waits that the assistant is working on the answer. Pure."""

from dataclasses import dataclass

from bot.voice_agent.events import Cue
from bot.voice_agent.options import DEFAULT_OPTIONS, ThinkingSoundOptions


@dataclass(slots=True)
class ThinkingSound:
    """The cues of the turn that has the floor."""

    options: ThinkingSoundOptions = DEFAULT_OPTIONS.thinking_sound
    _since_s: float = -1.0
    _has_listened: bool = False
    _next_s: float = 0.0
    _gap_s: float = 0.0

    def due(self, since_s: float, now_s: float, *, is_cold_start: bool) -> Cue | None:
        """The cue to play now, if any. Call this only while nobody speaks and nothing plays.

        Args:
            since_s: Since when the turn is surely over; another time means another turn.
            now_s: The current time.
            is_cold_start: The service has to start a worker first.
        """
        options = self.options
        if since_s != self._since_s:
            self._since_s, self._has_listened = since_s, False
            self._next_s, self._gap_s = since_s + options.thinking_after_s, options.min_repeat_s
        if now_s >= self._next_s:
            self._has_listened = True
            self._next_s, self._gap_s = now_s + self._gap_s, self._gap_s * 2
            return Cue.WAITING if is_cold_start else Cue.THINKING
        if not self._has_listened and now_s >= since_s + options.listening_after_s:
            self._has_listened = True
            return Cue.LISTENING
        return None
