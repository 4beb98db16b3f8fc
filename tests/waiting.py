"""Waits until a condition holds, and shortens a library's own waits.

The timeouts only keep a test from hanging.
"""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

HANGS_S = 60.0
EVERY_S = 0.01
LATER_S = 0.1
"""The interval after the first second: waiting in vain should not cost minutes of CPU time."""


async def until(holds: Callable[[], object], within: float = HANGS_S) -> object:
    """Wait until `holds` (sync or async) returns something true, and return that."""
    begun = asyncio.get_running_loop().time()
    async with asyncio.timeout(within):
        while True:
            found = holds()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found
            is_soon = asyncio.get_running_loop().time() < begun + 1
            await asyncio.sleep(EVERY_S if is_soon else LATER_S)


class ImpatientAsyncio:
    """Replaces `asyncio` in a library's module that polls: it sleeps a twentieth as long."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        """Sleep for a shorter time."""
        await asyncio.sleep(seconds / 20)


def until_true(holds: Callable[[], object], within: float = HANGS_S) -> object:
    """The same for tests without an event loop."""
    end = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < end, "the condition never held"
        time.sleep(EVERY_S)
    return found
