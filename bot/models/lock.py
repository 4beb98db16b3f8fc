"""A lock file, so that only one process fetches into a folder; it dies with its process."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes], *, wait: bool) -> None:
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:  # LK_LOCK gives up after ten seconds
                if not wait:
                    raise BlockingIOError from None
            else:
                return
else:
    import fcntl

    def _lock(file: IO[bytes], *, wait: bool) -> None:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def exclusive(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file `path`; if another process holds it, call `on_wait` once and wait.

    The file itself stays, because deleting it would let two processes each lock their own copy.
    The operating system drops the lock with the last handle, so a crash leaves nothing locked.
    """
    with path.open("ab") as file:
        try:
            _lock(file, wait=False)
        except BlockingIOError:
            on_wait()
            _lock(file, wait=True)
        yield
