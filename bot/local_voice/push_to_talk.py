"""What a press of the talk key, its repeats and its release mean. Pure.

One rule serves every terminal. A press starts a turn; a release after 250 ms ends it; otherwise the
next press ends it. So a person can hold the key while they talk, or tap it twice.

Most terminals report no release, but repeat a held key after a pause of a quarter to a whole
second. The first repeat looks like the next press. If more follow, the key is held, and the turn
continues until they cease. How fast they follow, and how evenly, is learned from the key itself
(`key_rhythm`); from then on the first repeat is known for what it is.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from bot.local_voice.key_rhythm import MAX_DELAY_S, MAX_JITTER_S, MAX_PERIOD_S, KeyRhythm

HOLD_S: Final = 0.25
"""A key that is held for longer ends the turn when it is released."""
REPEAT_S: Final = 0.12
"""Nobody taps so fast: a press this soon after another is a repeat, or a bounce of the key."""
PAIR_S: Final = 0.02
"""X11 reports each repeat as a release and a press; nobody lets go for so short a time."""
BOUNCES: Final = 2
"""More presses than this at once are repeats that a slow line held up."""


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
    SPENT = auto()  # still held after its turn was stopped: its repeats mean nothing


@dataclass(slots=True)
class TalkKey:
    """One key. `down`, `up` and `tick` take the monotonic clock's time in seconds."""

    _state: _State = _State.IDLE
    _rhythm: KeyRhythm = field(default_factory=KeyRhythm)
    _pressed_s: float = 0.0
    _latest_s: float = float("-inf")
    _released_s: float = float("-inf")
    _ceased_s: float = float("-inf")
    _quick: int = 0

    @property
    def is_talking(self) -> bool:
        """Whether the key is recording a turn."""
        return self._state in (_State.DOWN, _State.LATCHED, _State.REPEATING)

    def down(self, at_s: float) -> Act | None:
        """Handle a press or a repeat."""
        gap_s, self._latest_s = at_s - self._latest_s, at_s
        self._quick = self._quick + 1 if gap_s < REPEAT_S else 0
        if at_s - self._released_s < PAIR_S:
            return self._down_again()
        match self._state:
            case _State.IDLE:
                return self._down_idle(at_s, gap_s)
            case _State.DOWN | _State.LATCHED:
                return self._down_talking(at_s, gap_s)
            case _State.ENDED:
                return self._down_ended(at_s, gap_s)
            case _State.REPEATING:
                self._rhythm.note_gap(gap_s)
            case _State.SPENT if gap_s > self._rhythm.wait_s:
                return self._start(at_s)
        return None

    def _start(self, at_s: float) -> Act:
        self._state, self._pressed_s, self._quick = _State.DOWN, at_s, 0
        return Act.START

    def _down_again(self) -> Act | None:
        """The release before was half of a repeat."""
        self._released_s = float("-inf")
        was_ended, self._state = self._state is _State.IDLE, _State.DOWN
        return Act.RESUME if was_ended else None

    def _down_idle(self, at_s: float, gap_s: float) -> Act | None:
        if gap_s < REPEAT_S:
            return None
        is_late = not self._rhythm.is_even and at_s - self._ceased_s < self._rhythm.wait_s
        if is_late:  # the line held the repeats up for longer than ever
            self._rhythm.note_gap(gap_s)
            self._state = _State.REPEATING
            return Act.RESUME
        return self._start(at_s)

    def _down_talking(self, at_s: float, gap_s: float) -> Act | None:
        if self._state is _State.DOWN and self._is_repeat(at_s, gap_s):
            self._state = _State.REPEATING
            return None
        if gap_s < REPEAT_S:
            return None
        self._state = _State.ENDED
        return Act.END

    def _is_repeat(self, at_s: float, gap_s: float) -> bool:
        """Whether a press while the key may be down is surely a repeat."""
        if gap_s < REPEAT_S:
            return self._quick >= BOUNCES
        after_s = at_s - self._pressed_s
        return self._rhythm.is_first_delay(after_s) or self._rhythm.is_period(after_s)

    def _down_ended(self, at_s: float, gap_s: float) -> Act | None:
        """A repeat if it follows at once, or sooner than the first repeat followed the press."""
        delay_s = at_s - gap_s - self._pressed_s
        is_repeat = delay_s <= MAX_DELAY_S and gap_s <= min(delay_s + MAX_JITTER_S, MAX_PERIOD_S)
        if gap_s >= REPEAT_S and not is_repeat:
            return self._start(at_s)
        if delay_s <= MAX_DELAY_S:
            self._rhythm.delay_s = delay_s
        self._rhythm.note_gap(gap_s)
        self._state = _State.REPEATING
        return Act.RESUME

    def up(self, at_s: float) -> Act | None:
        """Handle a release."""
        self._released_s = at_s
        match self._state:
            case _State.DOWN if at_s - self._pressed_s > HOLD_S:
                self._state = _State.IDLE
                return Act.END
            case _State.REPEATING:
                self._state = _State.IDLE
                return Act.END
            case _State.DOWN:
                self._state = _State.LATCHED
            case _:
                self._released_s = float("-inf")
                if self._state in (_State.ENDED, _State.SPENT):
                    self._state = _State.IDLE
        return None

    def tick(self, now_s: float) -> Act | None:
        """End the turn of a key that no longer repeats."""
        if self._state is _State.REPEATING and now_s - self._latest_s > self._rhythm.wait_s:
            self._state, self._ceased_s = _State.IDLE, now_s
            return Act.END
        return None

    def reset(self) -> None:
        """Forget the press under way."""
        was_held = self._state in (_State.REPEATING, _State.SPENT)
        self._state = _State.SPENT if was_held else _State.IDLE
