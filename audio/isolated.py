"""Decoding by FFmpeg in a process of its own (`decoder`): its faults and its hunger end with it."""

import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO, Final

from audio.decoder import MAX_READ_BYTES, MESSAGE, PART
from audio.errors import AudioError, NotAudioError, StoppedError, TooLongError
from audio.stopping import NEVER, Stop

_MAX_REASON_BYTES: Final = 1000
_ENVIRONMENT: Final = {
    name: value
    for name, value in os.environ.items()  # noqa: TID251  (the system's, and no setting)
    if name.upper() == "SYSTEMROOT"
}
"""Without it Windows does not find its own libraries, and Python does not start."""
_MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""A message has about a second of sound; the longest frame of a slow recording has 3 MB."""


def pcm(file: BinaryIO, *, rate_hz: int, limit_s: float, stop: Stop = NEVER) -> Iterator[bytes]:
    """What `media.pcm` gives, made in a process of its own; the same errors.

    Args:
        file: It can seek, and is left open. The process has no handle of it: it asks for its parts.
        rate_hz: The sample rate to give it.
        limit_s: The most seconds to take.
        stop: Ends the process at once.

    Raises:
        NotAudioError: It has no sound that can be decoded, or the process came to an end over it.
        TooLongError: It is longer than the limit.
        StoppedError: It was stopped.
    """
    asked = {
        "path": [str(Path(__file__).parent.parent), _place_of_pyav()],
        "size": file.seek(0, io.SEEK_END),
        "rate_hz": rate_hz,
        "limit_s": limit_s,
    }
    with _started(json.dumps(asked)) as process, stop.calling(process.kill):
        try:
            for piece in _sound(process, file):
                yield piece
                _check(stop)
        except NotAudioError:
            _check(stop)  # it was killed
            raise
        finally:
            process.kill()


def _started(asked: str) -> subprocess.Popen[bytes]:
    program = str(Path(__file__).with_name("decoder.py"))
    try:
        return subprocess.Popen(  # noqa: S603  (our program; a file is what it reads, not a name)
            [sys.executable, "-I", "-S", program, asked],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,  # no key of ours is within its reach
        )
    except OSError as e:
        raise AudioError(f"This cannot be read now ({e.strerror}); try again.") from e


def _check(stop: Stop) -> None:
    if stop.is_set():
        raise StoppedError("Nobody wants this any more.")


@cache
def _place_of_pyav() -> str:
    spec = importlib.util.find_spec("av")
    if spec is None or spec.origin is None:
        raise AudioError("PyAV is not installed.")
    return str(Path(spec.origin).parent.parent)


def _sound(process: subprocess.Popen[bytes], file: BinaryIO) -> Iterator[bytes]:
    """The sound among the process's messages, while it is handed what it asks for.

    It has read what a stranger sent, so its messages are not trusted either.
    """
    for kind, body in _messages(process.stdout):
        if kind == b"D":
            return
        if kind == b"P" and len(body) % 2 == 0:
            yield body
        elif kind == b"R" and len(body) == PART.size:
            offset, size = PART.unpack(body)
            _hand_over(file, offset, size, process.stdin)
        elif kind in (b"L", b"N"):
            raise (TooLongError if kind == b"L" else NotAudioError)(_reason(body))
        else:
            break
    raise NotAudioError("This cannot be read as audio (it would take too much to do so).")


def _messages(pipe: IO[bytes] | None) -> Iterator[tuple[bytes, bytes]]:
    """Letters and bodies, until it ends or says something impossible."""
    while pipe is not None and len(head := pipe.read(MESSAGE.size)) == MESSAGE.size:
        kind, size = MESSAGE.unpack(head)
        if size > _MAX_MESSAGE_BYTES or len(body := pipe.read(size)) < size:
            return
        yield kind, body


def _hand_over(file: BinaryIO, offset: int, size: int, pipe: IO[bytes] | None) -> None:
    """A part of the file; a process that has ended tells why by its output."""
    if pipe is None or size > MAX_READ_BYTES or offset >= 1 << 63:
        return
    file.seek(offset)
    data = file.read(size)
    with contextlib.suppress(BrokenPipeError):
        pipe.write(data + bytes(size - len(data)))  # it was made shorter meanwhile
        pipe.flush()


def _reason(body: bytes) -> str:
    text = body[:_MAX_REASON_BYTES].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable())
