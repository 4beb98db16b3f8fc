"""How available a service is, as far as can be known. Pure.

RunPod's `/health` counts workers, and proves little: `ready` and `idle` include workers that are
scaled down, and workers that are still loading a model. The only hard evidence is how long the
latest job waited for its worker.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.contract import Service
from bot.contract.job import Health
from bot.service_calls.circuit_breaker import State

SOON_MS: Final = 2_000.0
"""A job that waited no longer than this found a running worker."""
WARM_FOR_S: Final = 60.0
"""For this long after such a job the worker is taken to be up; RunPod stops a worker seconds to
minutes after its last job, depending on the endpoint's idle timeout."""


class Warmth(StrEnum):
    """What the next call will find.

    WARM: a worker is up. BUSY: all workers are, and there will be no more of them. COLD: there is
    no worker; the next call starts one. STARTING: a worker is initializing. STARVED: the data
    centre has no free GPU. UNSURE: there are workers, perhaps asleep. UNKNOWN: the service does not
    answer.
    """

    WARM = "warm"
    BUSY = "busy"
    COLD = "cold"
    STARTING = "starting"
    STARVED = "starved"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestHealth:
    """The latest call that succeeded.

    Attributes:
        at_s: When it ended, in seconds of the monotonic clock.
        delay_ms: How long it waited for its worker, according to the platform.
        execution_ms: How long the worker took.
    """

    at_s: float
    delay_ms: float | None = None
    execution_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """How available one service is.

    Attributes:
        health: Its own report; None: it did not answer.
        trouble: Why it did not answer, for people; empty: it did.
        code: The same as a code of `bot.errors`.
        latest: The latest call that succeeded; None: not known.
        age_s: How long ago that was.
        wait_s: If the breaker is open, how long until the next attempt.
    """

    service: Service
    warmth: Warmth
    health: Health | None = None
    trouble: str = ""
    code: str = ""
    latest: LatestHealth | None = None
    age_s: float | None = None
    breaker: State = State.CLOSED
    wait_s: float = 0.0


def warmth(
    health: Health | None, latest: LatestHealth | None, now: float, *, sleeps: bool = True
) -> Warmth:
    """What the next call will find.

    Args:
        health: The service's own report; None: it did not answer.
        latest: The latest call that succeeded.
        now: Seconds of the monotonic clock.
        sleeps: Whether idle workers may be scaled down, and more be started, as RunPod does it.
    """
    if health is None:
        return Warmth.UNKNOWN
    workers = health.workers
    if workers.ready + workers.running == 0:
        if workers.throttled:
            return Warmth.STARVED
        return Warmth.STARTING if workers.initializing else Warmth.COLD
    if not sleeps:
        return Warmth.WARM if workers.ready else Warmth.BUSY
    if latest is not None and latest.delay_ms is not None:
        was_soon = latest.delay_ms <= SOON_MS
        if was_soon and now - latest.at_s <= WARM_FOR_S:
            return Warmth.WARM
    return Warmth.UNSURE
