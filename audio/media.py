"""The one place that gives FFmpeg a file: with the demuxer prescribed, and nothing else to open.

It runs in a process of its own (`decoder`), which loads only this and PyAV: no numpy here.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import av

from audio.containers import DECODERS, DEMUXERS, UNKNOWN, sniff
from audio.errors import NotAudioError, too_long

MAX_STREAMS: Final = 32
"""Tracks per file; FFmpeg's own limit is 1000, each with buffers and an index."""
MIN_RATE_HZ: Final = 4_000
MAX_RATE_HZ: Final = 768_000
MAX_CHANNELS: Final = 64
MAX_FRAME_SAMPLES: Final = 1 << 17
"""A decoder's frame has at most about 65,000; a file in one frame would be unpacked at once."""
MAX_PACKET_BYTES: Final = 4 * 1024 * 1024
"""An uncompressed FLAC frame of eight channels takes 2 MB."""

_DECODERS: Final = frozenset(DECODERS.split())
_PYAV_WITHOUT_OPTION: Final = 19
_SAMPLE_BYTES: Final = 2


class _Window:
    """A file from an offset on, for FFmpeg. It has no `name` for FFmpeg to interpret."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._start = start
        file.seek(start)

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, counted from the start of the window."""
        where = offset + self._start if whence == io.SEEK_SET else offset
        return self._file.seek(where, whence) - self._start

    def tell(self) -> int:
        """The position, counted from the start of the window."""
        return self._file.tell() - self._start


def pcm(file: BinaryIO, *, rate_hz: int, limit_s: float) -> Iterator[bytes]:
    """Decode the first audio track of a file to mono: 16-bit samples in native byte order.

    Args:
        file: Seekable; stays open. Nothing else is opened, whatever its bytes say.
        rate_hz: The sample rate of the result.
        limit_s: A longer file is refused.

    Yields:
        About a second at a time.

    Raises:
        NotAudioError: It has no audio that can be decoded.
        TooLongError: It is longer than the limit; raised on reaching it if the header does not
            reveal the length.
    """
    total = 0
    try:
        with _opened(file) as container:
            _check_header(container, limit_s)
            for piece in _joined(_resampled(_frames(container), rate_hz), rate_hz * _SAMPLE_BYTES):
                total += len(piece) // _SAMPLE_BYTES
                if total > limit_s * rate_hz:
                    raise too_long(total / rate_hz, limit_s)
                yield piece
    except av.FFmpegError as e:
        raise NotAudioError(f"This cannot be read as audio ({e.strerror}).") from e
    if not total:
        raise NotAudioError("The file has no audio in it.")


def _opened(file: BinaryIO) -> Any:
    """Open the file as the container that its bytes show it to be, and as nothing else."""
    start, kind = sniff(file)
    if kind is None:
        raise NotAudioError(UNKNOWN)
    demuxer = DEMUXERS[kind]
    options = {
        "protocol_whitelist": "",  # a demuxer may open nothing else
        "format_whitelist": demuxer,  # nor use another demuxer
        # A picture must not be decoded only to learn its size.
        "codec_whitelist": ",".join(sorted(_DECODERS)),
        "max_streams": str(MAX_STREAMS),
    }
    return av.open(
        _Window(file, start),
        "r",
        format=demuxer,
        container_options=options,
        **_any_tags(av.__version__),
    )


def _any_tags(pyav: str) -> dict[str, Any]:
    """The option that makes PyAV open a file whose tags are not UTF-8.

    PyAV 19, which needs Python 3.12, always does so, and no longer has the option.
    """
    if int(pyav.partition(".")[0]) >= _PYAV_WITHOUT_OPTION:
        return {}
    return {"metadata_errors": "ignore"}


def _check_header(container: Any, limit_s: float) -> None:
    if not container.streams.audio:
        raise NotAudioError("The file has no audio track.")
    coding = container.streams.audio[0].codec_context
    if coding is None or coding.name not in _DECODERS:
        raise NotAudioError("The file's audio has a codec that is not supported.")
    coding.thread_count = 1
    if container.duration and container.duration / av.time_base > limit_s:
        raise too_long(container.duration / av.time_base, limit_s)


def _frames(container: Any) -> Iterator[Any]:
    """The track's frames, refused if no recording has frames of that size or kind."""
    for packet in container.demux(audio=0):
        if packet.size > MAX_PACKET_BYTES:
            raise NotAudioError("The file's audio is not in frames that can be played.")
        for frame in packet.decode():
            if frame.samples > MAX_FRAME_SAMPLES or frame.layout.nb_channels > MAX_CHANNELS:
                raise NotAudioError("The file's audio is not in frames that can be played.")
            if not MIN_RATE_HZ <= frame.sample_rate <= MAX_RATE_HZ:
                raise NotAudioError(f"The file's audio has {frame.sample_rate} samples per second.")
            yield frame


def _resampled(frames: Iterator[Any], rate_hz: int) -> Iterator[bytes]:
    """Convert frames to mono at one rate; a track may change its format, as joined Ogg files do."""
    resampler: Any = None
    form: object = None
    for frame in frames:
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if now != form:
            yield from _to_bytes(resampler.resample(None) if resampler else ())
            resampler, form = av.AudioResampler("s16", "mono", rate_hz), now
            with _on_one_processor():
                first = resampler.resample(_untimed(frame))
            yield from _to_bytes(first)
        else:
            yield from _to_bytes(resampler.resample(_untimed(frame)))
    yield from _to_bytes(resampler.resample(None) if resampler else ())


def _untimed(frame: Any) -> Any:
    frame.pts = None
    return frame


@contextmanager
def _on_one_processor() -> Iterator[None]:
    """FFmpeg's filters start a thread per available processor, each with 8 MB of stack."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usual)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


def _to_bytes(frames: Any) -> Iterator[bytes]:
    for frame in frames:
        yield bytes(frame.planes[0])[: frame.samples * _SAMPLE_BYTES]


def _joined(pieces: Iterator[bytes], min_bytes: int) -> Iterator[bytes]:
    """Join pieces until each has at least `min_bytes` bytes; the last may have fewer."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= min_bytes:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
