"""A worker thread for calls that may hang: a new thread takes over if one does."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

HANGS_AFTER_S: Final = 4.0
_MAX_ABANDONED: Final = 4
"""With this many hanging threads, no more are abandoned: the next one is waited for."""


class DeviceWorkerThread:
    """Runs one job after another.

    Args:
        now: The monotonic clock, in seconds.
        on_abandon: Called with a thread that hangs, when another takes over.
    """

    def __init__(
        self, now: Callable[[], float], on_abandon: Callable[[threading.Thread], object]
    ) -> None:
        self._now = now
        self._on_abandon = on_abandon
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._abandoned: list[threading.Thread] = []
        self._busy_since_s: float | None = None
        self._thread = self._new_thread()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job after those submitted before. It must not raise."""
        self._jobs.put(job)

    def is_current(self) -> bool:
        """Whether the calling job still counts, or its thread was replaced while it hung."""
        return threading.current_thread() is self._thread

    def replace_if_hung(self, now_s: float) -> bool:
        """Replace the worker thread if its job hangs. Returns whether it was replaced."""
        self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
        hangs = self._busy_since_s is not None and now_s - self._busy_since_s > HANGS_AFTER_S
        if not hangs or len(self._abandoned) >= _MAX_ABANDONED:
            return False
        self._abandon()
        self._thread = self._new_thread()
        self._thread.start()
        return True

    def stop(self, timeout_s: float) -> bool:
        """Finish the submitted jobs. Returns whether that was possible in time."""
        self._jobs.put(None)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            self._abandon()
            return False
        return True

    def _new_thread(self) -> threading.Thread:
        self._busy_since_s = None
        return threading.Thread(target=self._work, name="sound devices", daemon=True)

    def _abandon(self) -> None:
        log.warning("a call to the sound system hangs; its thread is abandoned")
        self._abandoned.append(self._thread)
        self._on_abandon(self._thread)

    def _work(self) -> None:
        while self.is_current() and (job := self._jobs.get()) is not None:
            self._busy_since_s = self._now()
            job()
            if self.is_current():
                self._busy_since_s = None
