"""Turns any audio file into samples, and samples into Opus packets, with PyAV (FFmpeg's libraries).

A recording passes as a stream of small pieces, so memory does not grow with its length.
"""

import io
import wave
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from audio import isolated
from audio.constants import FRAME_SAMPLES, LIBOPUS_PRE_SKIP, OPUS_RATE_HZ, SPEECH_RATE_HZ
from audio.containers import UNKNOWN, sniff
from audio.errors import AudioError, NotAudioError, too_long
from audio.files import open_regular
from audio.loss import Loss
from audio.ogg import Muxer, OpusStream, demux, join, packet_samples
from audio.parts import is_joined
from audio.riff import PlainWav, plain_wav
from audio.samples import FULL_SCALE, Pcm, Samples, to_pcm
from audio.stopping import NEVER, Stop

Source = bytes | Path | BinaryIO
"""The bytes of a file, its path, or the open, seekable file itself."""

Sound = TypeVar("Sound", Samples, Pcm)

_MAX_PLAIN_BYTES: Final = 16 * 1024 * 1024
"""Larger Ogg Opus files are left to FFmpeg; an hour of speech takes 11 MB."""
_HEAD_BYTES: Final = 64 * 1024
_PACKETS_AT_ONCE: Final = 50
_FORMATS: Final[dict[type[np.generic], str]] = {np.float32: "flt", np.int16: "s16"}
"""FFmpeg's name for each sample format."""
_OPUS_RATES_HZ: Final = (8_000, 12_000, 16_000, 24_000, 48_000)


def decode(source: Source, *, rate_hz: int = SPEECH_RATE_HZ, limit_s: float) -> Samples:
    """Decode the first audio track of a file at once; for short clips: 64 kB a second at 16 kHz.

    Args:
        source: The file.
        rate_hz: The sample rate of the result.
        limit_s: A longer file is refused before it fills the memory.

    Raises:
        NotAudioError: It has no audio that can be decoded.
        TooLongError: It is longer than the limit.
    """
    return as_samples(decode_stream(source, rate_hz=rate_hz, limit_s=limit_s))


def as_samples(pieces: Iterable[Pcm]) -> Samples:
    """Join pieces into one clip."""
    samples: Samples = np.concatenate([np.zeros(0, np.int16), *pieces], dtype=np.float32)
    samples *= np.float32(1 / FULL_SCALE)
    return samples


def decode_stream(
    source: Source,
    *,
    rate_hz: int = SPEECH_RATE_HZ,
    limit_s: float,
    stop: Stop = NEVER,
    loss: Loss | None = None,
) -> Iterator[Pcm]:
    """Decode the first audio track of a file, mixed to mono, in pieces of about a second.

    What is damaged is left out, and recordings that were joined into one file follow one another.
    Plain Ogg Opus and plain WAV are decoded here, without delay. FFmpeg decodes everything else in
    a process of its own (`isolated`), which takes about 0.1 s to start.

    Args:
        source: The file.
        rate_hz: The sample rate of the result.
        limit_s: A longer file is refused.
        stop: Set by the caller to end the work.
        loss: Counts how much could not be read.

    Raises:
        NotAudioError: It has no audio that can be decoded.
        TooLongError: It is longer than the limit; raised on reaching it if the header does not
            reveal the length.
        StoppedError: `stop` was set.
        OSError: The path is not a regular file.
    """
    with ExitStack() as opened:
        file: BinaryIO
        if isinstance(source, Path):
            file = opened.enter_context(open_regular(source))
        else:
            file = io.BytesIO(source) if isinstance(source, bytes) else source
        loss = Loss() if loss is None else loss
        plain = _plain(file, rate_hz, limit_s, stop, loss)
        if plain is not None:
            yield from plain
            return
        if sniff(file)[1] is None:
            raise NotAudioError(UNKNOWN)
        for piece in isolated.pcm(file, rate_hz=rate_hz, limit_s=limit_s, loss=loss, stop=stop):
            yield np.frombuffer(piece, np.int16)


