"""Any audio file to samples, and samples to Opus packets, through PyAV (FFmpeg's libraries)."""

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio.errors import AudioError, NotAudioError, TooLongError
from audio.ogg import FRAME_SAMPLES, LIBOPUS_PRE_SKIP, OPUS_RATE_HZ, OpusStream

Samples = NDArray[np.float32]
"""Mono sound: shape (n,), from -1 to 1."""

SPEECH_RATE_HZ = 16_000
"""What speech models take."""

_PYAV_WITHOUT_OPTION = 19
_IGNORE_TAGS = {"metadata_errors": "ignore"}


def decode(source: bytes | Path, *, rate_hz: int = SPEECH_RATE_HZ, limit_s: float) -> Samples:
    """Read the first audio track of a file, mixed to mono.

    Args:
        source: A file, or the bytes of one; any container and codec that FFmpeg knows.
        rate_hz: The sample rate to give it.
        limit_s: The most seconds to take; a longer file is refused before it fills the memory.

    Raises:
        NotAudioError: It has no sound that can be decoded.
        TooLongError: It is longer than the limit.
    """
    import av  # noqa: PLC0415  (loads FFmpeg's libraries)

    stuff: Any = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    try:
        with av.open(stuff, **_any_tags(av.__version__)) as container:
            if not container.streams.audio:
                raise NotAudioError("The file has no audio track.")
            if container.duration and container.duration / av.time_base > limit_s:
                raise _too_long(container.duration / av.time_base, limit_s)
            return _decode_track(container, rate_hz, limit_s)
    except av.FFmpegError as e:
        raise NotAudioError(f"This cannot be read as audio ({e.strerror}).") from e


def _any_tags(pyav: str) -> dict[str, Any]:
    """What makes PyAV open a file whose tags are not UTF-8.

    From 19 on, which is for Python 3.12 and later, it does so by itself, and knows no such option.
    """
    return {} if int(pyav.partition(".")[0]) >= _PYAV_WITHOUT_OPTION else _IGNORE_TAGS


def _decode_track(container: Any, rate_hz: int, limit_s: float) -> Samples:
    import av  # noqa: PLC0415

    resampler = av.AudioResampler("s16", "mono", rate_hz)
    pieces: list[NDArray[np.int16]] = []
    total = 0
    for frame in container.decode(audio=0):
        for piece in resampler.resample(frame):
            pieces.append(piece.to_ndarray()[0])
            total += piece.samples
        if total > limit_s * rate_hz:
            raise _too_long(total / rate_hz, limit_s)
    pieces.extend(piece.to_ndarray()[0] for piece in resampler.resample(None))
    if not pieces:
        raise NotAudioError("The file has no sound in it.")
    return np.concatenate(pieces).astype(np.float32) / np.float32(32768)


def _too_long(seconds: float, limit_s: float) -> TooLongError:
    return TooLongError(
        f"The audio is over {_clock(seconds)} long; at most {_clock(limit_s)} can be taken."
    )


def _clock(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"  # noqa: PLR2004


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

    def encode(self, samples: Samples) -> OpusStream:
        """The packets that are complete now; the rest waits for more sound."""
        frame = self._av.AudioFrame.from_ndarray(
            np.ascontiguousarray((np.clip(samples, -1, 1) * 32767).astype(np.int16)[None, :]),
            format="s16",
            layout="mono",
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
    if not len(samples):
        raise AudioError("There is no sound to encode.")
    encoder = OpusEncoder(rate_hz, bitrate=bitrate)
    first, last = encoder.encode(samples), encoder.finish()
    return OpusStream(first.packets + last.packets, 1, LIBOPUS_PRE_SKIP, last.end_trim)


def wav(samples: Samples, rate_hz: int) -> bytes:
    """A WAV file, 16 bits a sample."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()
