"""Waiting until something is so. The limits are there so that a test does not hang, no more."""

import asyncio
import inspect
import time
from collections.abc import Callable

HANGS_S = 60.0
EVERY_S = 0.01
LATER_S = 0.1
"""After a second of looking every `EVERY_S`: what never comes should not cost minutes of work."""


async def until(holds: Callable[[], object], within: float = HANGS_S) -> object:
    """Wait until something holds, and give it; `holds` may be a coroutine function."""
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


def until_true(holds: Callable[[], object], within: float = HANGS_S) -> object:
    """The same for tests without a loop."""
    end = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(EVERY_S)
    return found
