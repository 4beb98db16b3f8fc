"""How work in a thread learns that nobody waits for it any more."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final


class Stop:
    """Set once, by who no longer wants the work; for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = False
        self._calls: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        """Whether the work shall end."""
        return self._is_set

    def set(self) -> None:
        """End the work."""
        with self._lock:
            self._is_set = True
            calls = list(self._calls)
        for call in calls:
            call()

    @contextmanager
    def calling(self, call: Callable[[], object]) -> Iterator[None]:
        """Have `call` called when it is set, now or within; it may be called from any thread."""
        with self._lock:
            self._calls.append(call)
            late = self._is_set
        try:
            if late:
                call()
            yield
        finally:
            with self._lock:
                self._calls.remove(call)


NEVER: Final = Stop()
"""For work that is always wanted; nobody sets it."""
