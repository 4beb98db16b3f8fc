"""Lets FFmpeg decode in a process of its own (`decoder`), so that its faults stay contained."""

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

from audio.decoder import LOST, MAX_READ_BYTES, MESSAGE, PART
from audio.errors import AudioError, NotAudioError, TooLongError
from audio.loss import Loss
from audio.stopping import NEVER, Stop

_MAX_REASON_BYTES: Final = 1000
_ENVIRONMENT: Final = {
    name: value
    for name, value in os.environ.items()  # noqa: TID251  (the system's, not a setting)
    if name.upper() == "SYSTEMROOT"
}
"""Without it, Windows does not find its own libraries, and Python does not start."""
_MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""A message holds about a second of audio; the longest frame of a slow recording takes 3 MB."""


def pcm(
    file: BinaryIO, *, rate_hz: int, limit_s: float, loss: Loss | None = None, stop: Stop = NEVER
) -> Iterator[bytes]:
    """Run `media.pcm` in a process of its own.

    Args:
        file: Seekable; stays open. The process has no handle to it, and requests its parts.
        rate_hz: The sample rate of the result.
        limit_s: A longer file is refused.
        loss: Counts how much could not be read.
        stop: Ends the process at once.

    Raises:
        NotAudioError: It has no audio that can be decoded, or decoding it killed the process.
        TooLongError: It is longer than the limit.
        StoppedError: `stop` was set.
    """
    request = {
        "path": [str(Path(__file__).parent.parent), _pyav_folder()],
        "size": file.seek(0, io.SEEK_END),
        "rate_hz": rate_hz,
        "limit_s": limit_s,
    }
    with _started(json.dumps(request)) as process, stop.calling(process.kill):
        try:
            for piece in _audio(process, file, loss or Loss()):
                yield piece
                stop.raise_if_set()
        except NotAudioError:
            stop.raise_if_set()  # that killed it
            raise
        finally:
            process.kill()


def _started(request: str) -> subprocess.Popen[bytes]:
    program = str(Path(__file__).with_name("decoder.py"))
    try:
        return subprocess.Popen(  # noqa: S603  (our program; the file is its input, not a name)
            [sys.executable, "-I", "-S", program, request],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,  # without our keys
        )
    except OSError as e:
        raise AudioError(f"This cannot be read now ({e.strerror}); try again.") from e


@cache
def _pyav_folder() -> str:
    spec = importlib.util.find_spec("av")
    if spec is None or spec.origin is None:
        raise AudioError("PyAV is not installed.")
    return str(Path(spec.origin).parent.parent)


def _audio(process: subprocess.Popen[bytes], file: BinaryIO, loss: Loss) -> Iterator[bytes]:
    """Yield the audio from the process's messages, and serve the parts that it requests.

    It decodes what a stranger sent, so its messages are not trusted either.
    """
    for kind, body in _messages(process.stdout):
        if kind == b"D" and len(body) == LOST.size:
            loss.add(*LOST.unpack(body))
            return
        if kind == b"P" and len(body) % 2 == 0:
            yield body
        elif kind == b"R" and len(body) == PART.size:
            offset, size = PART.unpack(body)
            _serve_part(file, offset, size, process.stdin)
        elif kind in (b"L", b"N"):
            raise (TooLongError if kind == b"L" else NotAudioError)(_reason(body))
        else:
            break
    raise NotAudioError("This cannot be read as audio (it would take too many resources).")


def _messages(pipe: IO[bytes] | None) -> Iterator[tuple[bytes, bytes]]:
    """Yield letters and bodies until the process ends, or sends something impossible."""
    while pipe is not None and len(head := pipe.read(MESSAGE.size)) == MESSAGE.size:
        kind, size = MESSAGE.unpack(head)
        if size > _MAX_MESSAGE_BYTES or len(body := pipe.read(size)) < size:
            return
        yield kind, body


def _serve_part(file: BinaryIO, offset: int, size: int, pipe: IO[bytes] | None) -> None:
    """Write a part of the file. If the process has ended, its output says why."""
    if pipe is None or size > MAX_READ_BYTES or offset >= 1 << 63:
        return
    file.seek(offset)
    data = file.read(size)
    with contextlib.suppress(BrokenPipeError):
        pipe.write(data + bytes(size - len(data)))  # the file was truncated meanwhile
        pipe.flush()


def _reason(body: bytes) -> str:
    text = body[:_MAX_REASON_BYTES].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable())
