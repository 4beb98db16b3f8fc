"""Where one recording of a joined file ends and the next begins.

People join files with `cat`, and recorders append to them. FFmpeg reads joined MP3, AAC and AC-3
files to their end. Of others it reads the first recording, or takes the next for its kind. A
container's structure says where it ends; raw streams have none, so there (and after damage) the
next file is searched for (`audio.openers`). Sources: each container's specification for how its
chunks state their length.
"""

import io
import re
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, Final, NamedTuple

from audio.containers import WEAKLY_SIGNED, container_of, sniff
from audio.openers import Opener, next_opener, opener_at

MAX_PARTS: Final = 1000
"""Recordings per file; the rest of it is not read."""
_MAX_CHUNKS: Final = 500_000
_MAX_TAGS: Final = 16
_NO_OPENERS: Final = WEAKLY_SIGNED | {"mp3", None}
"""What the first bytes of a chunk can look like without opening another file."""
_RAW: Final = frozenset({"mp3", "aac", "ac3", "eac3", "amr", "flac", "mpg"})
"""Streams of frames, without a structure to follow."""
_RESYNCS: Final = frozenset({"ogg", "webm", "flv", "ts", "wv", "wma"}) | _RAW
"""Containers that FFmpeg reads on after damage, so that what is damaged belongs to the part."""
_PLAIN: Final = frozenset({"wav", "w64", "aiff", "au", "caf"})
"""Containers of samples, which look like no frames."""
_MAX_SCANNED_BYTES: Final = 64 * 1024 * 1024
"""A truncated recording takes the next file for a part of itself. So files up to this size are
searched for others, which takes a second; a larger one is taken at its word."""
_MAX_SEARCHED_BYTES: Final = 16 * 1024 * 1024
"""The same for bare frames, for which the search is slower."""
_LOOKALIKES: Final = {
    "webm": frozenset({"flac"}),
    "ts": frozenset({"ts"}),
    "mpg": frozenset({"mpg"}),
}
"""What a container holds that looks like the start of another file."""
_OGG_BEGINNINGS_BYTES: Final = 4096
"""The first pages of all logical streams come first, and can look like other files."""
_SCAN_BYTES: Final = 64 * 1024
_OPEN_ENDED: Final = 0xFFFFFFFF
_MIN_PLACEHOLDER_BYTES: Final = 0x7F000000
"""Who writes samples to a pipe does not know their length, and states 4 GB (FFmpeg), 2 GB (SoX,
eSpeak, ALSA) or nothing. So of a shorter file, a length from this on says nothing."""
_LONG_BOX: Final = 1
_NEVER_EMPTY: Final = frozenset({b"data", b"LIST"})
_DS64_DATA: Final = struct.Struct("<16xQ")
"""The length of RF64's content, in its chunk "ds64". Source: EBU Tech 3306."""
_W64_HEAD: Final = struct.Struct("<16sQ")
_BIT_3: Final = b"".join(b"\\x%02x" % byte for byte in range(256) if byte & 8)
_WAVPACK_BLOCK: Final = re.compile(
    rb"wvpk(.{4})[\x02-\x10]\x04.{6}(?:(\0{4}.{5}[" + _BIT_3 + rb"])|.)", re.DOTALL
)
"""A block of WavPack: its length after the first eight bytes, and whether it is a file's first."""
_HEAD_BYTES: Final = 32
_EBML: Final = 0x1A45DFA3
_ENTERED: Final = frozenset({0x18538067, 0x1F43B675})
"""Segment and Cluster: a live recording does not state their lengths."""
_WITHIN: Final = frozenset(
    {0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1254C367, 0x1043A770, 0x1941A469}
    | {0xA3, 0xE7, 0xA0, 0xAB, 0xA7, 0xEC, 0xBF, 0x5854}
)
"""What Segments and Clusters hold. Source: RFC 9559, section 5.1."""
_FLV_TAGS: Final = frozenset({8, 9, 18})
_ASF_DATA: Final = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_TS_PACKETS: Final = re.compile(rb"(?:\x47.{187})*", re.DOTALL)


class Part(NamedTuple):
    """A recording in a file.

    Attributes:
        kind: Its container.
        start: Where it is, in bytes.
        end: In bytes; None: to the end.
        missing: How many bytes it lacks by its own account, because the file was truncated.
    """

    kind: str
    start: int
    end: int | None
    missing: int = 0


