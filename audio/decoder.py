"""A process that decodes one file and can do nothing else; `isolated` starts it.

FFmpeg reads what strangers send. Here it has no keys and no environment, can open no file or
socket, has bounded memory, and may be killed at any moment, so that its faults stay contained.

    python -I -S decoder.py '{"path": […], "size": 1000, "rate_hz": 16000, "limit_s": 300}'

It has no handle to the file either. It writes messages to standard output: a letter, a length
(little-endian, 4 bytes) and that many bytes. `R` requests a part of the file, with an offset (8
bytes) and a length; the part arrives on standard input. `P` is audio, as from `media.pcm`; `D` the
end, with the seconds that could not be read (8 bytes); `N` and `L` the reason why the file cannot
be read or is too long.
"""

import importlib
import io
import json
import os
import pkgutil
import signal
import struct
import sys
from typing import Any

MESSAGE = struct.Struct("<cI")
PART = struct.Struct("<QI")
LOST = struct.Struct("<d")
MAX_READ_BYTES = 64 * 1024
_MAX_SILENT_CPU_S = 10
"""Processor time without any audio; a second of audio takes a few ms. Not wall time, so that a
busy machine stops nothing."""
_CPU_S = 60
"""In total, plus a fifth of the recording's length: the slowest machine needs a hundredth."""
_SILENCE = struct.pack(
    "<4sI4s4sIHHIIHH4sI1600x",
    *(b"RIFF", 1636, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 1600),
)
"""A tenth of a second, as WAV."""
_NOT_NEEDED = ("__main__", "datasets")
_MAX_DATA_BYTES = 112 * 1024 * 1024
"""Python and FFmpeg take about 20 MB of this, and the index of a long film takes 10."""


def main() -> None:
    """Decode one file."""
    request = json.loads(sys.argv[1])
    sys.path += request["path"]
    from audio import media  # noqa: PLC0415  (its path is known only now)
    from audio.errors import AudioError, TooLongError  # noqa: PLC0415
    from audio.loss import Loss  # noqa: PLC0415

    loss = Loss()
    _load_all(media, loss)
    _confine(_CPU_S + round(request["limit_s"] / 5))
    file: Any = _File(request["size"])
    wanted = {"rate_hz": request["rate_hz"], "limit_s": request["limit_s"]}
    try:
        for piece in media.pcm(file, **wanted, loss=loss):
            _send(b"P", piece)
            _restart_timer()
        _send(b"D", LOST.pack(loss.seconds))
    except TooLongError as e:
        _send(b"L", str(e).encode())
    except AudioError as e:
        _send(b"N", str(e).encode())
    except MemoryError:
        _send(b"N", b"This cannot be read as audio (it would take too much memory).")


def _load_all(media: Any, loss: Any) -> None:
    """Load all of PyAV now: it would load parts on demand, which is about to become impossible."""
    media.av.logging.set_level(None)
    for part in pkgutil.walk_packages(media.av.__path__, "av."):
        if part.name.rpartition(".")[2] not in _NOT_NEEDED:
            importlib.import_module(part.name)
    for _ in media.pcm(io.BytesIO(_SILENCE), rate_hz=16_000, limit_s=1, loss=loss):
        pass


class _File(io.RawIOBase):
    """The file, read by asking the parent process for its parts."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("before the start of the file")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """All that is asked for, as of a file on the disk: fewer bytes mean that it ends."""
        end = self._size if size < 0 else min(self._size, self._at + size)
        found = []
        while self._at < end:
            wanted = min(end - self._at, MAX_READ_BYTES)
            _send(b"R", PART.pack(self._at, wanted))
            data = sys.stdin.buffer.read(wanted)
            self._at += len(data)
            found.append(data)
            if len(data) < wanted:
                break
        return b"".join(found)


def _confine(cpu_s: int) -> None:
    """From here on: no new file or socket, bounded memory, bounded processor time."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  (not on Windows)

        limits = [
            (resource.RLIMIT_DATA, _MAX_DATA_BYTES),
            (resource.RLIMIT_CPU, cpu_s),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, 0),
        ]
        for kind, most in limits:
            _, hard = resource.getrlimit(kind)
            lowest = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (lowest, lowest))
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        _restart_timer()


def _restart_timer() -> None:
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, _MAX_SILENT_CPU_S)


def _send(kind: bytes, body: bytes) -> None:
    message = memoryview(MESSAGE.pack(kind, len(body)) + body)
    while message:
        message = message[os.write(1, message) :]


if __name__ == "__main__":
    main()
