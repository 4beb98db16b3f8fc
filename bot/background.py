"""Tasks that run beside the code that starts them, and whose result nobody waits for."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from bot.errors import SkydeckError

log = logging.getLogger(__name__)


class Background:
    """Keeps tasks alive until they end; a task that fails is logged, and ends no other.

    `asyncio.create_task` is banned because the event loop holds only a weak reference to a task,
    and because nobody sees the error of a task that nobody awaits. A TaskGroup solves both, but one
    failure ends its whole group.

    Args:
        what: Names the tasks in the log.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        """Run `work` beside the caller."""
        task = asyncio.get_running_loop().create_task(self._guarded(work), name=self._what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def cancel(self) -> None:
        """Cancel all tasks."""
        for task in self._tasks:
            task.cancel()

    async def join(self) -> None:
        """Wait until all tasks have ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Cancel all tasks, and wait until they have ended."""
        self.cancel()
        await self.join()

    async def _guarded(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except SkydeckError as e:
            log.warning("%s failed: %s", self._what, e)
        except Exception:
            log.exception("%s failed", self._what)
