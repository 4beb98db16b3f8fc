"""What a call has cost, as far as can be known. Pure.

RunPod bills a worker's seconds, rounded up, from its start to its full stop; what it reports of a
job is the seconds of that job alone. So an estimate by seconds is low by the cold start and by the
time that the worker idles before it is stopped; `idle_tail_s` adds that for whoever wants it.
Source: RunPod's pricing page for serverless.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from bot.contract.envelope import Usage
from bot.money import MICRO, Basis, Charge
from bot.runpod.models import JobState, Update

MAX_USD: Final = 10_000.0
"""The dearest call that is believed; a service that says more, or less than 0, is mistaken."""
MAX_SECONDS: Final = 7 * 86_400.0
"""RunPod lets no job run for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What things cost.

    Attributes:
        usd_per_s: A second of a worker.
        idle_tail_s: Seconds of idling that are added to each call.
        usd_per_m_in: A million tokens that a language model reads; where seconds are not known.
        usd_per_m_out: A million tokens that it writes.
        is_local: The services run on this machine: its seconds cost nothing.
        is_free: Nor does anything else: no call can cost money.
    """

    usd_per_s: Decimal = Decimal("0.00019")
    idle_tail_s: float = 0.0
    usd_per_m_in: float = 1.0
    usd_per_m_out: float = 5.0
    is_local: bool = False
    is_free: bool = False

    def of_seconds(self, seconds: float) -> int:
        """Micro-dollars for so long a run, in whole seconds rounded up, and for one at least."""
        billed = max(1, math.ceil(seconds)) + Decimal(str(self.idle_tail_s))
        exact = billed * self.usd_per_s * MICRO
        return int(exact.to_integral_value(rounding=ROUND_CEILING))

    def of_tokens(self, read: int, written: int) -> int:
        """Micro-dollars for so many tokens: a dollar a million is a micro-dollar a token."""
        return math.ceil(read * self.usd_per_m_in + written * self.usd_per_m_out)


@dataclass(slots=True)
class Meter:
    """What is known of one call's cost so far; it is told of every update.

    Attributes:
        usage: What the service says that it took.
        execution_ms: How long the platform says that a worker took.
        delay_ms: How long the platform says that the job waited for one.
        running_s: How long a worker had it, by our own clock.
    """

    usage: Usage | None = None
    execution_ms: float | None = None
    delay_ms: float | None = None
    running_s: float | None = None
    _since: float | None = None

    def updated(self, update: Update, now: float) -> None:
        """There is something new of the job."""
        if update.execution_ms is not None and update.execution_ms >= 0:
            self.execution_ms = update.execution_ms
        self.delay_ms = self.delay_ms if update.delay_ms is None else update.delay_ms
        response = update.response
        if response is not None and response.usage is not None:
            self.usage = response.usage
        if update.state is JobState.RUNNING and self._since is None:
            self._since = now
        self.advance(now)

    def advance(self, now: float) -> None:
        """The call has come as far as this."""
        if self._since is not None:
            self.running_s = now - self._since

    def charge(self, rates: Rates) -> Charge | None:
        """What it has cost; None: nothing, no worker ever had it.

        The service's own word counts, where it has one. A worker that says 0 has only counted
        what it paid to others, so on a machine that costs money its seconds are counted.
        """
        seconds = self.seconds
        reported = self._reported()
        if reported:
            return self._charge(reported, Basis.REPORTED)
        if rates.is_local:
            return None if self._is_untouched else self._charge(0, Basis.LOCAL)
        if seconds is not None:
            return self._charge(rates.of_seconds(seconds), Basis.SECONDS)
        read, written = self._tokens()
        if read or written:
            return self._charge(rates.of_tokens(read, written), Basis.TOKENS)
        return None if self.usage is None else self._charge(0, Basis.REPORTED)

    @property
    def seconds(self) -> float | None:
        """How long a worker had it; None when that is not known."""
        took = None if self.execution_ms is None else self.execution_ms / 1000
        if took is None and self.usage is not None:
            took = self.usage.compute_seconds
        if took is None:
            took = self.running_s
        if took is None or not math.isfinite(took):
            return None
        return min(max(took, 0.0), MAX_SECONDS)

    @property
    def _is_untouched(self) -> bool:
        return self.usage is None and self.seconds is None

    def _reported(self) -> int:
        usd = self.usage.cost_usd if self.usage is not None else None
        if usd is None or not 0 <= usd <= MAX_USD:  # NaN is not in it either
            return 0
        return round(usd * MICRO)

    def _tokens(self) -> tuple[int, int]:
        if self.usage is None:
            return 0, 0
        return _bounded(self.usage.input_tokens), _bounded(self.usage.output_tokens)

    def _charge(self, micro_usd: int, basis: Basis) -> Charge:
        read, written = self._tokens()
        seconds = self.seconds
        return Charge(
            micro_usd=micro_usd,
            basis=basis,
            delay_ms=_delay(self.delay_ms),
            execution_ms=None if seconds is None else round(seconds * 1000),
            input_tokens=read or None,
            output_tokens=written or None,
        )


_MAX_TOKENS: Final = 10**9


def _delay(ms: float | None) -> int | None:
    if ms is None or not 0 <= ms <= MAX_SECONDS * 1000:
        return None
    return round(ms)


def _bounded(tokens: int | None) -> int:
    return min(max(tokens or 0, 0), _MAX_TOKENS)
