"""Showing what changes all the time, at a pace that people and Discord's limits can follow."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

from bot.clock import Clock

log = logging.getLogger(__name__)

MIN_S: Final = 1.0
"""Between two refreshes."""
MAX_WAIT_S: Final = 5.0
"""Without any change: clocks on the screen go on."""


class Throttle:
    """Calls `refresh` soon after each `hurry`, at most once a second, until the block ends.

    Leaving the block waits for a refresh that is under way: cut off, it might still arrive, after
    what the caller shows next. A failing refresh is logged, and the next one shows the same.

    Args:
        refresh: Shows the present state.
        clock: Time.
    """

    def __init__(self, refresh: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._refresh = refresh
        self._clock = clock
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._group.create_task(self._keep())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._changed.set()
        await self._group.__aexit__(None, None, None)

    def hurry(self) -> None:
        """Something has changed."""
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
