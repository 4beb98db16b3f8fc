"""The talk key, decided: what a press, its repeats and its release mean. Pure.

One rule for every terminal. A press starts; a release after 250 ms ends; otherwise the next press
ends. So whoever holds the key talks while it is held, and whoever taps it taps again.

Most terminals tell no release, but send the key again and again while it is held, after a pause of
a quarter to two thirds of a second. The first of these repeats looks like the next press. When more
follow at once it was none, and the key is held: the turn goes on until they cease.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

HOLD_S: Final = 0.25
"""A key held for longer is one that talks while it is held."""
REPEAT_S: Final = 0.12
"""Keys repeat faster than this, and nobody taps so fast."""
CEASED_S: Final = 0.2
"""A held key that has not repeated for so long has been let go."""


class Act(Enum):
    """What is to be done. RESUME: the turn that was ended has not ended."""

    START = auto()
    END = auto()
    RESUME = auto()


class _State(Enum):
    IDLE = auto()
    DOWN = auto()  # pressed; held, for all that is known
    LATCHED = auto()  # tapped: it goes on until the next press
    ENDED = auto()  # by a second press, which may turn out to be a repeat
    REPEATING = auto()  # held in a terminal that tells no release


@dataclass(slots=True)
class TalkKey:
    """One key. `down`, `up` and `tick` take the time in seconds of the monotonic clock."""

    _state: _State = _State.IDLE
    _pressed_s: float = 0.0
    _latest_s: float = float("-inf")

    @property
    def is_talking(self) -> bool:
        """Whether a turn is being recorded."""
        return self._state in (_State.DOWN, _State.LATCHED, _State.REPEATING)

    @property
    def needs_ticks(self) -> bool:
        """Whether time alone may end something."""
        return self._state is _State.REPEATING

    def down(self, at_s: float) -> Act | None:
        """The key went down, or repeats."""
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
        """The key was let go."""
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
        """Time goes by: a key that has ceased to repeat was let go."""
        if self._state is _State.REPEATING and now_s - self._latest_s > CEASED_S:
            self._state = _State.IDLE
            return Act.END
        return None

    def reset(self) -> None:
        """Whatever was begun is over."""
        self._state = _State.IDLE
