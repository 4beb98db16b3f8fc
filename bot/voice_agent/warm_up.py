"""Wakes a service that may have gone to sleep, while its first question is being spoken."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from bot.errors import SkydeckError

log = logging.getLogger(__name__)


class WarmUp:
    """Knows when the service was last called.

    Args:
        after_s: Seconds without a call after which it may be asleep; 0: it never sleeps.
        wake: Calls it.
    """

    def __init__(
        self,
        after_s: float,
        wake: Callable[[], Awaitable[None]],
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._after_s = after_s
        self._wake = wake
        self._start = start
        self._called_s: float | None = None

    def called(self, now_s: float) -> None:
        """It has just answered a call."""
        self._called_s = now_s

    def speech_began(self, now_s: float) -> None:
        """Somebody begins to speak: wake it if it may be asleep."""
        is_awake = self._called_s is not None and now_s - self._called_s < self._after_s
        if self._after_s and not is_awake:
            self._called_s = now_s
            self._start(self._call())

    async def _call(self) -> None:
        try:
            await self._wake()
        except SkydeckError as e:
            log.info("the service was not woken: %s", e)