def parts(file: BinaryIO) -> Iterator[Part]:
    """The recordings of a file, one after another; none if it does not start with one."""
    start, kind = sniff(file)
    for _ in range(MAX_PARTS):
        if kind is None:
            return
        size = file.seek(0, io.SEEK_END)
        end = _end(file, start, kind, size)
        following = _following(file, start, end, kind, size)
        reach = size if following is None else following.at
        # A movie that lacks so much is truncated: its writer goes back to state the length.
        is_placeholder = kind != "m4a" and end - start >= _MIN_PLACEHOLDER_BYTES
        missing = 0 if is_placeholder else max(end - reach, 0)
        is_read_on = kind in _RESYNCS or end > reach
        if following is None:
            yield Part(kind, start, None if is_read_on or end == size else end, missing)
            return
        yield Part(kind, start, following.at if is_read_on else end, missing)
        start, kind = sniff(file, following.at)


def is_joined(file: BinaryIO) -> bool:
    """Whether another recording follows the first."""
    found = parts(file)
    next(found, None)
    return next(found, None) is not None


def _following(file: BinaryIO, start: int, end: int, kind: str, size: int) -> Opener | None:
    """The next recording: right where this one ends, or wherever one is found."""
    if kind in _RAW:
        ignored = _LOOKALIKES.get(kind, frozenset())
        return next_opener(file, end, own=kind, with_frames=kind != "mpg", ignored=ignored)
    at = _after_tags(file, min(end, size))
    within: Opener | None = None
    if size - start <= _MAX_SCANNED_BYTES:
        is_plain = kind in _PLAIN and size - start <= _MAX_SEARCHED_BYTES
        behind = start + (_OGG_BEGINNINGS_BYTES if kind == "ogg" else 1)
        ignored = _LOOKALIKES.get(kind, frozenset())
        within = next_opener(file, behind, own=kind, with_frames=is_plain, ignored=ignored)
        if within is not None and within.at <= at:
            return within  # a thousand parts must not be a thousand searches of all that follows
    found = [within, opener_at(file, at), next_opener(file, at, own=kind, with_frames=True)]
    return min(filter(None, found), default=None)


def _end(file: BinaryIO, start: int, kind: str, size: int) -> int:
    """Where the structure of the container that starts at `start` ends, or is broken.

    After the file's end: so many bytes are missing.
    """
    walk = _STRUCTURES.get(kind)
    return max(0 if walk is None else walk(file, start, size), start + 1)


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


def _end_of_w64(file: BinaryIO, start: int, _size: int) -> int:
    file.seek(start)
    head = file.read(_W64_HEAD.size).ljust(_W64_HEAD.size, b"\0")
    return start + int(_W64_HEAD.unpack(head)[1])


def _end_of_chunks(
    file: BinaryIO, start: int, size: int, *, form: struct.Struct, first: int
) -> int:
    """Follow the chunks to the first bytes that are not one, or that open another file."""
    at = start + first
    stated_bytes = 0
    padded = form.size == 8  # noqa: PLR2004  # of these, each has an even number of bytes
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(_HEAD_BYTES)
        if len(head) < form.size:
            return size
        name: bytes
        length: int
        name, length = form.unpack_from(head)
        if container_of(head) not in _NO_OPENERS or not _is_printable(name):
            return at
        if name == b"ds64" and len(head) >= _DS64_DATA.size:
            stated_bytes = int(_DS64_DATA.unpack_from(head)[0])
        if name == b"data" and length == _OPEN_ENDED and stated_bytes:
            length = stated_bytes  # longer than its own field could say
        elif name in _NEVER_EMPTY and length == 0:
            length = _OPEN_ENDED  # written to a pipe
        at += form.size + length + (length % 2 if padded else 0)
        if at > size:
            return at - length % 2 if padded else at
    return at


def _is_printable(name: bytes) -> bool:
    return name.isascii() and name.decode("ascii").isprintable()


def _end_of_boxes(file: BinaryIO, start: int, size: int) -> int:
    """Follow the boxes of ISO/IEC 14496-12 to the next file's first, or to other bytes."""
    at = start
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(_HEAD_BYTES)
        if len(head) < 8:  # noqa: PLR2004  (a box's header)
            return size
        length: int
        name: bytes
        length, name = struct.unpack_from(">I4s", head)
        is_other = container_of(head) not in _NO_OPENERS | {"m4a"} or name == b"ftyp"
        if at > start and (is_other or not name.isalnum()):
            return at
        if length == _LONG_BOX and len(head) >= 16:  # noqa: PLR2004
            length = struct.unpack_from(">Q", head, 8)[0]
        if length < 8:  # noqa: PLR2004  (0: up to the end)
            return size
        if at + length > size:  # of fragments, those before it are whole
            return at if name == b"moof" else at + length
        at += length
    return at


