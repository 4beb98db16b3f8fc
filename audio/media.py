"""The one place where FFmpeg is given a file: forced to what the bytes are, and let open nothing.

It runs in a process of its own (`decoder`), which loads this and PyAV alone: no numpy here.
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
"""Tracks of a file; FFmpeg takes 1000 by itself, each with buffers and an index."""
MIN_RATE_HZ: Final = 4_000
MAX_RATE_HZ: Final = 768_000
MAX_CHANNELS: Final = 64
MAX_FRAME_SAMPLES: Final = 1 << 17
"""A decoder's frame has at most some 65,000; a file in one frame would be unpacked at once."""
MAX_PACKET_BYTES: Final = 4 * 1024 * 1024
"""A FLAC frame of eight channels, not compressed, has 2 MB."""

_DECODERS: Final = frozenset(DECODERS.split())
_PYAV_WITHOUT_OPTION: Final = 19
_SAMPLE_BYTES: Final = 2


class _Window:
    """A file from an offset on, as FFmpeg reads it.

    It has no `name`, so that FFmpeg has none to look at.

    Args:
        file: The file, which can seek.
        start: The offset that is its beginning.
    """

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self._start = start
        file.seek(start)

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, counted from the window's beginning."""
        where = offset + self._start if whence == io.SEEK_SET else offset
        return self._file.seek(where, whence) - self._start

    def tell(self) -> int:
        """The place, counted from the window's beginning."""
        return self._file.tell() - self._start


def pcm(file: BinaryIO, *, rate_hz: int, limit_s: float) -> Iterator[bytes]:
    """The first audio track of a file, mixed to mono: 16 bit samples, in the order of this machine.

    Args:
        file: It can seek, and is left open. Nothing else is opened, whatever its bytes say.
        rate_hz: The sample rate to give it.
        limit_s: The most seconds to take.

    Yields:
        About a second at a time.

    Raises:
        NotAudioError: It has no sound that can be decoded.
        TooLongError: It is longer than the limit; where its header does not say so, after so much.
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
        raise NotAudioError("The file has no sound in it.")


def _opened(file: BinaryIO) -> Any:
    """The file as the one container that its bytes are, and nothing besides."""
    start, kind = sniff(file)
    if kind is None:
        raise NotAudioError(UNKNOWN)
    demuxer = DEMUXERS[kind]
    options = {
        "protocol_whitelist": "",  # none: whatever a demuxer wants to open besides is refused
        "format_whitelist": demuxer,  # nor one demuxer within another
        "codec_whitelist": ",".join(
            sorted(_DECODERS)
        ),  # a picture is not decoded only to learn its size
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
    """What makes PyAV open a file whose tags are not UTF-8.

    From 19 on, which is for Python 3.12 and later, it does so by itself, and knows no such option.
    """
    if int(pyav.partition(".")[0]) >= _PYAV_WITHOUT_OPTION:
        return {}
    return {"metadata_errors": "ignore"}


def _check_header(container: Any, limit_s: float) -> None:
    if not container.streams.audio:
        raise NotAudioError("The file has no audio track.")
    coding = container.streams.audio[0].codec_context
    if coding is None or coding.name not in _DECODERS:
        raise NotAudioError("The file's sound is coded in a way that is not read.")
    coding.thread_count = 1
    if container.duration and container.duration / av.time_base > limit_s:
        raise too_long(container.duration / av.time_base, limit_s)


def _frames(container: Any) -> Iterator[Any]:
    """The track's frames, none of a size or kind that no recording has."""
    for packet in container.demux(audio=0):
        if packet.size > MAX_PACKET_BYTES:
            raise NotAudioError("The file's sound is not in pieces that can be played.")
        for frame in packet.decode():
            if frame.samples > MAX_FRAME_SAMPLES or frame.layout.nb_channels > MAX_CHANNELS:
                raise NotAudioError("The file's sound is not in pieces that can be played.")
            if not MIN_RATE_HZ <= frame.sample_rate <= MAX_RATE_HZ:
                raise NotAudioError(f"The file's sound has {frame.sample_rate} samples a second.")
            yield frame


def _resampled(frames: Iterator[Any], rate_hz: int) -> Iterator[bytes]:
    """Frames as mono at one rate; a track may change its kind, as joined Ogg files do."""
    resampler: Any = None
    kind: object = None
    for frame in frames:
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if now != kind:
            yield from _plain(resampler.resample(None) if resampler else ())
            resampler, kind = av.AudioResampler("s16", "mono", rate_hz), now
            with _on_one_processor():
                first = resampler.resample(_untimed(frame))
            yield from _plain(first)
        else:
            yield from _plain(resampler.resample(_untimed(frame)))
    yield from _plain(resampler.resample(None) if resampler else ())


def _untimed(frame: Any) -> Any:
    frame.pts = None
    return frame


@contextmanager
def _on_one_processor() -> Iterator[None]:
    """FFmpeg's filters begin a thread for each processor that they may use, of 8 MB of stack."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usual)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


def _plain(frames: Any) -> Iterator[bytes]:
    for frame in frames:
        yield bytes(frame.planes[0])[: frame.samples * _SAMPLE_BYTES]


def _joined(pieces: Iterator[bytes], least: int) -> Iterator[bytes]:
    """The same bytes in pieces of at least so many, but for the last."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= least:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
