"""Refreshes a message that changes all the time, as often as people and Discord's limits allow."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Self

log = logging.getLogger(__name__)

MIN_S: Final = 1.0
"""The pause between two refreshes."""
MAX_WAIT_S: Final = 5.0
"""The longest pause: clocks in the message advance without any change."""


class EditThrottle:
    """Calls `refresh` soon after each `hurry`, at most once a second, until the block ends.

    Leaving the block waits for a running refresh: Discord might still apply a cancelled one, after
    what the caller shows next. A failed refresh is logged, and the next one shows the same.
    """

    def __init__(self, refresh: Callable[[], Awaitable[None]]) -> None:
        self._refresh = refresh
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._group.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self._changed.set()
        await self._group.__aexit__(None, None, None)

    def hurry(self) -> None:
        """Refresh soon: something has changed."""
        self._changed.set()

    async def _keep(self) -> None:
        while not self._over.is_set():
            await self._within(self._changed, MAX_WAIT_S)
            self._changed.clear()
            if self._over.is_set():
                return
            try:
                await self._refresh()
            except Exception:
                log.warning("a refresh failed", exc_info=True)
            await self._within(self._over, MIN_S)

    async def _within(self, event: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
