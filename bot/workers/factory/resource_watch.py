"""Watches from outside what no kernel limit covers everywhere: threads and files.

`RLIMIT_NPROC` does not apply to root, and workers in containers run as root. Bubblewrap's file
system in memory has no limit on files, and not every bubblewrap may mount another one over it.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.build_notes import note
from bot.contract.factory import Note
from bot.workers.factory.isolation import SCRATCH
from bot.workers.factory.sandbox_limits import MAX_FILES, MAX_THREADS

_THREADS_AT = 17
"""The index of `num_threads` in /proc/PID/stat, counted from after the name."""
_SPARE_FILES = 64
"""More than the files that exist before the code writes any."""


def excess(pid: int) -> Note | None:
    """Return which limit the code exceeds; None if none.

    Args:
        pid: The sandbox's process, whose only child is the code.
    """
    for child in _children(pid):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if _threads(child) > MAX_THREADS:
                return note("threads", most=MAX_THREADS)
            if _files(child) > MAX_FILES + _SPARE_FILES:
                return note("files", most=MAX_FILES)
    return None


def _children(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def _threads(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return int(stat.rpartition(")")[2].split()[_THREADS_AT])


def _files(pid: int) -> int:
    if sys.platform == "win32":
        return 0
    else:  # noqa: RET505  (or mypy takes it for unreachable there)
        found = os.statvfs(f"/proc/{pid}/root{SCRATCH}")
        return found.f_files - found.f_ffree
