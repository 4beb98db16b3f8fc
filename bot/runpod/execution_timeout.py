"""RunPod's executionTimeout and ttl: what a job gets, and how one that ran past them is told. Pure.

A service's deadline is a setting (`penny_deadline_s`, …); RunPod gets it too, so that a job ends
even if its caller dies.
"""

from typing import Final

from bot.contract.job import MAX_POLICY_MS, MIN_EXECUTION_MS, MIN_TTL_MS, JobPolicy

_EXCEEDED: Final = "executiontimeout exceeded"
_MORE_TTL_MS: Final = 60_000
"""How much longer than a job its results are kept: expiry deletes them, and those of a job that
ends at the last moment still have to be fetched."""


def policy_for(deadline_s: float) -> JobPolicy:
    """The executionTimeout and the time to live of a job with this deadline."""
    milliseconds = int(deadline_s * 1000)
    return JobPolicy(
        executionTimeout=_clamp(milliseconds, MIN_EXECUTION_MS),
        ttl=_clamp(milliseconds + _MORE_TTL_MS, MIN_TTL_MS),
    )


def is_exceeded(message: str) -> bool:
    """Whether the error of a FAILED job says that RunPod stopped it."""
    return _EXCEEDED in message.lower()


def _clamp(milliseconds: int, lowest: int) -> int:
    return min(max(milliseconds, lowest), MAX_POLICY_MS)
