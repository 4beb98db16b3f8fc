"""The folder of one run of `skydeck try`, and those that killed runs have left."""

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.clock import SystemClock
from bot.models.lock import exclusive

_PREFIX: Final = "skydeck-try-"
_LOCK: Final = "running.lock"
_UNKNOWN_S: Final = 86_400.0
"""How long a folder without a lock may be one that another version of skydeck uses."""


@contextlib.contextmanager
def folder_of_one_run(temporary: Path | None = None) -> Iterator[Path]:
    """Yield a fresh private folder that goes with the block; remove what killed runs left first.

    Args:
        temporary: Where; the system's folder for temporary files without it.
    """
    place = temporary or Path(tempfile.gettempdir())
    _remove_left_behind(place)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=place, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        fresh = folder / f"{_LOCK}.new"
        with exclusive(fresh, _is_taken):
            # It gets its name once it is held: nobody takes a run that begins for a dead one.
            with contextlib.suppress(OSError):  # Windows does not rename an open file
                fresh.rename(folder / _LOCK)
            yield folder


def _remove_left_behind(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_ours(folder) and _is_dead(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.getuid())


def _is_dead(folder: Path) -> bool:
    """Whether nobody holds its lock, which goes with its process, however that ends.

    Raises:
        OSError: It is held, or cannot be looked at.
    """
    lock = folder / _LOCK
    if not lock.is_file():
        return folder.lstat().st_mtime < SystemClock().wall() - _UNKNOWN_S
    with exclusive(lock, _is_taken):
        return True


def _is_taken() -> None:
    raise BlockingIOError
