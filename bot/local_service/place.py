"""The private folder of the running service: its record, a lock, and its log."""

import contextlib
import os
import stat
import sys
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import platformdirs

from bot.clock import Clock
from bot.local_service.record import MAX_BYTES, Record, read_record
from bot.models.lock import exclusive

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_RETRY_S: Final = 0.05


class CannotShare(Exception):
    """No service can be shared here; a command then runs the services itself.

    Its text says why, as the end of a sentence.
    """


class Place:
    """The folder. Its methods look at a few small files.

    Args:
        folder: Where; by default in the user's folder for running programs.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or _runtime_folder()
        self._record = self.folder / "service.json"
        self._lock = self.folder / "service.lock"
        self.log = self.folder / "service.log"

    def open(self) -> None:
        """Make the folder, and check that only its owner can change what is in it.

        Raises:
            CannotShare: It cannot be made, or others could change it.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _is_windows():
                _check_private(self.folder)
        except OSError as e:
            raise CannotShare(f"{self.folder} cannot be used ({e.strerror})") from None

    @contextlib.asynccontextmanager
    async def locked(self, clock: Clock) -> AsyncIterator[None]:
        """Hold the lock; other processes wait, and the event loop does not.

        Raises:
            CannotShare: There cannot be a lock.
        """
        with contextlib.ExitStack() as held:
            try:
                while True:
                    with contextlib.suppress(BlockingIOError):
                        held.enter_context(exclusive(self._lock, _is_taken))
                        break
                    await clock.sleep(_RETRY_S)
            except OSError as e:
                raise CannotShare(f"{self._lock} cannot be locked ({e.strerror})") from None
            yield

    def read(self) -> Record | None:
        """The record; None: there is none that one could trust."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            with os.fdopen(os.open(self._record, flags), "rb") as file:
                if not _is_ours(os.fstat(file.fileno())):
                    return None
                return read_record(file.read(MAX_BYTES))
        except OSError:
            return None

    def write(self, record: Record) -> None:
        """Replace the record; nobody ever sees half of one.

        Raises:
            OSError: It cannot be written.
        """
        part = self._record.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(record.to_json())
            part.replace(self._record)
        finally:
            part.unlink(missing_ok=True)

    def forget(self, record: Record | None = None) -> None:
        """Remove the record, if it is this one; None: whatever it is."""
        if record is None or self.read() == record:
            with contextlib.suppress(OSError):
                self._record.unlink()

    def last_words(self) -> str:
        """The last line of the log; empty: there is none."""
        try:
            lines = self.log.read_bytes()[-MAX_BYTES:].decode(errors="replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _runtime_folder() -> Path:
    with warnings.catch_warnings():  # of a folder that it does not take, for which there is another
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path("skydeck")


def _is_windows() -> bool:
    return sys.platform == "win32"


def _user() -> int:
    if sys.platform == "win32":
        return 0
    else:  # noqa: RET505  (or mypy takes it for unreachable there)
        return os.getuid()


def _is_taken() -> None:
    raise BlockingIOError


def _is_ours(found: os.stat_result) -> bool:
    """Whether it is a small file that nobody else can read."""
    if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
        return False
    # On Windows the folder is in the user's own, and modes say nothing.
    return _is_windows() or (found.st_uid == _user() and not found.st_mode & _OTHERS)


def _check_private(folder: Path) -> None:
    """Check who could change the folder, or put another in its place.

    Raises:
        CannotShare: Somebody else.
        OSError: It cannot be looked at.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != _user():
        raise CannotShare(f"{folder} is not a folder of yours")
    if found.st_mode & _OTHERS:
        folder.chmod(0o700)
    for above in folder.resolve().parents:
        there = above.stat()
        is_open = there.st_mode & _OTHERS_WRITE and not there.st_mode & stat.S_ISVTX
        if there.st_uid not in {0, _user()} or is_open:
            raise CannotShare(f"others can change {above}")
