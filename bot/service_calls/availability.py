"""How a service stands, as far as that can honestly be said. Pure.

RunPod's `/health` counts workers, and proves little: `ready` and `idle` include workers that were
scaled down and are asleep, and one whose model is still loading. The one hard evidence is how long
the last job had to wait for its worker.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.contract import Service
from bot.contract.job import Health
from bot.service_calls.circuit_breaker import State

SOON_MS: Final = 2_000.0
"""A job that waited no longer than this found a worker that was up."""
WARM_FOR_S: Final = 60.0
"""So long after such a job another one will, too; RunPod stops a worker some seconds to minutes
after its last job, as the endpoint's idle timeout says."""


class Warmth(StrEnum):
    """What to expect of the next call.

    WARM: a worker is up. COLD: none is there, the next call starts one. STARTING: one is being made
    ready. STARVED: the data centre has no GPU free for one. UNSURE: workers are there, and may be
    asleep. UNKNOWN: the service does not say.
    """

    WARM = "warm"
    COLD = "cold"
    STARTING = "starting"
    STARVED = "starved"
    UNSURE = "unsure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestHealth:
    """The last call that a worker has answered.

    Attributes:
        at_s: When it ended; seconds of the monotonic clock.
        delay_ms: How long it waited for its worker, as the platform says.
        execution_ms: How long the worker took.
    """

    at_s: float
    delay_ms: float | None = None
    execution_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """How one service stands.

    Attributes:
        service: Which.
        warmth: What to expect of the next call.
        health: What it says of itself; None: it did not answer.
        trouble: Why it did not, in words; empty: it did.
        code: The same as a code of `bot.errors`.
        latest: The last call that was answered; None: none since we were started.
        age_s: How long ago that was.
        breaker: Whether calls are let through.
        wait_s: In how many seconds it is tried again, where they are not.
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


def warmth(health: Health | None, latest: LatestHealth | None, now: float) -> Warmth:
    """What to expect of the next call.

    Args:
        health: What the service says of itself; None: nothing.
        latest: The last call that was answered.
        now: Seconds of the monotonic clock.
    """
    if health is None:
        return Warmth.UNKNOWN
    workers = health.workers
    if workers.ready + workers.running == 0:
        if workers.throttled:
            return Warmth.STARVED
        return Warmth.STARTING if workers.initializing else Warmth.COLD
    if latest is not None and latest.delay_ms is not None:
        was_soon = latest.delay_ms <= SOON_MS
        if was_soon and now - latest.at_s <= WARM_FOR_S:
            return Warmth.WARM
    return Warmth.UNSURE
