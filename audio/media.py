"""The one place that gives FFmpeg a file: with the demuxer prescribed, and nothing else to open.

It runs in a process of its own (`decoder`), which loads only this and PyAV: no numpy here.
"""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import av

from audio.containers import DECODERS, DEMUXERS, UNKNOWN
from audio.cut_index import with_whole_index
from audio.errors import NotAudioError, too_long
from audio.loss import Loss
from audio.parts import Part, parts

MAX_STREAMS: Final = 32
"""Tracks per file; FFmpeg's own limit is 1000, each with buffers and an index."""
MIN_RATE_HZ: Final = 4_000
MAX_RATE_HZ: Final = 768_000
MAX_CHANNELS: Final = 64
MAX_FRAME_SAMPLES: Final = 1 << 17
"""Real frames have at most about 65,000; a file in a single frame would be unpacked at once."""
MAX_PACKET_BYTES: Final = 4 * 1024 * 1024
"""An uncompressed FLAC frame of eight channels takes 2 MB."""

_DECODERS: Final = frozenset(DECODERS.split())
_PYAV_WITHOUT_OPTION: Final = 19
_SAMPLE_BYTES: Final = 2
_MAX_FAILURES: Final = 100
"""How often in a row the demuxer may fail to find a packet; each time it moves on."""
_STATES_LENGTH: Final = frozenset({"wav", "w64", "flac", "m4a", "webm", "aiff", "caf", "wma", "wv"})
_MIN_BYTES_PER_S: Final = 40
"""No codec for speech takes less."""
_MIN_GAP_S: Final = 0.1
_MAX_GAP_S: Final = 60.0
"""A longer gap is not damage: the clock of a joined file starts again."""
_NO_INDEX: Final = (
    "The file is damaged or incomplete: it has no index of its audio, which is written last."
)


class _Window:
    """A part of a file, for FFmpeg. It has no `name` for FFmpeg to interpret."""

    def __init__(self, file: BinaryIO, start: int, end: int | None) -> None:
        self._file = file
        self._start = start
        self.size = (file.seek(0, io.SEEK_END) if end is None else end) - start
        file.seek(start)

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        return self._file.read(max(0, min(size, self.size - self.tell())))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, counted from the start of the window."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("before the start of the window")
        where = min(base + offset, self.size)  # a damaged length leads anywhere
        return self._file.seek(self._start + where) - self._start

    def tell(self) -> int:
        """The position, counted from the start of the window."""
        return self._file.tell() - self._start


@dataclass(frozen=True, slots=True)
class _Forward:
    """A window that can only be read to its end."""

    read: Callable[[int], bytes]


def pcm(file: BinaryIO, *, rate_hz: int, limit_s: float, loss: Loss) -> Iterator[bytes]:
    """Decode the first audio track of a file to mono: 16-bit samples in native byte order.

    What cannot be decoded is left out: a damaged packet, a truncated end, bytes that something else
    appended. Recordings that were joined into one file follow one another.

    Args:
        file: Seekable; stays open. Nothing else is opened, whatever its bytes say.
        rate_hz: The sample rate of the result.
        limit_s: A longer file is refused.
        loss: Counts what was left out.

    Yields:
        About a second at a time.

    Raises:
        NotAudioError: It has no audio that can be decoded.
        TooLongError: It is longer than the limit; raised on reaching it if the header does not
            reveal the length.
    """
    salvage = _Salvage(loss)
    total = 0
    pieces = _resampled(_frames_of_parts(file, limit_s, salvage), rate_hz, salvage)
    for piece in _joined(pieces, rate_hz * _SAMPLE_BYTES):
        total += len(piece) // _SAMPLE_BYTES
        if total > limit_s * rate_hz:
            raise too_long(total / rate_hz, limit_s)
        yield piece
    if not total:
        raise salvage.first_error or NotAudioError("The file has no audio in it.")
    loss.add(salvage.stated_s - total / rate_hz - loss.seconds)


class _Salvage:
    """Notes what cannot be read; that is an error only if nothing can be read."""

    def __init__(self, loss: Loss) -> None:
        self._loss = loss
        self.first_error: NotAudioError | None = None
        self.stated_s = 0.0

    def note(self, error: Exception | str, lost_s: float = 0.0) -> None:
        """Count what was left out; the first reason is kept."""
        self._loss.add(lost_s)
        if self.first_error is None:
            reason = error.strerror if isinstance(error, av.FFmpegError) else str(error)
            plain = isinstance(error, str | NotAudioError)
            text = reason if plain else f"This cannot be read as audio ({reason})."
            self.first_error = NotAudioError(text)

    def note_truncation(self, part: Part, size: int, heard_s: float) -> None:
        """The file ends before its part does, which may be all that tells that there was more."""
        if part.missing and size:
            self.note("The file is incomplete.", heard_s * min(part.missing / size, 1000.0))


def _frames_of_parts(file: BinaryIO, limit_s: float, salvage: _Salvage) -> Iterator[Any]:
    """The frames of each recording in the file, which are one unless it was joined."""
    is_media = False
    for part in parts(file):
        is_media = True
        try:
            window = _Window(file, part.start, part.end)
            with _opened(file, part, window) as container:
                salvage.stated_s += _check_header(container, part, window.size, limit_s)
                packets = _packets(container, salvage)
                if part.kind == "ogg":
                    packets = _without_gaps(packets, salvage)
                heard_s = 0.0
                for frame in _frames(packets, salvage):
                    heard_s += frame.samples / frame.sample_rate
                    yield frame
                salvage.note_truncation(part, window.size, heard_s)
        except (NotAudioError, av.FFmpegError) as e:
            is_unreadable = isinstance(e, av.FFmpegError) or part.missing > 0
            no_index = part.kind in {"m4a", "caf"} and is_unreadable
            salvage.note(_NO_INDEX if no_index else e)
    if not is_media:
        raise NotAudioError(UNKNOWN)


