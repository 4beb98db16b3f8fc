"""A circuit breaker: a service that fails again and again is left alone for a while. Pure.

::

    CLOSED ──FAILURES in a row──▶ OPEN ──its pause is over──▶ TRYING: one call is let through
       ▲                           ▲                            │
       │                           └─────it failed, too─────────┤  (the next pause is longer)
       └───────────────────a worker has it, or it went well─────┘

A worker that has taken a try is proof enough to let others through, for a build takes an hour; but
until one has gone well, the next fault opens it again.

Only what speaks of the service counts: that it cannot be reached, gives no usable answer, or that
the platform gave a job up. A worker's own failure, a person's bad input, a budget, or somebody's
stopping says nothing of it either way.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from bot.errors import (
    DeadlineExceeded,
    EndpointNotFound,
    JobFailed,
    KeyRefused,
    OutputLost,
    ServiceDown,
    ServiceUnreachable,
)

FAILURES: Final = 3
"""So many failures in a row open it."""
IN_A_ROW_S: Final = 300.0
"""Failures further apart than this are no row."""
FIRST_PAUSE_S: Final = 5.0
MAX_PAUSE_S: Final = 120.0
TRY_S: Final = 30.0
"""When a call that was let through has not ended by then, another one is: a queue may be long."""
_JITTER: Final = 0.2


class Verdict(Enum):
    """What the end of a call says of its service."""

    WELL = "well"
    FAULT = "fault"
    NOTHING = "nothing"


class State(Enum):
    """Whether calls are let through."""

    CLOSED = "closed"
    OPEN = "open"
    TRYING = "trying"


def verdict(error: BaseException | None, *, has_run: bool = False) -> Verdict:
    """What the end of a call says of its service.

    Args:
        error: What ended it; None: all went well.
        has_run: Whether a worker had it.
    """
    match error:
        case None:
            return Verdict.WELL
        case KeyRefused() | EndpointNotFound() | ServiceDown():
            return Verdict.NOTHING  # it answers; only the settings can be mended
        case DeadlineExceeded() if has_run:
            return Verdict.NOTHING  # a long job, which was given less time than it takes
        case ServiceUnreachable() | DeadlineExceeded() | OutputLost():
            return Verdict.FAULT
        case JobFailed() if not error.service_code:
            return Verdict.FAULT  # the platform's words, not the worker's
    return Verdict.NOTHING


@dataclass(slots=True)
class Breaker:
    """One service's. All times are seconds of the monotonic clock.

    Attributes:
        rng: For jitter: 0 to 1.
        first_pause_s: How long it is left alone at first; each time in a row twice as long.
        longest_pause_s: How long at most.
        state: Whether calls are let through.
        attempt: Which try was let through last, counted from 1; 0: none yet.
    """

    rng: Callable[[], float] = random.random
    first_pause_s: float = FIRST_PAUSE_S
    longest_pause_s: float = MAX_PAUSE_S
    state: State = State.CLOSED
    attempt: int = 0
    _failures: int = 0
    _failed_s: float = field(default=float("-inf"))
    _pauses: int = 0
    _again_s: float = 0.0

    def wait_s(self, now: float) -> float:
        """How long until a call is let through; 0: now."""
        return 0.0 if self.state is State.CLOSED else max(0.0, self._again_s - now)

    def admit(self, now: float) -> float:
        """A call wants to be made: 0 when it may, else in how many seconds another may try."""
        wait_s = self.wait_s(now)
        if wait_s == 0 and self.state is not State.CLOSED:
            self.state = State.TRYING
            self._again_s = now + TRY_S
            self.attempt += 1
        return wait_s

    def taken(self, now: float, *, attempt: int) -> None:
        """A worker has a call: when it is the try, the others need not wait for its end.

        Args:
            now: When.
            attempt: Which try the call is; 0: none.
        """
        if self.state is State.TRYING and attempt == self.attempt:
            self.state, self._failures, self._failed_s = State.CLOSED, FAILURES - 1, now

    def ended(self, verdict: Verdict, now: float, *, attempt: int = 0) -> None:
        """A call has ended.

        Args:
            verdict: What that says of the service.
            now: When.
            attempt: Which try the call was; 0: none, it was let through while all were.
        """
        if verdict is Verdict.WELL:
            self.state, self._failures, self._pauses = State.CLOSED, 0, 0
        elif self.state is State.TRYING and not attempt:
            return  # from before the outage: only a try tells whether it is over
        elif verdict is Verdict.FAULT:
            self._count(now)
        elif self.state is State.TRYING and attempt == self.attempt:
            self._again_s = now  # it told nothing: let another one try

    def _count(self, now: float) -> None:
        if now - self._failed_s > IN_A_ROW_S:
            self._failures = 0
        self._failures += 1
        self._failed_s = now
        if self.state is State.OPEN:
            return  # one that was under way before
        if self.state is State.TRYING or self._failures >= FAILURES:
            self.state = State.OPEN
            pause_s = min(self.longest_pause_s, self.first_pause_s * 2.0**self._pauses)
            self._again_s = now + pause_s * (1 + _JITTER * (2 * self.rng() - 1))
            self._pauses = min(self._pauses + 1, 16)
