"""How long to wait, and when to stop trying: pure policy, no clock, no dice of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeAlias

Dice: TypeAlias = Callable[[], float]
"""A source of numbers from 0 up to 1, like `random.random`."""

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 530})
"""HTTP statuses that say nothing of the job: asking again can help. 520 to 530 are Cloudflare's."""

_MAX_RETRY_AFTER_S = 60.0

_POLL_SHARE = 0.04
_POLL_MIN_S = 0.02
_POLL_MAX_S = 2.0
_POLL_SHARE_OF_LIMIT_S = 0.01


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential, with equal jitter: half of each wait is sure, half is thrown.

    Attributes:
        first_s: The first wait, in seconds.
        most_s: No wait is longer.
        factor: Each wait is so many times the one before.
    """

    first_s: float
    most_s: float
    factor: float = 2.0

    def delay_s(self, attempt: int, dice: Dice) -> float:
        """The wait after failure number `attempt`, from 1."""
        exponent = min(attempt - 1, 64)  # the power of a long outage would overflow
        whole = min(self.first_s * self.factor**exponent, self.most_s)
        return whole * (0.5 + 0.5 * dice())


POLLS = Backoff(first_s=0.1, most_s=5.0)
"""Between polls that fail."""
SUBMISSIONS = Backoff(first_s=0.5, most_s=15.0)
"""Between submissions that the service did not take."""
CANCELS = Backoff(first_s=0.2, most_s=2.0)
"""Between tries to cancel; a job that nobody wants costs money by the second."""


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """What `Retry-After` asks for, in seconds, at most a minute; None when it is not there.

    RFC 9110, 10.2.3: seconds, or a date, which is compared with the same answer's `Date`. RunPod
    documents no such header; the edge in front of it may send one.
    """
    value = headers.get("retry-after", "").strip()
    seconds = float(value) if value.isascii() and value.isdigit() else _until(value, headers)
    return None if seconds is None else min(max(seconds, 0.0), _MAX_RETRY_AFTER_S)


def _until(date: str, headers: Mapping[str, str]) -> float | None:
    try:
        then = parsedate_to_datetime(date)
        now = parsedate_to_datetime(headers.get("date", ""))
        return (then - now).total_seconds()
    except (ValueError, TypeError):  # TypeError: one date names a time zone, the other none
        return None


def poll_interval_s(age_s: float, crowd: int = 1) -> float:
    """How long until the next `/status`.

    Args:
        age_s: Since when the job has been in its state. The wait is a twenty-fifth of it, from
            20 ms to 2 s, so that polling adds some 2 % to a call.
        crowd: How many jobs poll the same endpoint; RunPod allows 200 polls a second, and we
            take half of them.
    """
    wanted = min(max(_POLL_SHARE * age_s, _POLL_MIN_S), _POLL_MAX_S)
    return max(wanted, crowd * _POLL_SHARE_OF_LIMIT_S)
