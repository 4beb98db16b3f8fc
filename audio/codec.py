"""Any audio file to samples, and samples to Opus packets, through PyAV (FFmpeg's libraries).

A recording passes as a stream of small pieces: what is held does not grow with its length.
"""

import io
import wave
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from audio import isolated
from audio.constants import FRAME_SAMPLES, LIBOPUS_PRE_SKIP, OPUS_RATE_HZ, SPEECH_RATE_HZ
from audio.containers import UNKNOWN, sniff
from audio.errors import AudioError, NotAudioError, StoppedError, too_long
from audio.files import open_regular
from audio.ogg import Muxer, OpusStream, demux, join, packet_samples
from audio.riff import PlainWav, plain_wav
from audio.samples import FULL_SCALE, Pcm, Samples, to_pcm
from audio.stopping import NEVER, Stop

Source = bytes | Path | BinaryIO
"""The bytes of a file, its path, or the file itself, open and able to seek."""

_MAX_PLAIN_BYTES: Final = 16 * 1024 * 1024
"""Ogg Opus up to so large is read here; an hour of speech has 11 MB."""
_HEAD_BYTES: Final = 64 * 1024
_PACKETS_AT_ONCE: Final = 50
_OPUS_RATES_HZ: Final = (8_000, 12_000, 16_000, 24_000, 48_000)


def decode(source: Source, *, rate_hz: int = SPEECH_RATE_HZ, limit_s: float) -> Samples:
    """Read the first audio track of a file, whole: 64 kB a second at 16 kHz, so for short clips.

    Args:
        source: The file.
        rate_hz: The sample rate to give it.
        limit_s: The most seconds to take; a longer file is refused before it fills the memory.

    Raises:
        NotAudioError: It has no sound that can be decoded.
        TooLongError: It is longer than the limit.
    """
    return as_samples(decoded(source, rate_hz=rate_hz, limit_s=limit_s))


def as_samples(pieces: Iterable[Pcm]) -> Samples:
    """Pieces as one clip, from -1 to 1."""
    samples: Samples = np.concatenate([np.zeros(0, np.int16), *pieces], dtype=np.float32)
    samples *= np.float32(1 / FULL_SCALE)
    return samples


def decoded(
    source: Source,
    *,
    rate_hz: int = SPEECH_RATE_HZ,
    limit_s: float,
    stop: Stop = NEVER,
) -> Iterator[Pcm]:
    """Read the first audio track of a file, mixed to mono, in pieces of about a second.

    Plain Ogg Opus and plain WAV are read here and at once. All else is FFmpeg's, in a process of
    its own (`isolated`), which takes some 0.1 s to begin.

    Args:
        source: The file.
        rate_hz: The sample rate to give it.
        limit_s: The most seconds to take.
        stop: Set by who no longer wants it.

    Raises:
        NotAudioError: It has no sound that can be decoded.
        TooLongError: It is longer than the limit; where its header does not say so, after so much.
        StoppedError: It was stopped.
        OSError: There is no regular file of this path.
    """
    with ExitStack() as opened:
        file: BinaryIO
        if isinstance(source, Path):
            file = opened.enter_context(open_regular(source))
        else:
            file = io.BytesIO(source) if isinstance(source, bytes) else source
        plain = _plain(file, rate_hz, limit_s, stop)
        if plain is not None:
            yield from plain
            return
        if sniff(file)[1] is None:
            raise NotAudioError(UNKNOWN)
        for piece in isolated.pcm(file, rate_hz=rate_hz, limit_s=limit_s, stop=stop):
            yield np.frombuffer(piece, np.int16)


