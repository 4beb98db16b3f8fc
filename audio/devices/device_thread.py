"""A thread for calls that may hang: others take over when one does."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

HANGS_AFTER_S: Final = 4.0
_MAX_LEFT: Final = 4
"""So many hanging threads, and no more are left behind: the next one is waited for."""


class DeviceWorkerThread:
    """Does one thing after another.

    Args:
        now: The monotonic clock, in seconds.
        leave: Told the thread that hangs, when others take over.
    """

    def __init__(
        self, now: Callable[[], float], leave: Callable[[threading.Thread], object]
    ) -> None:
        self._now = now
        self._leave = leave
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._left: list[threading.Thread] = []
        self._busy_s: float | None = None
        self._thread = self._hired()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def do(self, job: Callable[[], None]) -> None:
        """Do this after what was asked before. It must not raise."""
        self._jobs.put(job)

    def are_here(self) -> bool:
        """Whether the calling job still counts: others may have taken over while it hung."""
        return threading.current_thread() is self._thread

    def relieve(self, now_s: float) -> bool:
        """Let others take over if a job hangs; whether they did."""
        self._left = [thread for thread in self._left if thread.is_alive()]
        hangs = self._busy_s is not None and now_s - self._busy_s > HANGS_AFTER_S
        if not hangs or len(self._left) >= _MAX_LEFT:
            return False
        self._let_be()
        self._thread = self._hired()
        self._thread.start()
        return True

    def end(self, within_s: float) -> bool:
        """Finish what was asked; whether that was possible in time."""
        self._jobs.put(None)
        self._thread.join(within_s)
        if self._thread.is_alive():
            self._let_be()
            return False
        return True

    def _hired(self) -> threading.Thread:
        self._busy_s = None
        return threading.Thread(target=self._work, name="sound devices", daemon=True)

    def _let_be(self) -> None:
        log.warning("a call to the sound system hangs; it is left behind")
        self._left.append(self._thread)
        self._leave(self._thread)

    def _work(self) -> None:
        while self.are_here() and (job := self._jobs.get()) is not None:
            self._busy_s = self._now()
            job()
            if self.are_here():
                self._busy_s = None
