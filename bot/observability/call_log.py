"""Logs calls, so that a request can be followed: one line when it is sent, waits, and ends.

No line has words that somebody said, or says who it was.
"""

import logging
from typing import Final

from bot.clock import Clock
from bot.errors import SkydeckError
from bot.figures import exact_money
from bot.i18n import DEFAULT
from bot.observability.calls import ending
from bot.runpod.models import JobState, Update
from bot.service_calls.call import CallObserver, ServiceCall

log = logging.getLogger(__name__)

_WORTH_A_LINE: Final = {
    JobState.QUEUED: "is queued",
    JobState.WAITING_FOR_WORKER: "waits for a worker",
}


class CallLog(CallObserver):
    """Logs each call at INFO, and one that fails as a warning.

    Args:
        clock: Says how long each took.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun: dict[ServiceCall, tuple[float, JobState | None]] = {}

    async def started(self, call: ServiceCall) -> None:
        """Log that it is sent."""
        self._begun[call] = self._clock.now(), None
        log.info("%s is sent", _name(call))

    def updated(self, call: ServiceCall, update: Update) -> None:
        """Log what it waits for."""
        began_s, state = self._begun[call]
        if update.state is state:
            return
        self._begun[call] = began_s, update.state
        if words := _WORTH_A_LINE.get(update.state):
            job = f" (job {update.job_id})" if update.job_id else ""
            log.info("%s %s%s", _name(call), words, job)

    def ended(self, call: ServiceCall) -> None:
        """Log how it ended, how long it took, and what it cost."""
        began_s, _ = self._begun.pop(call)
        end = ending(call)
        parts = [f"{self._clock.now() - began_s:.1f} s"]
        if call.meter.delay_ms is not None:
            parts.append(f"waited {call.meter.delay_ms / 1000:.1f} s")
        if call.meter.execution_ms is not None:
            parts.append(f"ran {call.meter.execution_ms / 1000:.1f} s")
        if call.charge is not None and call.charge.micro_usd:
            parts.append(exact_money(call.charge.micro_usd, DEFAULT))
        is_well = end in {"completed", "left", "cancelled"}
        log.log(
            logging.INFO if is_well else logging.WARNING,
            "%s %s after %s",
            _name(call),
            end if is_well else f"failed: {end}",
            ", ".join(parts),
        )

    def refused(self, call: ServiceCall, error: SkydeckError) -> None:
        """Log that it was not sent."""
        log.warning("%s is refused: %s", _name(call), error.code)


def _name(call: ServiceCall) -> str:
    return f"{call.info.service.value.lower()} {call.info.module}"
