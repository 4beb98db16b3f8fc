"""The index of an MP4 or M4A file whose end is missing, made whole as far as it is there. Pure.

Recorders write the index (`moov`) last, so that a file that was cut by a few bytes has lost the end
of its index and none of its sound. What is left of it is enough if it still has the lengths of the
samples: with a single track these follow one another. Source: ISO/IEC 14496-12, section 8.
"""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

_HEAD_BYTES: Final = 16
_BOX_BYTES: Final = 8
_LONG_BOX: Final = 1
_MAX_BOXES: Final = 1000
_MAX_INDEX_BYTES: Final = 32 * 1024 * 1024
_MAX_DEPTH: Final = 5
"""`stbl` is the fifth: moov, trak, mdia, minf, stbl."""
_NESTING: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_STSZ: Final = struct.Struct(">I4sIII")


class SplicedFile:
    """A part of a file, followed by some bytes that replace its end; for FFmpeg to read."""

    def __init__(self, file: BinaryIO, start: int, end: int, tail: bytes) -> None:
        self._file = file
        self._start = start
        self._length = end - start
        self._tail = tail
        self._at = 0
        self.size = self._length + len(tail)

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        if self._at < self._length:
            self._file.seek(self._start + self._at)
            found = self._file.read(max(0, min(size, self._length - self._at)))
        else:
            found = self._tail[self._at - self._length :][: max(0, size)]
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, counted from the start of the part."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("before the start of the file")
        self._at = min(base + offset, self.size)
        return self._at

    def tell(self) -> int:
        """The position, counted from the start of the part."""
        return self._at


def with_whole_index(file: BinaryIO, start: int) -> SplicedFile | None:
    """The file from `start` on with its truncated index made whole; None if that cannot be done."""
    size = file.seek(0, io.SEEK_END)
    sound_at = 0
    for name, begin, content in _boxes(file, start, size):
        if name == b"mdat" and not sound_at:
            sound_at = content - start
        if name == b"moov":
            if not sound_at or size - begin > _MAX_INDEX_BYTES:
                return None
            file.seek(begin)
            whole = _mended(file.read(), sound_at)
            return None if whole is None else SplicedFile(file, start, begin, whole)
    return None


def _boxes(file: BinaryIO, at: int, size: int) -> Iterator[tuple[bytes, int, int]]:
    """The outermost boxes: the name of each, where it begins, and where its content does."""
    for _ in range(_MAX_BOXES):
        if at > size:  # 64 bits cannot be sought
            return
        file.seek(at)
        head = file.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES:
            return
        length, name = struct.unpack_from(">I4s", head)
        is_long = length == _LONG_BOX
        if is_long:
            length = struct.unpack_from(">Q", head, _BOX_BYTES)[0]
        yield name, at, at + (_HEAD_BYTES if is_long else _BOX_BYTES)
        if length < _BOX_BYTES:
            return
        at += length


def _mended(box: bytes, sound_at: int, depth: int = 1) -> bytes | None:
    """A box without what is incomplete in it; None if what is left cannot be read."""
    if depth > _MAX_DEPTH:
        return None
    name, found = box[4:8], _inner_boxes(box, sound_at, depth)
    if found is None:
        return None
    inner, mended = found
    if name == b"moov" and mended[4:8] == b"trak" and any(one[4:8] == b"trak" for one in inner):
        mended = b""  # of several tracks, the samples do not follow one another
    if mended:
        inner.append(mended)
    if name == b"stbl":
        inner = _completed(inner, sound_at)
    if not inner:
        return None
    content = b"".join(inner)
    return struct.pack(">I4s", _BOX_BYTES + len(content), name) + content


def _inner_boxes(box: bytes, sound_at: int, depth: int) -> tuple[list[bytes], bytes] | None:
    """The whole boxes in a box, and what can be read of the last one if that is truncated.

    None: they are no boxes, or more than any recorder writes.
    """
    found: list[bytes] = []
    at = _BOX_BYTES
    while at + _BOX_BYTES <= len(box):
        length, name = struct.unpack_from(">I4s", box, at)
        if length < _BOX_BYTES or len(found) == _MAX_BOXES:
            return None
        if at + length > len(box):
            rest = box[at:]
            part = _mended(rest, sound_at, depth + 1) if name in _NESTING else None
            if name == b"stsz":
                part = _shorter(rest)
            return found, part or b""
        found.append(box[at : at + length])
        at += length
    return found, b""


def _shorter(box: bytes) -> bytes | None:
    """The lengths of the first samples; None if there is none."""
    if len(box) < _STSZ.size:
        return None
    _, name, flags, each, count = _STSZ.unpack_from(box)
    if each:
        return _STSZ.pack(_STSZ.size, name, flags, each, count)
    count = (len(box) - _STSZ.size) // 4
    lengths = box[_STSZ.size : _STSZ.size + 4 * count]
    return _STSZ.pack(_STSZ.size + len(lengths), name, flags, 0, count) + lengths if count else None


def _completed(boxes: list[bytes], sound_at: int) -> list[bytes]:
    """The sample table, with all samples in one chunk if their places are lost; empty: no table."""
    by_name = {one[4:8]: one for one in boxes}
    names = by_name.keys()
    if not names >= {b"stsd", b"stts", b"stsz"} or len(by_name[b"stsz"]) < _STSZ.size:
        return []
    if names & {b"stco", b"co64"} and b"stsc" in names:
        return boxes
    count = _STSZ.unpack_from(by_name[b"stsz"])[4]
    one_chunk = struct.pack(">I4sIIIII", 28, b"stsc", 0, 1, 1, count, 1)
    place = struct.pack(">I4sIIQ", 24, b"co64", 0, 1, sound_at)
    kept = [by_name[name] for name in (b"stsd", b"stts", b"stsz")]
    return [*kept, one_chunk, place]
