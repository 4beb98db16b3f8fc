"""Estimates what a call cost. Pure.

RunPod bills a worker's seconds, rounded up, from its start until it has stopped, but reports only
the seconds of each job. So an estimate by seconds misses the cold start and the time that the
worker idles before it stops; `idle_tail_s` can add that. Source: RunPod's serverless pricing page.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Final

from bot.contract.envelope import Usage
from bot.money import MICRO, Basis, Charge
from bot.prices import USD_PER_MILLION_INPUT_TOKENS, USD_PER_MILLION_OUTPUT_TOKENS
from bot.runpod.models import JobState, Update

MAX_USD: Final = 10_000.0
"""A service that reports a higher cost, or one below 0, is not believed."""
MAX_SECONDS: Final = 7 * 86_400.0
"""RunPod stops a job that runs longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What things cost, by `bot/prices.py` and the settings.

    Attributes:
        usd_per_s: A second of a worker.
        idle_tail_s: Seconds of idling to add to each call.
        usd_per_m_in: A million input tokens of a language model; used if seconds are not known.
        usd_per_m_out: A million output tokens.
        is_local: The services run on this machine: its seconds cost nothing.
        is_free: No call can cost money at all.
    """

    usd_per_s: Decimal
    idle_tail_s: float = 0.0
    usd_per_m_in: float = USD_PER_MILLION_INPUT_TOKENS
    usd_per_m_out: float = USD_PER_MILLION_OUTPUT_TOKENS
    is_local: bool = False
    is_free: bool = False

    def of_seconds(self, seconds: float) -> int:
        """Micro-dollars for a run, in whole seconds rounded up, and at least one."""
        billed = max(1, math.ceil(seconds)) + Decimal(str(self.idle_tail_s))
        exact = billed * self.usd_per_s * MICRO
        return int(exact.to_integral_value(rounding=ROUND_CEILING))

    def of_tokens(self, read: int, written: int) -> int:
        """Micro-dollars for tokens: a dollar per million is a micro-dollar per token."""
        return math.ceil(read * self.usd_per_m_in + written * self.usd_per_m_out)


@dataclass(slots=True)
class Meter:
    """Collects what is known about the cost of one call.

    Attributes:
        usage: What the service reports.
        execution_ms: How long the worker took, according to the platform.
        delay_ms: How long the job waited for a worker, according to the platform.
        running_s: How long a worker had it, by our own clock.
    """

    usage: Usage | None = None
    execution_ms: float | None = None
    delay_ms: float | None = None
    running_s: float | None = None
    _since: float | None = None

    def updated(self, update: Update, now: float) -> None:
        """Process an update of the job."""
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
        """Note that the call still runs, or has just ended."""
        if self._since is not None:
            self.running_s = now - self._since

    def charge(self, rates: Rates) -> Charge | None:
        """What the call cost; None: nothing, since no worker ever had it.

        The cost that the service reports counts first. A report of 0 covers only what the worker
        paid to others, so its seconds are charged as well unless it runs on this machine.
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
        """How long a worker had it; None: not known."""
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
        if usd is None or not 0 <= usd <= MAX_USD:  # False for NaN, too
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
