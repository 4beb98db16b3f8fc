"""How many times to try, and how long to wait in between. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, TypeAlias

from bot.runpod.models import HttpResponse, Reply, TransportErrorKind

Rng: TypeAlias = Callable[[], float]
"""A source of numbers from 0 up to 1, like `random.random`."""

TRANSIENT: Final = frozenset(
    {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 530}
)
"""HTTP statuses that say nothing about the job: asking again can help. 520 to 530 are Cloudflare's.
"""

MAX_CONNECTS: Final = 4
"""Connection attempts for one submission."""
MAX_RATE_LIMITS: Final = 8
"""How many times a submission may be answered with 429."""
MAX_CANCELS: Final = 5
MAX_HEALTH_TRIES: Final = 4
MAX_HEALTH_S: Final = 30.0
"""For all tries together."""
MAX_FAULTS: Final = 30
"""In a row; with the pauses between them the service was out of reach for over a minute."""
MAX_REFUSALS: Final = 3
"""In a row; the edge in front of the service now and then refuses a good request."""
MAX_OUTPUT_POLLS: Final = 5
"""How many times to ask for the output of a job that is COMPLETED without one."""
MAX_REPORT_POLLS: Final = 3
"""How many times to ask for the final report once the stream has given the result."""

FIRST_HEALTH_S: Final = 1.5
"""When to look for workers first; a warm worker takes a job sooner."""
HEALTH_EVERY_S: Final = 5.0
NEW_JOB_S: Final = 3.0
"""For this long after the submission, a 404 can mean that the id is not known everywhere yet."""

_MAX_RETRY_AFTER_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with equal jitter: half of each delay is fixed, half is random.

    Attributes:
        first_s: The first delay.
        max_s: The longest delay.
        factor: The ratio of each delay to the one before.
    """

    first_s: float
    max_s: float
    factor: float = 2.0

    def delay_s(self, attempt: int, rng: Rng) -> float:
        """The delay after failure number `attempt`, counted from 1."""
        exponent = min(attempt - 1, 64)  # the power of a long outage would overflow
        whole = min(self.first_s * self.factor**exponent, self.max_s)
        return whole * (0.5 + 0.5 * rng())


POLLS: Final = Backoff(first_s=0.1, max_s=5.0)
"""Between polls that fail."""
SUBMISSIONS: Final = Backoff(first_s=0.5, max_s=15.0)
"""Between submissions that the service did not take."""
CANCELS: Final = Backoff(first_s=0.2, max_s=2.0)
"""Between attempts to cancel; a job that nobody wants costs money by the second."""


class FaultBudget:
    """Counts the faults in a row of polls that may be repeated.

    Attributes:
        had_fault: There has been a fault at any time.
    """

    def __init__(self) -> None:
        self.had_fault = False
        self._faults = 0
        self._refusals = 0

    def reset(self) -> None:
        """A usable reply came."""
        self._faults = self._refusals = 0

    def delay_s(self, reply: Reply, rng: Rng) -> float | None:
        """Count a fault: how long to wait before the next try; None: do not try again."""
        self.had_fault = True
        self._faults += 1
        self._refusals = self._refusals + 1 if _is_refusal(reply) else 0
        if self._faults >= MAX_FAULTS or self._refusals >= MAX_REFUSALS:
            return None
        if not isinstance(reply, HttpResponse) and reply.kind is TransportErrorKind.OVERSIZED:
            return None  # it would be too large again
        return max(retry_after_s(reply) or 0.0, POLLS.delay_s(self._faults, rng))


def _is_refusal(reply: Reply) -> bool:
    """Whether HTTP says that asking again will not help."""
    return (
        isinstance(reply, HttpResponse)
        and reply.status != HTTPStatus.OK
        and reply.status not in TRANSIENT
    )


def rate_limit_pause_s(
    reply: HttpResponse, rate_limits: int, *, left_s: float, rng: Rng
) -> float | None:
    """How long to wait after a submission is answered with 429; None: do not try again.

    Args:
        reply: The answer; the pause is at least its `Retry-After`.
        rate_limits: How many times 429 has come, including this one.
        left_s: The time until the deadline; the pause has to end before it.
        rng: For jitter.
    """
    pause_s = max(retry_after_s(reply) or 0.0, SUBMISSIONS.delay_s(rate_limits, rng))
    return None if rate_limits >= MAX_RATE_LIMITS or pause_s >= left_s else pause_s


def retry_after_s(reply: Reply) -> float | None:
    """What a reply's `Retry-After` asks for, at most a minute; None without one.

    RFC 9110, 10.2.3: seconds, or a date, which is compared with the same reply's `Date`. RunPod
    documents no such header; the edge in front of it may send one.
    """
    if not isinstance(reply, HttpResponse):
        return None
    value = reply.headers.get("retry-after", "").strip()
    seconds = float(value) if value.isascii() and value.isdigit() else _until(value, reply.headers)
    return None if seconds is None else min(max(seconds, 0.0), _MAX_RETRY_AFTER_S)


def _until(date: str, headers: Mapping[str, str]) -> float | None:
    try:
        then = parsedate_to_datetime(date)
        now = parsedate_to_datetime(headers.get("date", ""))
        return (then - now).total_seconds()
    except (ValueError, TypeError):  # TypeError: only one of the dates names a time zone
        return None
