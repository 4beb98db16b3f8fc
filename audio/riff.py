"""WAV files as nearly everybody writes them: 16-bit PCM, one or two channels, little-endian.

Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0".
"""

import struct
from typing import Final, NamedTuple

MIN_RATE_HZ: Final = 4_000
MAX_RATE_HZ: Final = 192_000

_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")
_PCM: Final = 1
_SAMPLE_BYTES: Final = 2
_STREAMED: Final = 0xFFFFFFFF


class PlainWav(NamedTuple):
    """Where the samples are.

    Attributes:
        offset: Where the first sample is, in bytes.
        size: The length in bytes, by the header; None if it does not say.
        channels: 1 or 2, interleaved.
    """

    offset: int
    size: int | None
    channels: int
    rate_hz: int


def plain_wav(head: bytes) -> PlainWav | None:
    """Read the header; None for any other file, or if the samples start after these bytes.

    Args:
        head: The start of the file; 64 kB are more than enough.
    """
    if not head.startswith(b"RIFF") or head[8:12] != b"WAVE":
        return None
    form: tuple[int, int] | None = None
    offset = 12
    while offset + _CHUNK.size <= len(head):
        name, size = _CHUNK.unpack_from(head, offset)
        offset += _CHUNK.size
        if name == b"fmt " and form is None:
            form = _form(head[offset : offset + size])
            if form is None:
                return None
        elif name == b"data":
            known = size if 0 < size < _STREAMED else None
            return PlainWav(offset, known, *form) if form else None
        offset += size + size % 2
    return None


def _form(body: bytes) -> tuple[int, int] | None:
    """Channels and rate."""
    if len(body) < _FORMAT.size:
        return None
    tag, channels, rate_hz, _, _, bits = _FORMAT.unpack_from(body)
    plain = tag == _PCM and channels in (1, 2) and bits == 8 * _SAMPLE_BYTES
    return (channels, rate_hz) if plain and MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ else None