def _plain(file: BinaryIO, rate_hz: int, limit_s: float, stop: Stop) -> Iterator[Pcm] | None:
    """The sound of a file that needs no FFmpeg to be read; None for all others."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    header = plain_wav(head)
    if header is not None:
        return _wav_pcm(file, header, rate_hz, limit_s, stop)
    if head.startswith(b"OggS") and rate_hz in _OPUS_RATES_HZ:
        head += file.read(_MAX_PLAIN_BYTES)
        if len(head) <= _MAX_PLAIN_BYTES:
            with suppress(AudioError):
                return _opus_pcm(demux(head), rate_hz, limit_s, stop)
    return None


def _wav_pcm(
    file: BinaryIO, header: PlainWav, rate_hz: int, limit_s: float, stop: Stop
) -> Iterator[Pcm]:
    width = header.channels * 2
    there = file.seek(0, io.SEEK_END) - header.offset
    left = max(0, there if header.size is None else min(there, header.size)) // width
    if left > limit_s * header.rate_hz:
        raise too_long(left / header.rate_hz, limit_s)
    if not left:
        raise NotAudioError("The file has no sound in it.")
    resampler = _PcmResampler(header.rate_hz, rate_hz) if header.rate_hz != rate_hz else None
    file.seek(header.offset)
    while left:
        if stop.is_set():
            raise StoppedError("Nobody wants this any more.")
        data = file.read(min(left, header.rate_hz) * width)
        piece = np.frombuffer(data[: len(data) // width * width], "<i2").astype(np.int16)
        if not len(piece):
            break  # it was cut off meanwhile
        left -= len(piece) // header.channels
        if header.channels > 1:
            piece = piece.reshape(-1, header.channels).mean(axis=1).astype(np.int16)
        yield piece if resampler is None else resampler.resample(piece)
    if resampler is not None:
        yield resampler.finish()


class _PcmResampler:
    """16 bit mono to another rate."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        import av  # noqa: PLC0415

        self._av = av
        self._from_hz = from_hz
        self._resampler = av.AudioResampler("s16", "mono", to_hz)

    def resample(self, piece: Pcm) -> Pcm:
        frame = self._av.AudioFrame.from_ndarray(
            np.ascontiguousarray(piece[None, :]), format="s16", layout="mono"
        )
        frame.sample_rate = self._from_hz
        frame.pts = None
        return self._joined(self._resampler.resample(frame))

    def finish(self) -> Pcm:
        return self._joined(self._resampler.resample(None))

    @staticmethod
    def _joined(frames: Iterable[Any]) -> Pcm:
        return np.concatenate([np.zeros(0, np.int16), *(f.to_ndarray()[0] for f in frames)])


def _opus_pcm(stream: OpusStream, rate_hz: int, limit_s: float, stop: Stop) -> Iterator[Pcm]:
    from audio.opus import OpusDecoder  # noqa: PLC0415  (which needs this module)

    down = OPUS_RATE_HZ // rate_hz
    total = sum(map(packet_samples, stream.packets)) - stream.pre_skip - stream.end_trim
    if total > limit_s * OPUS_RATE_HZ:
        raise too_long(total / OPUS_RATE_HZ, limit_s)
    if total < down:
        raise NotAudioError("The file has no sound in it.")
    skip, left = stream.pre_skip // down, total // down
    decoder = OpusDecoder(rate_hz)
    for at in range(0, len(stream.packets), _PACKETS_AT_ONCE):
        if stop.is_set():
            raise StoppedError("Nobody wants this any more.")
        packets = stream.packets[at : at + _PACKETS_AT_ONCE]
        piece = np.concatenate([to_pcm(decoder.decode(packet)) for packet in packets])
        piece, skip = piece[skip:], max(0, skip - len(piece))
        if len(piece := piece[:left]):
            left -= len(piece)
            yield piece


