"""A circuit breaker: a service that keeps failing is not called for a while. Pure.

::

    CLOSED ──FAILURES in a row──▶ OPEN ──its pause is over──▶ TRYING: one call is let through
       ▲                           ▲                            │
       │                           └─────it failed, too─────────┤  (the next pause is longer)
       └───────────────────a worker has it, or it succeeded─────┘

A build takes an hour, so the breaker closes as soon as a worker has taken the trial call; until a
call succeeds, the next fault opens it again.

Only faults of the service count: it cannot be reached, gives no usable answer, or the platform gave
up on a job. A worker's own failure, bad input, a budget or a cancellation says nothing about it.
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
"""How many failures in a row open the breaker."""
IN_A_ROW_S: Final = 300.0
"""Failures further apart than this do not count as in a row."""
FIRST_PAUSE_S: Final = 5.0
MAX_PAUSE_S: Final = 120.0
TRY_S: Final = 30.0
"""If the trial call has not ended by then, another call is let through: a queue may be long."""
_JITTER: Final = 0.2


class Verdict(Enum):
    """What the end of a call says about its service."""

    WELL = "well"
    FAULT = "fault"
    NOTHING = "nothing"


class State(Enum):
    """Whether calls are let through."""

    CLOSED = "closed"
    OPEN = "open"
    TRYING = "trying"


def verdict(error: BaseException | None, *, has_run: bool = False) -> Verdict:
    """What the end of a call says about its service.

    Args:
        error: What ended it; None: it succeeded.
        has_run: A worker had it.
    """
    match error:
        case None:
            return Verdict.WELL
        case KeyRefused() | EndpointNotFound() | ServiceDown():
            return Verdict.NOTHING  # it answers; the settings are wrong
        case DeadlineExceeded() if has_run:
            return Verdict.NOTHING  # a long job with too short a deadline
        case ServiceUnreachable() | DeadlineExceeded() | OutputLost():
            return Verdict.FAULT
        case JobFailed() if not error.service_code:
            return Verdict.FAULT  # the platform's message, not the worker's
    return Verdict.NOTHING


@dataclass(slots=True)
class Breaker:
    """One service's breaker. All times are seconds of the monotonic clock.

    Attributes:
        rng: For jitter: 0 to 1.
        first_pause_s: The first pause; each further one in a row is twice as long.
        max_pause_s: The longest pause.
        attempt: The number of the latest trial call, counted from 1; 0: none yet.
    """

    rng: Callable[[], float] = random.random
    first_pause_s: float = FIRST_PAUSE_S
    max_pause_s: float = MAX_PAUSE_S
    state: State = State.CLOSED
    attempt: int = 0
    _failures: int = 0
    _failed_s: float = field(default=float("-inf"))
    _pauses: int = 0
    _again_s: float = 0.0

    def wait_s(self, now: float) -> float:
        """How long until a call is let through."""
        return 0.0 if self.state is State.CLOSED else max(0.0, self._again_s - now)

    def admit(self, now: float) -> float:
        """Ask for a call: 0 if it may be made, else how many seconds to wait."""
        wait_s = self.wait_s(now)
        if wait_s == 0 and self.state is not State.CLOSED:
            self.state = State.TRYING
            self._again_s = now + TRY_S
            self.attempt += 1
        return wait_s

    def taken(self, now: float, *, attempt: int) -> None:
        """A worker has taken a call; if it is the trial, other calls need not wait for its end.

        Args:
            now: The time.
            attempt: The call's number as a trial; 0: it is none.
        """
        if self.state is State.TRYING and attempt == self.attempt:
            self.state, self._failures, self._failed_s = State.CLOSED, FAILURES - 1, now

    def ended(self, verdict: Verdict, now: float, *, attempt: int = 0) -> None:
        """A call has ended.

        Args:
            verdict: What that says about the service.
            now: The time.
            attempt: The call's number as a trial; 0: it was made while the breaker was closed.
        """
        if verdict is Verdict.WELL:
            self.state, self._failures, self._pauses = State.CLOSED, 0, 0
        elif self.state is State.TRYING and not attempt:
            return  # from before the outage: only a trial shows whether it is over
        elif verdict is Verdict.FAULT:
            self._count(now)
        elif self.state is State.TRYING and attempt == self.attempt:
            self._again_s = now  # it showed nothing: let another call try

    def _count(self, now: float) -> None:
        if now - self._failed_s > IN_A_ROW_S:
            self._failures = 0
        self._failures += 1
        self._failed_s = now
        if self.state is State.OPEN:
            return  # this call began before it opened
        if self.state is State.TRYING or self._failures >= FAILURES:
            self.state = State.OPEN
            pause_s = min(self.max_pause_s, self.first_pause_s * 2.0**self._pauses)
            self._again_s = now + pause_s * (1 + _JITTER * (2 * self.rng() - 1))
            self._pauses = min(self._pauses + 1, 16)