def _end_of_blocks(file: BinaryIO, start: int, _size: int) -> int:
    """Follow WavPack's blocks to one that follows none: FFmpeg does not find it after damage."""
    expected = start
    for at, block in _found(file, start, _WAVPACK_BLOCK):
        if at != expected or (at > start and block[2]):
            return at
        expected = at + 8 + int.from_bytes(block[1], "little")
    return expected


def _end_of_pages(file: BinaryIO, start: int, size: int) -> int:
    """Follow Ogg's pages to a stream that begins after another's content, or to other bytes.

    Source: RFC 3533, section 6.
    """
    at, has_content = start, False
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(27 + 255)
        if len(head) < 27:  # noqa: PLR2004  (a page's header)
            return size
        begins = bool(head[5] & 2)
        if not head.startswith(b"OggS\0") or (begins and has_content):
            return at
        has_content = has_content or not begins
        length = 27 + head[26] + sum(head[27 : 27 + head[26]])
        if at + length > size:
            return size + length  # all of the page is lost
        at += length
    return at


def _end_of_elements(file: BinaryIO, start: int, size: int) -> int:
    """Follow the elements of Matroska. Source: RFC 8794, sections 4 and 5."""
    at = start
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(12)
        id_bytes = 9 - head[0].bit_length() if head and head[0] else 0
        name = int.from_bytes(head[:id_bytes], "big")
        if len(head) <= id_bytes:
            return size
        is_known = name in _ENTERED or name in _WITHIN or (name == _EBML and at == start)
        length_bytes = 9 - head[id_bytes].bit_length()
        if not is_known or not id_bytes or length_bytes > 8:  # noqa: PLR2004
            return at
        stated = int.from_bytes(head[id_bytes : id_bytes + length_bytes], "big")
        length = stated & (1 << 7 * length_bytes) - 1
        at += id_bytes + length_bytes
        if name not in _ENTERED:
            at += length
        if at >= size:
            return size
    return at


def _end_of_tags(file: BinaryIO, start: int, size: int) -> int:
    """Follow the tags of FLV."""
    at = start + 13
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(11)
        if len(head) < 11:  # noqa: PLR2004  (a tag's header)
            return max(at, size)
        if head[0] & 0x1F not in _FLV_TAGS or head[8:11] != bytes(3):
            return at
        at += 15 + int.from_bytes(head[1:4], "big")
    return at


def _end_of_objects(file: BinaryIO, start: int, size: int) -> int:
    """Follow the top-level objects of ASF."""
    at = start
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(_HEAD_BYTES)
        if len(head) < 24:  # noqa: PLR2004  (an object's header)
            return max(at, size)
        length: int = struct.unpack_from("<16xQ", head)[0]
        is_data = head.startswith(_ASF_DATA)
        is_other = container_of(head) not in _NO_OPENERS or (at + length > size and not is_data)
        if (at > start and is_other) or length < 24:  # noqa: PLR2004
            return at
        at += length
        if at >= size:
            return at
    return at


def _end_of_packets(file: BinaryIO, start: int, size: int) -> int:
    """Follow the packets of MPEG-TS."""
    at = start
    while at < size:
        file.seek(at)
        window = file.read(188 * 1024)
        match = _TS_PACKETS.match(window)
        followed = match.end() if match else 0
        at += followed
        if followed < len(window) or not followed:
            break
    return at if at > start else start + 1


def _end_of_au(file: BinaryIO, start: int, size: int) -> int:
    file.seek(start)
    offset, length = struct.unpack(">4xII", file.read(12).ljust(12, b"\0"))
    return start + int(offset) + int(length)


_RIFF: Final = partial(_end_of_chunks, form=struct.Struct("<4sI"), first=12)
_STRUCTURES: Final[dict[str, Callable[[BinaryIO, int, int], int]]] = {
    "wav": _RIFF,
    "avi": _RIFF,
    "aiff": partial(_end_of_chunks, form=struct.Struct(">4sI"), first=12),
    "caf": partial(_end_of_chunks, form=struct.Struct(">4sQ"), first=8),
    "au": _end_of_au,
    "m4a": _end_of_boxes,
    "wv": _end_of_blocks,
    "w64": _end_of_w64,
    "ogg": _end_of_pages,
    "webm": _end_of_elements,
    "flv": _end_of_tags,
    "wma": _end_of_objects,
    "ts": _end_of_packets,
}
"""Containers that state the lengths of what they hold. A walk returns where it ends: before what
is no part of the container, or after the file's end if the last length leads there."""


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
        done = max(done, len(piece) - _HEAD_BYTES)
        at += done
        piece = piece[done:]