class OpusEncoder:
    """A running libopus encoder: mono, 48 kHz, 20 ms packets.

    One encoder for a whole reply, so that its sentences join without a click.

    Args:
        rate_hz: The rate of the samples that it is given.
        bitrate: Bits a second.
    """

    def __init__(self, rate_hz: int, *, bitrate: int = 32_000) -> None:
        import av  # noqa: PLC0415

        self._av = av
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
        """The packets that are complete now; the rest waits for more sound.

        A second at a time: FFmpeg makes a frame object of every 20 ms before the first is encoded.
        """
        starts = range(0, len(samples), self._rate_hz)
        return join([self._encode(samples[at : at + self._rate_hz]) for at in starts])

    def _encode(self, samples: Samples | Pcm) -> OpusStream:
        frame = self._av.AudioFrame.from_ndarray(
            np.ascontiguousarray(to_pcm(samples)[None, :]), format="s16", layout="mono"
        )
        frame.sample_rate = self._rate_hz
        frame.pts = None
        self._taken += len(samples)
        return self._packets(self._resampler.resample(frame))

    def finish(self) -> OpusStream:
        """The last packets; the stream's `end_trim` makes the length exact."""
        frames = self._resampler.resample(None)
        last = self._packets([*self._pad(frames), None])
        length = self._taken * OPUS_RATE_HZ // self._rate_hz
        made = self._given_packets * FRAME_SAMPLES
        return OpusStream(last.packets, 1, last.pre_skip, max(0, made - LIBOPUS_PRE_SKIP - length))

    def _pad(self, frames: list[Any]) -> list[Any]:
        """Fill the last frame with silence: an Opus packet is whole or is not."""
        padded = []
        for frame in frames:
            samples = np.zeros((1, FRAME_SAMPLES), np.int16)
            samples[:, : frame.samples] = frame.to_ndarray()
            full = self._av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            full.sample_rate = OPUS_RATE_HZ
            padded.append(full)
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
    """Mono sound to another rate, piece by piece and without a seam.

    Args:
        from_hz: The rate of what it is given.
        to_hz: The rate of what it gives; a little of each piece comes with the next.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        import av  # noqa: PLC0415

        self._av = av
        self._from_hz = from_hz
        self._resampler = av.AudioResampler("flt", "mono", to_hz)

    def resample(self, samples: Samples) -> Samples:
        """What is ready now; shape (n,), about `to_hz / from_hz` as many as were given."""
        frame = self._av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples, np.float32)[None, :], format="flt", layout="mono"
        )
        frame.sample_rate = self._from_hz
        frame.pts = None
        pieces = [piece.to_ndarray()[0] for piece in self._resampler.resample(frame)]
        ready: Samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
        return ready


def encode(samples: Samples, rate_hz: int, *, bitrate: int = 32_000) -> OpusStream:
    """A whole clip as Opus packets.

    Raises:
        AudioError: There are no samples.
    """
    return encoded([samples], rate_hz, bitrate=bitrate)


def encoded(pieces: Iterable[Samples | Pcm], rate_hz: int, *, bitrate: int = 32_000) -> OpusStream:
    """A recording, piece by piece, as Opus packets: 11 MB an hour at 24 kbit/s.

    Raises:
        AudioError: There are no samples; or what the pieces raise.
    """
    streams = list(_encoded(pieces, rate_hz, bitrate))
    return OpusStream(join(streams).packets, 1, LIBOPUS_PRE_SKIP, streams[-1].end_trim)


def encoded_file(pieces: Iterable[Samples | Pcm], rate_hz: int, *, bitrate: int = 32_000) -> bytes:
    """The same as an Ogg Opus file; what is held is that file alone.

    Raises:
        AudioError: There are no samples; or what the pieces raise.
    """
    muxer, end_trim = Muxer(), 0
    for stream in _encoded(pieces, rate_hz, bitrate):
        muxer.write(stream.packets)
        end_trim = stream.end_trim
    return muxer.finish(end_trim=end_trim)


def _encoded(pieces: Iterable[Samples | Pcm], rate_hz: int, bitrate: int) -> Iterator[OpusStream]:
    """The packets of each piece; the last of them says what is to be cut off at the end."""
    encoder = OpusEncoder(rate_hz, bitrate=bitrate)
    is_empty = True
    for piece in pieces:
        if (stream := encoder.encode(piece)).packets:
            is_empty = False
            yield stream
    last = encoder.finish()
    if is_empty and not last.packets:
        raise AudioError("There is no sound to encode.")
    yield last


def recoded(
    source: Source, *, rate_hz: int, limit_s: float, bitrate: int = 32_000, stop: Stop = NEVER
) -> OpusStream:
    """A recording of any kind as Opus packets.

    Args:
        source: The file.
        rate_hz: The sample rate on the way: that of speech, or 48 kHz to keep all there is.
        limit_s: The most seconds to take.
        bitrate: Bits a second.
        stop: Set by who no longer wants it.

    Raises:
        AudioError: It cannot be decoded, or is too long; see `decoded`.
    """
    pieces = decoded(source, rate_hz=rate_hz, limit_s=limit_s, stop=stop)
    return encoded(pieces, rate_hz, bitrate=bitrate)


def recoded_file(
    source: Source, *, rate_hz: int, limit_s: float, bitrate: int = 32_000, stop: Stop = NEVER
) -> bytes:
    """The same as an Ogg Opus file; see `recoded`."""
    pieces = decoded(source, rate_hz=rate_hz, limit_s=limit_s, stop=stop)
    return encoded_file(pieces, rate_hz, bitrate=bitrate)


def wav(samples: Samples, rate_hz: int) -> bytes:
    """A WAV file, 16 bits a sample."""
    file = io.BytesIO()
    write_wav(file, [samples], rate_hz)
    return file.getvalue()


def write_wav(file: BinaryIO, pieces: Iterable[Samples | Pcm], rate_hz: int) -> None:
    """Write a WAV file, 16 bits a sample, piece by piece.

    Args:
        file: Where to; it can seek, and is left open.
        pieces: The sound.
        rate_hz: Its rate.
    """
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        for piece in pieces:
            out.writeframes(to_pcm(piece).astype("<i2", copy=False).tobytes())
