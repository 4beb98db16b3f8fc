"""How work in a thread learns that its result is no longer wanted."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from audio.errors import StoppedError


class Stop:
    """A thread-safe flag, set once, by the caller that no longer wants the result."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = False
        self._calls: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        """Whether the work must end."""
        return self._is_set

    def raise_if_set(self) -> None:
        """Raise StoppedError if the work must end."""
        if self._is_set:
            raise StoppedError("The caller no longer wants this.")

    def set(self) -> None:
        """End the work."""
        with self._lock:
            self._is_set = True
            calls = list(self._calls)
        for call in calls:
            call()

    @contextmanager
    def calling(self, call: Callable[[], object]) -> Iterator[None]:
        """Run `call`, on any thread, if the flag is set before the context ends."""
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
"""For work that never stops; nobody sets it."""
