"""Measures the event loop's lag: how long its tasks wait while something computes."""

from typing import Final, Never

from bot.clock import Clock
from bot.observability.metrics import Metrics

EVERY_S: Final = 0.1


async def sample_lag(metrics: Metrics, clock: Clock, *, every_s: float = EVERY_S) -> Never:
    """Sleep repeatedly, and record how late each wake-up is."""
    while True:
        due = clock.now() + every_s
        await clock.sleep(every_s)
        metrics.lag_s.observe(max(0.0, clock.now() - due))
