"""Recordings of a tone in the containers that people have, made by FFmpeg's encoders."""

import io
from functools import cache

import av
import numpy as np

TONE_HZ = 440.0

KINDS = {
    "wav": ("wav", "pcm_s16le", 48_000),
    "wav, 24 bit": ("wav", "pcm_s24le", 48_000),
    "w64": ("w64", "pcm_s16le", 48_000),
    "flac": ("flac", "flac", 48_000),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "mp3, 8 kHz": ("mp3", "libmp3lame", 8_000),
    "aac": ("adts", "aac", 48_000),
    "m4a": ("ipod", "aac", 48_000),
    "alac": ("ipod", "alac", 48_000),
    "3gp": ("3gp", "aac", 48_000),
    "opus": ("ogg", "libopus", 48_000),
    "ogg, FLAC": ("ogg", "flac", 48_000),
    "webm": ("webm", "libopus", 48_000),
    "aiff": ("aiff", "pcm_s16be", 48_000),
    "caf": ("caf", "pcm_s16be", 48_000),
    "caf, ALAC": ("caf", "alac", 48_000),
    "au": ("au", "pcm_s16be", 48_000),
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "ac3": ("ac3", "ac3", 48_000),
    "wv": ("wv", "wavpack", 48_000),
    "wma": ("asf", "wmav2", 44_100),
    "flv": ("flv", "libmp3lame", 44_100),
    "ts": ("mpegts", "aac", 48_000),
    "avi": ("avi", "libmp3lame", 44_100),
}
"""Of each: the muxer, its encoder, and a rate that it takes."""

_OPTIONS = {"webm": {"cluster_time_limit": "1000"}}  # else one of eight seconds has two clusters

_QUICK = {"aac": {"aac_coder": "fast"}, "libmp3lame": {"compression_level": "9"}}
"""Options of encoders: how good a tone sounds proves nothing."""


@cache
def tone(
    kind: str,
    *,
    seconds: int = 2,
    rate_hz: int = 0,
    layout: str = "mono",
    options: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A file with a tone of 440 Hz; `options` are the muxer's."""
    rate_hz = rate_hz or KINDS[kind][2]
    return written(
        kind, _samples(rate_hz, seconds), rate_hz=rate_hz, layout=layout, options=dict(options)
    )


@cache
def _samples(rate_hz: int, seconds: int) -> np.ndarray:
    times = np.arange(rate_hz * seconds) / rate_hz
    return (np.sin(times * TONE_HZ * 2 * np.pi) * 16_000).astype(np.int16)


def written(
    kind: str,
    samples: np.ndarray,
    *,
    rate_hz: int,
    layout: str = "mono",
    options: dict[str, str] | None = None,
) -> bytes:
    """A file with these samples: 16-bit, the same on all channels."""
    muxer, encoder, _ = KINDS[kind]
    file = io.BytesIO()
    with av.open(
        file, "w", format=muxer, options=_OPTIONS.get(muxer, {}) | (options or {})
    ) as container:
        track = container.add_stream(
            encoder, rate=rate_hz, layout=layout, options=_QUICK.get(encoder, {})
        )
        track.bit_rate = 64_000 if rate_hz > 16_000 else 12_200 if muxer == "amr" else 24_000
        channels = 2 if layout == "stereo" else 1
        frame = av.AudioFrame.from_ndarray(
            np.repeat(samples, channels)[None, :], format="s16", layout=layout
        )
        frame.sample_rate, frame.pts = rate_hz, 0
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return file.getvalue()