def _opened(file: BinaryIO, part: Part, window: _Window) -> Any:
    """Open a part as the container that its bytes show it to be, and as nothing else."""
    demuxer = DEMUXERS[part.kind]
    options = {
        "protocol_whitelist": "",  # a demuxer may open nothing else
        "format_whitelist": demuxer,  # nor use another demuxer
        # A picture must not be decoded only to learn its size.
        "codec_whitelist": ",".join(sorted(_DECODERS)),
        "max_streams": str(MAX_STREAMS),
    }
    # One wrong entry of an AVI's index, which FFmpeg reads where it can seek, would end the sound.
    source: Any = _Forward(window.read) if part.kind == "avi" else window
    if part.kind == "m4a" and part.missing:
        source = with_whole_index(file, part.start) or source
    return av.open(
        source,
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


def _check_header(container: Any, part: Part, size: int, limit_s: float) -> float:
    """Refuse what cannot be decoded. Returns the length that the header states; 0 if it does not.

    Only the length of a container that states one is believed: for the others FFmpeg guesses it
    from the first frame's bit rate.
    """
    if not container.streams.audio:
        raise NotAudioError("The file has no audio track.")
    coding = container.streams.audio[0].codec_context
    if coding is None or coding.name not in _DECODERS:
        raise NotAudioError("The file's audio has a codec that is not supported.")
    coding.thread_count = 1
    stated_s = _stated_s(container) if part.kind in _STATES_LENGTH else 0.0
    if part.kind != "m4a" and size < stated_s * _MIN_BYTES_PER_S:
        return 0.0  # the header is damaged; a movie's is believed, since its index takes memory
    if stated_s > limit_s:
        raise too_long(stated_s, limit_s)
    return stated_s


def _stated_s(container: Any) -> float:
    """The length that the header states for the sound; the file's own may be that of a video."""
    track = container.streams.audio[0]
    if track.duration and track.time_base:
        return float(track.duration * track.time_base)
    is_alone = len(container.streams) == 1
    return container.duration / float(av.time_base) if is_alone and container.duration else 0.0


def _frames(packets: Iterator[Any], salvage: _Salvage) -> Iterator[Any]:
    """The track's frames, without those that are damaged."""
    for packet in packets:
        if packet.size > MAX_PACKET_BYTES:
            salvage.note("The file's audio is not in frames that can be played.", _seconds(packet))
            continue
        try:
            frames = packet.decode()
        except av.FFmpegError as e:
            salvage.note(e, _seconds(packet))
            continue
        for frame in frames:
            wrong = _refusal(frame)
            if wrong is None:
                yield frame
            else:
                salvage.note(wrong, _seconds(packet))


def _seconds(packet: Any) -> float:
    """How long a packet lasts. Asked only of lost ones: a time base is a fraction, and slow."""
    return float((packet.duration or 0) * packet.time_base) if packet.time_base else 0.0


def _packets(container: Any, salvage: _Salvage) -> Iterator[Any]:
    """The track's packets; the demuxer is asked again after an error, as players do."""
    failures = 0
    while failures < _MAX_FAILURES:
        try:
            for packet in container.demux(audio=0):
                yield packet
                failures = 0
        except (av.FFmpegError, IndexError) as e:  # a track that the header had not announced
            salvage.note(e)
            failures += 1
        else:
            return


def _without_gaps(packets: Iterator[Any], salvage: _Salvage) -> Iterator[Any]:
    """Count what lies between packets as lost: FFmpeg silently drops a damaged Ogg page."""
    end: int | None = None
    for packet in packets:
        if packet.pts is not None:
            if end is not None and packet.pts > end and packet.time_base:
                gap_s = float((packet.pts - end) * packet.time_base)
                if _MIN_GAP_S < gap_s < _MAX_GAP_S:
                    salvage.note("The file is damaged.", gap_s)
            end = packet.pts + (packet.duration or 0)
        yield packet


def _refusal(frame: Any) -> str | None:
    """Why a frame is not used: no recording has frames of that size or kind."""
    if frame.samples > MAX_FRAME_SAMPLES or frame.layout.nb_channels > MAX_CHANNELS:
        return "The file's audio is not in frames that can be played."
    if not MIN_RATE_HZ <= frame.sample_rate <= MAX_RATE_HZ:
        return f"The file's audio has {frame.sample_rate} samples per second."
    return None


def _resampled(frames: Iterator[Any], rate_hz: int, salvage: _Salvage) -> Iterator[bytes]:
    """Convert frames to mono at one rate; the format may change, as it does in joined files."""
    resampler: Any = None
    form: object = None
    for frame in frames:
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        try:
            if now != form:
                yield from _to_bytes(resampler.resample(None) if resampler else ())
                resampler, form = av.AudioResampler("s16", "mono", rate_hz), now
                with _on_one_processor():
                    made = resampler.resample(_untimed(frame))
            else:
                made = resampler.resample(_untimed(frame))
        except (av.FFmpegError, ValueError) as e:
            salvage.note(e, frame.samples / frame.sample_rate)
            resampler, form = None, None
        else:
            yield from _to_bytes(made)
    yield from _to_bytes(resampler.resample(None) if resampler else ())


def _untimed(frame: Any) -> Any:
    frame.pts = None
    return frame


@contextmanager
def _on_one_processor() -> Iterator[None]:
    """FFmpeg's filters start a thread per available processor, each with 8 MB of stack."""
    if sys.platform == "linux":
        usual = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(usual)})
        try:
            yield
        finally:
            os.sched_setaffinity(0, usual)
    else:
        yield


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
