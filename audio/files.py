"""Opening a path that a person named, if it is a file: a pipe can hang, a device be endless."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # do not wait for the writer of a pipe
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class NotAFileError(OSError):
    """The path exists, but is not a regular file."""


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; links are followed.

    Raises:
        NotAFileError: It is a pipe, a device or a socket.
        OSError: It is missing, a folder, or not readable.
    """
    try:
        number = os.open(path, _FLAGS)
    except OSError as e:
        if e.errno == errno.ENXIO:  # a socket, or a device without hardware
            raise _no_file(path) from None
        raise
    try:
        _check(os.fstat(number).st_mode, path)
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def _check(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise _no_file(path)


def _no_file(path: Path) -> NotAFileError:
    return NotAFileError(errno.EINVAL, "it is a pipe, a device or a socket", str(path))
