"""Audio work off the event loop: a bounded number at once, stopped when the caller is cancelled."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

from audio.stopping import Stop

T = TypeVar("T")


class SoundPool:
    """A thread pool of its own, so that audio work does not occupy the loop's default threads.

    Args:
        workers: How many tasks run at once; the others wait.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="sound")
        self._rooms: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    @property
    def room(self) -> asyncio.Semaphore:
        """Hold this while working on a large input, so that few of them are in memory at once."""
        loop = asyncio.get_running_loop()
        return self._rooms.setdefault(loop, asyncio.Semaphore(self._workers))

    async def run(self, work: Callable[[Stop], T]) -> T:
        """Run `work`, whose `Stop` is set when the caller is cancelled."""
        stop = Stop()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, stop)
        finally:
            stop.set()