def _plain(
    file: BinaryIO, rate_hz: int, limit_s: float, stop: Stop, loss: Loss
) -> Iterator[Pcm] | None:
    """The audio of a file that can be decoded without FFmpeg; None for any other."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    header = plain_wav(head)
    if header is not None and not is_joined(file):
        return _wav_pcm(file, header, rate_hz, limit_s, stop, loss)
    if head.startswith(b"OggS") and rate_hz in _OPUS_RATES_HZ and not is_joined(file):
        file.seek(len(head))
        head += file.read(_MAX_PLAIN_BYTES)
        if len(head) <= _MAX_PLAIN_BYTES:
            with suppress(AudioError):
                return _opus_pcm(demux(head), rate_hz, limit_s, stop, loss)
    return None


def _wav_pcm(
    file: BinaryIO, header: PlainWav, rate_hz: int, limit_s: float, stop: Stop, loss: Loss
) -> Iterator[Pcm]:
    width = header.channels * 2
    left = _frames_there(file, header, limit_s, loss)
    if left > limit_s * header.rate_hz:
        raise too_long(left / header.rate_hz, limit_s)
    if not left:
        raise NotAudioError("The file has no audio in it.")
    resampler = None
    if header.rate_hz != rate_hz:
        resampler = Resampler(header.rate_hz, rate_hz, dtype=np.int16)
    file.seek(header.offset)
    while left:
        stop.raise_if_set()
        data = file.read(min(left, header.rate_hz) * width)
        piece = np.frombuffer(data[: len(data) // width * width], "<i2").astype(np.int16)
        if not len(piece):
            break  # the file was truncated meanwhile
        left -= len(piece) // header.channels
        if header.channels > 1:
            piece = piece.reshape(-1, header.channels).mean(axis=1).astype(np.int16)
        yield piece if resampler is None else resampler.resample(piece)
    if resampler is not None:
        yield resampler.finish()


def _frames_there(file: BinaryIO, header: PlainWav, limit_s: float, loss: Loss) -> int:
    """How many samples of each channel there are, whatever the header states."""
    bytes_per_s = header.channels * 2 * header.rate_hz
    there = max(0, file.seek(0, io.SEEK_END) - header.offset)
    if header.size is not None:
        if header.size <= limit_s * bytes_per_s:  # a pipe's writer may state any length
            loss.add((header.size - there) / bytes_per_s)
        there = min(there, header.size)
    return there // (header.channels * 2)


def _opus_pcm(
    stream: OpusStream, rate_hz: int, limit_s: float, stop: Stop, loss: Loss
) -> Iterator[Pcm]:
    from audio.opus import OpusDecoder  # noqa: PLC0415  (loads libopus)

    down = OPUS_RATE_HZ // rate_hz
    total = sum(map(packet_samples, stream.packets)) - stream.pre_skip - stream.end_trim
    if total > limit_s * OPUS_RATE_HZ:
        raise too_long(total / OPUS_RATE_HZ, limit_s)
    if total < down:
        raise NotAudioError("The file has no audio in it.")
    skip, left = stream.pre_skip // down, total // down
    decoder = OpusDecoder(rate_hz)

    def decoded(packet: bytes) -> Pcm:
        try:
            return to_pcm(decoder.decode(packet))
        except AudioError:
            lasting = packet_samples(packet)
            loss.add(lasting / OPUS_RATE_HZ)
            return np.zeros(lasting // down, np.int16)

    for at in range(0, len(stream.packets), _PACKETS_AT_ONCE):
        stop.raise_if_set()
        packets = stream.packets[at : at + _PACKETS_AT_ONCE]
        piece = np.concatenate([decoded(packet) for packet in packets])
        piece, skip = piece[skip:], max(0, skip - len(piece))
        if len(piece := piece[:left]):
            left -= len(piece)
            yield piece


class OpusEncoder:
    """A running libopus encoder: mono, 48 kHz, 20 ms packets.

    A whole reply needs one encoder, so that its sentences join without a click.

    Args:
        rate_hz: The rate of the input.
        bitrate: In bits per second.
    """

    def __init__(self, rate_hz: int, *, bitrate: int = 32_000) -> None:
        import av  # noqa: PLC0415

        self._rate_hz = rate_hz
        self._resampler = av.AudioResampler("s16", "mono", OPUS_RATE_HZ, frame_size=FRAME_SAMPLES)
        self._codec: Any = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate = OPUS_RATE_HZ
        self._codec.layout = "mono"
        self._codec.format = "s16"
        self._codec.bit_rate = bitrate
        self._codec.options = {"application": "voip", "frame_duration": "20"}
        self._codec.open()
        self._taken = 0
        self._given_packets = 0

    def encode(self, samples: Samples | Pcm) -> OpusStream:
        """The packets that are complete now; the rest waits for more input.

        A second at a time, because FFmpeg makes a frame object of every 20 ms before it encodes
        the first.
        """
        starts = range(0, len(samples), self._rate_hz)
        return join([self._encode(samples[at : at + self._rate_hz]) for at in starts])

    def _encode(self, samples: Samples | Pcm) -> OpusStream:
        self._taken += len(samples)
        return self._packets(self._resampler.resample(_frame(to_pcm(samples), self._rate_hz)))

    def finish(self) -> OpusStream:
        """The last packets; their `end_trim` makes the length exact."""
        frames = self._resampler.resample(None)
        last = self._packets([*self._pad(frames), None])
        length = self._taken * OPUS_RATE_HZ // self._rate_hz
        made = self._given_packets * FRAME_SAMPLES
        return OpusStream(last.packets, 1, last.pre_skip, max(0, made - LIBOPUS_PRE_SKIP - length))

    @staticmethod
    def _pad(frames: list[Any]) -> list[Any]:
        """Fill the last frame with silence: an Opus packet cannot be partial."""
        padded = []
        for frame in frames:
            samples = np.zeros(FRAME_SAMPLES, np.int16)
            samples[: frame.samples] = frame.to_ndarray()[0]
            padded.append(_frame(samples, OPUS_RATE_HZ))
        return padded

    def _packets(self, frames: list[Any]) -> OpusStream:
        packets = []
        for frame in frames:
            if frame is not None:
                frame.pts = None
            packets += [bytes(packet) for packet in self._codec.encode(frame)]
        first = self._given_packets == 0
        self._given_packets += len(packets)
        return OpusStream(tuple(packets), 1, LIBOPUS_PRE_SKIP if first else 0, 0)


class Resampler:
    """Resamples mono audio piece by piece, without a seam.

    Args:
        from_hz: The rate of the input.
        to_hz: The rate of the output; a little of each piece comes with the next.
        dtype: The type of input and output: `np.float32` or `np.int16`.
    """

    def __init__(
        self, from_hz: int, to_hz: int, *, dtype: type[np.float32 | np.int16] = np.float32
    ) -> None:
        import av  # noqa: PLC0415

        self._from_hz = from_hz
        self._dtype = dtype
        self._resampler = av.AudioResampler(_FORMATS[dtype], "mono", to_hz)

    def resample(self, samples: Sound) -> Sound:
        """The output that is ready now; about `to_hz / from_hz` as many samples."""
        return self._joined(_frame(samples, self._from_hz))

    def finish(self) -> NDArray[Any]:
        """The rest of the output."""
        return self._joined(None)

    def _joined(self, frame: Any) -> NDArray[Any]:
        frames = self._resampler.resample(frame)
        return np.concatenate([np.zeros(0, self._dtype), *(f.to_ndarray()[0] for f in frames)])


def _frame(samples: Samples | Pcm, rate_hz: int) -> Any:
    import av  # noqa: PLC0415

    array: Any = np.ascontiguousarray(samples)[None, :]
    frame = av.AudioFrame.from_ndarray(
        array,
        format=_FORMATS[samples.dtype.type],
        layout="mono",
    )
    frame.sample_rate = rate_hz
    frame.pts = None
    return frame


def encode(samples: Samples, rate_hz: int, *, bitrate: int = 32_000) -> OpusStream:
    """Encode a whole clip.

    Raises:
        AudioError: There are no samples.
    """
    return encode_stream([samples], rate_hz, bitrate=bitrate)


def encode_stream(
    pieces: Iterable[Samples | Pcm], rate_hz: int, *, bitrate: int = 32_000
) -> OpusStream:
    """Encode a recording, piece by piece: 11 MB an hour at 24 kbit/s.

    Raises:
        AudioError: There are no samples; or whatever the pieces raise.
    """
    streams = list(_encoded(pieces, rate_hz, bitrate))
    return OpusStream(join(streams).packets, 1, LIBOPUS_PRE_SKIP, streams[-1].end_trim)


def encode_to_ogg(pieces: Iterable[Samples | Pcm], rate_hz: int, *, bitrate: int = 32_000) -> bytes:
    """Encode a recording to an Ogg Opus file; memory holds no more than that file.

    Raises:
        AudioError: There are no samples; or whatever the pieces raise.
    """
    muxer, end_trim = Muxer(), 0
    for stream in _encoded(pieces, rate_hz, bitrate):
        muxer.write(stream.packets)
        end_trim = stream.end_trim
    return muxer.finish(end_trim=end_trim)


def _encoded(pieces: Iterable[Samples | Pcm], rate_hz: int, bitrate: int) -> Iterator[OpusStream]:
    """The packets of each piece; the last stream has the `end_trim` of the whole."""
    encoder = OpusEncoder(rate_hz, bitrate=bitrate)
    is_empty = True
    for piece in pieces:
        if (stream := encoder.encode(piece)).packets:
            is_empty = False
            yield stream
    last = encoder.finish()
    if is_empty and not last.packets:
        raise AudioError("There is no audio to encode.")
    yield last


def transcode(
    source: Source, *, rate_hz: int, limit_s: float, bitrate: int = 32_000, stop: Stop = NEVER
) -> OpusStream:
    """Convert a recording of any kind to Opus packets.

    Args:
        source: The file.
        rate_hz: The intermediate sample rate: that of speech, or 48 kHz to lose nothing.
        limit_s: A longer file is refused.
        bitrate: In bits per second.
        stop: Set by the caller to end the work.

    Raises:
        AudioError: It cannot be decoded, or is too long; see `decode_stream`.
    """
    pieces = decode_stream(source, rate_hz=rate_hz, limit_s=limit_s, stop=stop)
    return encode_stream(pieces, rate_hz, bitrate=bitrate)


def transcode_to_ogg(
    source: Source,
    *,
    rate_hz: int,
    limit_s: float,
    bitrate: int = 32_000,
    stop: Stop = NEVER,
    loss: Loss | None = None,
) -> bytes:
    """Convert a recording to an Ogg Opus file; see `transcode` and `decode_stream`."""
    pieces = decode_stream(source, rate_hz=rate_hz, limit_s=limit_s, stop=stop, loss=loss)
    return encode_to_ogg(pieces, rate_hz, bitrate=bitrate)


def wav(samples: Samples, rate_hz: int) -> bytes:
    """A 16-bit WAV file."""
    file = io.BytesIO()
    write_wav(file, [samples], rate_hz)
    return file.getvalue()


def write_wav(file: BinaryIO, pieces: Iterable[Samples | Pcm], rate_hz: int) -> None:
    """Write a 16-bit WAV file piece by piece. `file` must be seekable, and stays open."""
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        for piece in pieces:
            out.writeframes(to_pcm(piece).astype("<i2", copy=False).tobytes())
