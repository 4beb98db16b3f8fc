"""What no limit of the kernel's bounds everywhere, looked at from outside: threads and files.

`RLIMIT_NPROC` does not apply to root, as whom workers in containers run, and bubblewrap cannot give
its file system in memory a limit on files where it may not mount another one over it.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from bot.workers.factory.isolation import MAX_FILES, MAX_THREADS, SCRATCH

_THREADS_AT = 17
"""Where `num_threads` stands in /proc/PID/stat, counted from after the name."""
_SPARE_FILES = 64
"""More than what is there before anything is written."""


def excess(pid: int) -> str:
    """What the code has too much of, in words; empty when there is nothing to complain of.

    Args:
        pid: The process that was started; the code is its only child.
    """
    for child in _children(pid):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if _threads(child) > MAX_THREADS:
                return f"It starts more than {MAX_THREADS} threads."
            if _files(child) > MAX_FILES + _SPARE_FILES:
                return f"It makes more than {MAX_FILES} files."
    return ""


def _children(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def _threads(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return int(stat.rpartition(")")[2].split()[_THREADS_AT])


def _files(pid: int) -> int:
    found = os.statvfs(f"/proc/{pid}/root{SCRATCH}")
    return found.f_files - found.f_ffree
