"""Decoding by FFmpeg in a process of its own (`decoder`): its faults and its hunger end with it."""

import contextlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO, Final

from audio.decoder import MESSAGE
from audio.errors import AudioError, NotAudioError, StoppedError, TooLongError
from audio.stopping import NEVER, Stop

_MAX_REASON_BYTES: Final = 1000
_MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""A message has about a second of sound; the longest frame of a slow recording has 3 MB."""


def pcm(
    source: bytes | BinaryIO, *, rate_hz: int, limit_s: float, stop: Stop = NEVER
) -> Iterator[bytes]:
    """What `media.pcm` gives, made in a process of its own; the same errors.

    Args:
        source: The bytes of a file, or one that is open, of which the process has the handle.
        rate_hz: The sample rate to give it.
        limit_s: The most seconds to take.
        stop: Ends the process at once.

    Raises:
        NotAudioError: It has no sound that can be decoded, or the process came to an end over it.
        TooLongError: It is longer than the limit.
        StoppedError: It was stopped.
    """
    data = source if isinstance(source, bytes) else None
    asked = {
        "path": [str(Path(__file__).parent.parent), _place_of_pyav()],
        "bytes": None if data is None else len(data),
        "rate_hz": rate_hz,
        "limit_s": limit_s,
    }
    with _started(source, json.dumps(asked)) as process, stop.calling(process.kill):
        try:
            if data is not None:
                _hand_over(data, process.stdin)
            for piece in _sound(process.stdout):
                yield piece
                _check(stop)
        except NotAudioError:
            _check(stop)  # it was killed
            raise
        finally:
            process.kill()


def _started(source: bytes | BinaryIO, asked: str) -> subprocess.Popen[bytes]:
    program = str(Path(__file__).with_name("decoder.py"))
    try:
        return subprocess.Popen(  # noqa: S603  (our program; a file is what it reads, not a name)
            [sys.executable, "-I", "-S", program, asked],
            stdin=subprocess.PIPE if isinstance(source, bytes) else source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},  # no key of ours is within its reach
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


def _hand_over(data: bytes, pipe: IO[bytes] | None) -> None:
    """The whole file, before anything is read; a process that has ended tells why by its output."""
    if pipe is not None:
        with contextlib.suppress(BrokenPipeError), pipe:
            pipe.write(data)


def _sound(pipe: IO[bytes] | None) -> Iterator[bytes]:
    """The process's messages. It has read what a stranger sent, so they are not trusted either."""
    while pipe is not None:
        head = pipe.read(MESSAGE.size)
        if len(head) < MESSAGE.size:
            break
        kind, size = MESSAGE.unpack(head)
        if size > _MAX_MESSAGE_BYTES:
            break
        body = pipe.read(size)
        if len(body) < size or (kind == b"P" and size % 2):
            break
        if kind == b"D":
            return
        if kind == b"P":
            yield body
        else:
            raise (TooLongError if kind == b"L" else NotAudioError)(_reason(body))
    raise NotAudioError("This cannot be read as audio (it would take too much to do so).")


def _reason(body: bytes) -> str:
    text = body[:_MAX_REASON_BYTES].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable())
