"""Clips as Discord's desktop client would send them: Opus packets, where its microphone is open.

Opus at 48 kHz, stereo, 20 ms, 64 kbit/s with in-band FEC. The client's voice activity opens the
microphone a little before speech and closes it a little after; then come five frames of silence,
and after those nothing at all.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from audio.codec import decode

from .member import SILENCE

RATE_HZ = 48_000
FRAME_SAMPLES = 960
FRAME_S = FRAME_SAMPLES / RATE_HZ
SILENCE_FRAMES = 5
MAX_S = 600.0
QUIETEST_DB = -127.0

Sound = Path | bytes | NDArray[np.float32]
"""A file, the bytes of one, or mono samples from -1 to 1 at 48 kHz."""


@dataclass(frozen=True, slots=True)
class Microphone:
    """A client's voice activity settings.

    Attributes:
        threshold_db: How loud 20 ms must be to be speech, in dBFS; None is push-to-talk, held down
            for the whole clip.
        leading: Frames sent from before speech.
        trailing: Frames sent after speech, before the five frames of silence. The client's own
            values are 50 ms before and 250 ms after.
    """

    threshold_db: float | None = -50.0
    leading: int = 3
    trailing: int = 12


@dataclass(frozen=True, slots=True)
class Frame:
    """One packet's worth.

    Attributes:
        opus: The packet.
        level: How far below full scale it is, in dB, from 0 to 127 (RFC 6464).
        voiced: Whether it was loud enough to be speech itself.
    """

    opus: bytes
    level: int
    voiced: bool


@dataclass(frozen=True, slots=True)
class Clip:
    """What is sent when; one place for each 20 ms, None where nothing is sent."""

    frames: tuple[Frame | None, ...] = field(repr=False)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.frames) * FRAME_S

    def starts(self, index: int) -> bool:
        """Whether sending begins anew with a frame."""
        return index == 0 or self.frames[index - 1] is None


async def prepare(sound: Sound, microphone: Microphone) -> Clip:
    """A clip, encoded once for each way of sending it, in a thread so that no speaker stutters."""
    if isinstance(sound, Path):
        sound = await asyncio.to_thread(sound.read_bytes)
    kind, data = ("file", sound) if isinstance(sound, bytes) else ("samples", sound.tobytes())
    return await asyncio.to_thread(_prepared, kind, _Content(data), microphone)


class _Content:
    """Bytes that a cache knows again by their digest."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.digest = hashlib.sha256(data).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=128)
def _prepared(kind: str, content: _Content, microphone: Microphone) -> Clip:
    if kind == "file":
        samples = decode(content.data, rate_hz=RATE_HZ, limit_s=MAX_S)
    else:
        samples = np.frombuffer(content.data, np.float32)
    return _clip(samples, microphone)


def _clip(samples: NDArray[np.float32], microphone: Microphone) -> Clip:
    whole = -(-len(samples) // FRAME_SAMPLES)
    silence_after = microphone.trailing + SILENCE_FRAMES
    pieces = np.zeros((whole + silence_after, FRAME_SAMPLES), np.float32)
    pieces.reshape(-1)[: len(samples)] = samples
    levels = levels_db(pieces)
    if microphone.threshold_db is None:
        voiced = np.arange(len(pieces)) < whole
        open_ = voiced
    else:
        voiced = levels > microphone.threshold_db
        open_ = _held_open(voiced, microphone)
    encoder = StereoEncoder()
    frames: list[Frame | None] = [None] * len(pieces)
    for start, end in _runs(open_):
        for i in range(start, end):
            frames[i] = Frame(encoder.encode(pieces[i]), int(-levels[i]), bool(voiced[i]))
        for i in range(end, min(end + SILENCE_FRAMES, len(pieces))):
            if not open_[i]:
                frames[i] = Frame(SILENCE, int(-QUIETEST_DB), voiced=False)
    while frames and frames[-1] is None:
        frames.pop()
    return Clip(tuple(frames))


def levels_db(pieces: NDArray[np.float32]) -> NDArray[np.float64]:
    """How loud each row is, in dBFS."""
    power = np.mean(pieces.astype(np.float64) ** 2, axis=1)
    return np.asarray(np.clip(10 * np.log10(power + 1e-20), QUIETEST_DB, 0))


def _held_open(voiced: NDArray[np.bool_], microphone: Microphone) -> NDArray[np.bool_]:
    open_ = voiced.copy()
    for i in np.flatnonzero(voiced):
        open_[max(0, i - microphone.leading) : i + microphone.trailing + 1] = True
    return open_


def _runs(open_: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], open_.astype(np.int8), [0]])))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


class StereoEncoder:
    """libopus as Discord's clients set it up; it hears only what is sent."""

    def __init__(self) -> None:
        self._codec: Any = av.CodecContext.create("libopus", "w")
        self._codec.sample_rate = RATE_HZ
        self._codec.layout = "stereo"
        self._codec.format = "flt"
        self._codec.bit_rate = 64_000
        self._codec.options = {
            "application": "voip",
            "frame_duration": "20",
            "fec": "1",
            "packet_loss": "10",
        }
        self._codec.open()

    def encode(self, mono: NDArray[np.float32]) -> bytes:
        """One packet of `FRAME_SAMPLES` samples."""
        both = np.repeat(mono, 2)[None, :]
        frame = av.AudioFrame.from_ndarray(both, format="flt", layout="stereo")
        frame.sample_rate = RATE_HZ
        frame.pts = None
        (packet,) = self._codec.encode(frame)
        return bytes(packet)
