"""Who uses the running service, and when it ends."""

import asyncio
import contextlib
from collections.abc import Iterator


class Usage:
    """Counts the commands that use the service. For the event loop's thread.

    Attributes:
        users: How many there are now.
        over: Set when the service is to end; from then on nobody can begin to use it.

    Args:
        idle_s: How long it stays without any.
    """

    def __init__(self, idle_s: float) -> None:
        self.users = 0
        self.over = asyncio.Event()
        self._idle_s = idle_s
        self._changed = asyncio.Event()

    @contextlib.contextmanager
    def begun(self) -> Iterator[None]:
        """Count one more for the length of the block."""
        self.users += 1
        self._changed.set()
        try:
            yield
        finally:
            self.users -= 1
            self._changed.set()

    def stop(self) -> None:
        """End now, whoever uses it."""
        self.over.set()
        self._changed.set()

    async def until_over(self) -> None:
        """Wait until nobody has used it for long enough, or it was stopped."""
        while not self.over.is_set():
            self._changed.clear()
            try:
                async with asyncio.timeout(None if self.users else self._idle_s):
                    await self._changed.wait()
            except TimeoutError:
                self.stop()
