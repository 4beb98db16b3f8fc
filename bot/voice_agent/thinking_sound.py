"""When a cue tells somebody who waits that the assistant is working on the answer. Pure."""

from dataclasses import dataclass

from bot.voice_agent.events import Cue
from bot.voice_agent.options import DEFAULT_OPTIONS
from bot.voice_agent.options.thinking_sound import ThinkingSoundOptions
from bot.voice_agent.turn_state import UserTurn


@dataclass(slots=True)
class ThinkingSound:
    """The cues of the turn that has the floor."""

    options: ThinkingSoundOptions = DEFAULT_OPTIONS.thinking_sound
    _since_s: float = -1.0
    _has_listened: bool = False
    _next_s: float = 0.0
    _gap_s: float = 0.0

    def due(self, turn: UserTurn, now_s: float) -> Cue | None:
        """The cue to play now, if any. Call this only while nobody speaks and nothing plays.

        Args:
            turn: The turn that has the floor. Another end of it, or another turn, starts anew.
            now_s: The current time.
        """
        options, since_s = self.options, turn.is_over_since_s
        if since_s != self._since_s:
            self._since_s, self._has_listened = since_s, False
            self._next_s, self._gap_s = since_s + options.thinking_after_s, options.min_repeat_s
        if now_s >= self._next_s:
            self._has_listened = True
            self._next_s, self._gap_s = now_s + self._gap_s, self._gap_s * 2
            return Cue.WAITING if turn.awaits_worker else Cue.THINKING
        if not self._has_listened and now_s >= since_s + options.listening_after_s:
            self._has_listened = True
            return Cue.LISTENING
        return None
