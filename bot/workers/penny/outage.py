"""Whether a server is down, so that the local models stand in for a while."""

import logging
from typing import Final

from bot.clock import Clock
from bot.errors import JobFailed, KeyRefused, ServiceUnreachable, SkydeckError

log = logging.getLogger(__name__)

_PAUSE_S: Final = 30.0
"""How long a server that is down is left alone, so that nobody waits for it at each phrase."""


def is_outage(error: SkydeckError) -> bool:
    """Whether an error will pass by itself; a wrong key, address, model or answer will not."""
    if isinstance(error, JobFailed):
        return error.service_retryable
    return isinstance(error, ServiceUnreachable) and not isinstance(error, KeyRefused)


class Outage:
    """The state of one server.

    Args:
        instead: What stands in, for the log.
    """

    def __init__(self, clock: Clock, *, instead: str) -> None:
        self._clock = clock
        self._instead = instead
        self._until: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether the server failed a short while ago."""
        return self._until is not None and self._clock.now() < self._until

    def begin(self, error: SkydeckError) -> None:
        """Note that the server failed; says so once per outage."""
        if self._until is None:
            log.warning("%s %s", error, self._instead)
        self._until = self._clock.now() + _PAUSE_S

    def end(self) -> None:
        """Note that the server answers."""
        if self._until is not None:
            log.warning("The server answers again.")
        self._until = None
