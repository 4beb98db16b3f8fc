"""Work on sound off the event loop: so many at once, and stopped when who waits for it leaves."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

from audio.stopping import Stop

T = TypeVar("T")


class SoundPool:
    """Threads of its own: who waits here does not keep the loop's threads from all others.

    Args:
        workers: How many work at once; more wait.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="sound")
        self._rooms: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    @property
    def room(self) -> asyncio.Semaphore:
        """To be held by who brings much to work on: so many at once have theirs in memory."""
        loop = asyncio.get_running_loop()
        return self._rooms.setdefault(loop, asyncio.Semaphore(self._workers))

    async def run(self, work: Callable[[Stop], T]) -> T:
        """What the work returns or raises.

        Args:
            work: Gets a `Stop`, which is set when the caller is cancelled.
        """
        stop = Stop()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, stop)
        finally:
            stop.set()
