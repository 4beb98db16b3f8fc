"""Where one recording of a joined file ends and the next begins, by each container's structure.

People join files with `cat`, and recorders append to them. FFmpeg reads joined MP3, AAC, AC-3 and
AU files to their end. Of others it reads the first recording, or takes the next for its kind.
Sources: each container's specification for how its chunks state their length.
"""

import io
import re
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, Final, NamedTuple

from audio.containers import WEAKLY_SIGNED, container_of, sniff

MAX_PARTS: Final = 1000
"""Recordings per file; the rest of it is not read."""
_MAX_CHUNKS: Final = 10_000
_MAX_TAGS: Final = 16
_NO_OPENERS: Final = WEAKLY_SIGNED | {"mp3", None}
"""What the first bytes of a chunk can look like without opening another file."""
_SCAN_BYTES: Final = 64 * 1024
_OPEN_ENDED: Final = 0xFFFFFFFF
_LONG_BOX: Final = 1
_W64_HEAD: Final = struct.Struct("<16sQ")
_BIT_3: Final = b"".join(b"\\x%02x" % byte for byte in range(256) if byte & 8)
_WAVPACK_BLOCK: Final = re.compile(
    rb"wvpk(.{4})[\x02-\x10]\x04.{6}(?:(\0{4}.{5}[" + _BIT_3 + rb"])|.)", re.DOTALL
)
"""A block of WavPack: its length after the first eight bytes, and whether it is a file's first."""
_SIGNED: Final = {
    "amr": re.compile(rb"#!AMR(?:-WB)?\n"),
    "flac": re.compile(rb"fLaC[\x00\x80]\0\0\x22"),
    "flv": re.compile(rb"FLV\x01[\x04\x05]\0\0\0\x09"),
    "webm": re.compile(
        rb"\x1a\x45\xdf\xa3(?:[\x80-\xff]|[\x40-\x7f].|\x10.{3}|\x08.{4}|\x01.{7})\x42\x86\x81\x01",
        re.DOTALL,
    ),
    "wma": re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c"),
}
"""What opens another file of these containers, and occurs in none by accident."""
_MAX_SIGNATURE_BYTES: Final = 32
_OGG_PAGE: Final = re.compile(rb"OggS\0(?:[\x02\x06]\0{8}|([\0\x01\x04\x05]))", re.DOTALL)
"""A page of Ogg: the first of a logical stream, or (the group) a later one. RFC 3533, section 6."""


class Part(NamedTuple):
    """A recording in a file: its container and where it is, in bytes; `end` None: to the end."""

    kind: str
    start: int
    end: int | None


def parts(file: BinaryIO) -> Iterator[Part]:
    """The recordings of a file, one after another; none if it does not start with one."""
    start, kind = sniff(file)
    for _ in range(MAX_PARTS):
        if kind is None:
            return
        end = _end(file, start, kind)
        yield Part(kind, start, end)
        if end is None:
            return
        start, kind = sniff(file, _after_tags(file, end))
        if kind in WEAKLY_SIGNED:  # two bytes of what was appended can look like them
            return


def is_joined(file: BinaryIO) -> bool:
    """Whether another recording follows the first."""
    found = parts(file)
    next(found, None)
    return next(found, None) is not None


def _after_tags(file: BinaryIO, at: int) -> int:
    """Skip the tags that stand at a recording's end: ID3v1, and APEv2 with its header."""
    for _ in range(_MAX_TAGS):
        file.seek(at)
        head = file.read(16)
        if head.startswith(b"TAG"):
            at += 128
        elif head.startswith(b"APETAGEX") and len(head) == 16:  # noqa: PLR2004  (name, version, size)
            at += 32 + int(struct.unpack_from("<I", head, 12)[0])
        else:
            break
    return at


