"""Time as a collaborator, so that tests of code that waits or measures need not wait."""

import time
from typing import Protocol


class Clock(Protocol):
    """Reads time and waits, in seconds."""

    def now(self) -> float:
        """A monotonic reading; only differences mean anything."""

    def wall(self) -> float:
        """Seconds since the Unix epoch."""

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking the event loop."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds of `time.time`."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        import asyncio  # noqa: PLC0415  (pure modules import Clock and need no event loop)

        await asyncio.sleep(seconds)
