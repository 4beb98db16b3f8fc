"""What a press of the talk key, its repeats and its release mean. Pure.

One rule serves every terminal. A press starts a turn; a release after 250 ms ends it; otherwise the
next press ends it. So a person can hold the key while they talk, or tap it twice.

Most terminals report no release, but repeat a held key after a pause of a quarter to two thirds of
a second. The first repeat looks like the next press. If more follow at once, the key is held, and
the turn continues until they cease.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

HOLD_S: Final = 0.25
"""A key that is held for longer ends the turn when it is released."""
REPEAT_S: Final = 0.12
"""Keys repeat faster than this, and nobody taps that fast."""
CEASED_S: Final = 0.2
"""A held key that has not repeated for this long was released."""


class Act(Enum):
    """What to do. RESUME: continue the turn that END ended too early."""

    START = auto()
    END = auto()
    RESUME = auto()


class _State(Enum):
    IDLE = auto()
    DOWN = auto()  # pressed, and perhaps held
    LATCHED = auto()  # tapped: the turn continues until the next press
    ENDED = auto()  # by a second press, which may turn out to be a repeat
    REPEATING = auto()  # held in a terminal that reports no release


@dataclass(slots=True)
class TalkKey:
    """One key. `down`, `up` and `tick` take the monotonic clock's time in seconds."""

    _state: _State = _State.IDLE
    _pressed_s: float = 0.0
    _latest_s: float = float("-inf")

    @property
    def is_talking(self) -> bool:
        """Whether the key is recording a turn."""
        return self._state in (_State.DOWN, _State.LATCHED, _State.REPEATING)

    def down(self, at_s: float) -> Act | None:
        """Handle a press or a repeat."""
        is_repeat = at_s - self._latest_s < REPEAT_S
        self._latest_s = at_s
        match self._state:
            case _State.IDLE if not is_repeat:
                self._state, self._pressed_s = _State.DOWN, at_s
                return Act.START
            case _State.DOWN | _State.LATCHED if not is_repeat:
                self._state = _State.ENDED
                return Act.END
            case _State.ENDED if is_repeat:
                self._state = _State.REPEATING
                return Act.RESUME
            case _State.ENDED:
                self._state, self._pressed_s = _State.DOWN, at_s
                return Act.START
        return None

    def up(self, at_s: float) -> Act | None:
        """Handle a release."""
        match self._state:
            case _State.DOWN if at_s - self._pressed_s > HOLD_S:
                self._state = _State.IDLE
                return Act.END
            case _State.REPEATING:
                self._state = _State.IDLE
                return Act.END
            case _State.DOWN:
                self._state = _State.LATCHED
            case _State.ENDED:
                self._state = _State.IDLE
        return None

    def tick(self, now_s: float) -> Act | None:
        """End the turn of a key that no longer repeats."""
        if self._state is _State.REPEATING and now_s - self._latest_s > CEASED_S:
            self._state = _State.IDLE
            return Act.END
        return None

    def reset(self) -> None:
        """Forget the press under way."""
        self._state = _State.IDLE