def _end(file: BinaryIO, start: int, kind: str) -> int | None:
    """Where the container that starts at `start` ends; None if it reaches to the file's end."""
    size = file.seek(0, io.SEEK_END)
    end = _STRUCTURES[kind](file, start, size) if kind in _STRUCTURES else None
    if kind in _SIGNED:
        end = next((at for at, _ in _found(file, start + 1, _SIGNED[kind])), None)
    return end if end is not None and start < end < size else None


def _end_of_w64(file: BinaryIO, start: int, _size: int) -> int:
    file.seek(start)
    head = file.read(_W64_HEAD.size).ljust(_W64_HEAD.size, b"\xff")
    return start + int(_W64_HEAD.unpack(head)[1])


def _end_of_chunks(
    file: BinaryIO, start: int, size: int, *, form: struct.Struct, first: int
) -> int | None:
    """Follow the chunks to the first bytes that are not one, or that open another file."""
    at = start + first
    padded = form.size == 8  # noqa: PLR2004  # of these, each has an even number of bytes
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(_MAX_SIGNATURE_BYTES)
        if len(head) < form.size:
            return None
        name, length = form.unpack_from(head)
        if container_of(head) not in _NO_OPENERS or not _is_printable(name):
            return at
        if name == b"data" and (length in (0, _OPEN_ENDED) or at + form.size + length > size):
            return None  # written to a pipe, or truncated
        at += form.size + length + (length % 2 if padded else 0)
        if at > size:
            return None
    return None


def _is_printable(name: bytes) -> bool:
    return name.isascii() and name.decode("ascii").isprintable()


def _end_of_boxes(file: BinaryIO, start: int, size: int) -> int | None:
    """Follow the boxes of ISO/IEC 14496-12 to the next file's first, or to other bytes."""
    at = start
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:  # noqa: PLR2004  (a box's header)
            return None
        length, name = struct.unpack_from(">I4s", head)
        if at > start and (name == b"ftyp" or not name.isalnum()):
            return at
        if length == _LONG_BOX and len(head) == 16:  # noqa: PLR2004
            length = struct.unpack_from(">Q", head, 8)[0]
        if length < 8 or at + length > size:  # noqa: PLR2004  (0: up to the end)
            return None
        at += length
    return None


def _end_of_blocks(file: BinaryIO, start: int, _size: int) -> int | None:
    """Follow WavPack's blocks to one that begins another file, or that follows a gap."""
    expected = start
    for at, block in _found(file, start, _WAVPACK_BLOCK):
        if at != expected or (at > start and block[2]):
            return at
        expected = at + 8 + int.from_bytes(block[1], "little")
    return None


def _end_of_chain(file: BinaryIO, start: int, _size: int) -> int | None:
    """Follow Ogg's pages to a stream that begins after another's content: a new link."""
    has_content = False
    for at, page in _found(file, start, _OGG_PAGE):
        if page[1] is not None:
            has_content = True
        elif has_content:
            return at
    return None


_RIFF: Final = partial(_end_of_chunks, form=struct.Struct("<4sI"), first=12)
_STRUCTURES: Final[dict[str, Callable[[BinaryIO, int, int], int | None]]] = {
    "wav": _RIFF,
    "avi": _RIFF,
    "aiff": partial(_end_of_chunks, form=struct.Struct(">4sI"), first=12),
    "caf": partial(_end_of_chunks, form=struct.Struct(">4sQ"), first=8),
    "m4a": _end_of_boxes,
    "wv": _end_of_blocks,
    "w64": _end_of_w64,
    "ogg": _end_of_chain,
}
"""Containers that state the lengths of what they hold."""


def _found(
    file: BinaryIO, at: int, signature: re.Pattern[bytes]
) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Where a signature occurs from `at` on, and its match."""
    piece = b""
    while True:
        file.seek(at + len(piece))
        more = file.read(_SCAN_BYTES)
        piece += more
        done = 0
        for match in signature.finditer(piece):
            done = match.end()
            yield at + match.start(), match
        if len(more) < _SCAN_BYTES:
            return
        done = max(done, len(piece) - _MAX_SIGNATURE_BYTES)
        at += done
        piece = piece[done:]
