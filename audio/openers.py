"""Where in a file another media file begins, whatever stands before it. Pure.

A container's own structure says best where it ends (`audio.parts`). This is for raw streams, which
have none, and for what stands behind damage. Sources: as for `audio.containers`; ISO/IEC 13818-7
for ADTS, ETSI TS 102 366 for AC-3.
"""

import io
import re
from collections.abc import Callable, Collection, Iterator
from typing import BinaryIO, Final, Literal, NamedTuple

from audio.containers import WEAKLY_SIGNED, is_mpeg_chain, sniff

_WINDOW_BYTES: Final = 256 * 1024
_OVERLAP_BYTES: Final = 16 * 1024
"""How far a chain of frames may reach into the next window."""
_CHAIN: Final = 4
"""This many consecutive frames are no accident."""
_MAX_TRIES: Final = 20_000
"""Per window: bytes that merely look like frames must not hold up the decoder."""


class Opener(NamedTuple):
    """Where another file begins, and its container."""

    at: int
    kind: str


_STRONG: Final = (
    ("wav", re.compile(rb"RIFF....WAVE[a-zA-Z]", re.DOTALL), 0),
    ("wav", re.compile(rb"RIFX....WAVE[a-zA-Z]", re.DOTALL), 0),
    ("wav", re.compile(rb"RF64....WAVEds64", re.DOTALL), 0),
    ("wav", re.compile(rb"BW64....WAVE[a-zA-Z]", re.DOTALL), 0),
    ("avi", re.compile(rb"RIFF....AVI LIST", re.DOTALL), 0),
    ("w64", re.compile(rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb"), 0),
    ("flac", re.compile(rb"fLaC[\x00\x80]\0\0\x22"), 0),
    ("ogg", re.compile(rb"OggS\0[\x02\x06]\0{8}"), 0),
    ("m4a", re.compile(rb"ftyp[ -~]{3}[ -~\0]"), 4),
    (
        "webm",
        re.compile(
            rb"\x1a\x45\xdf\xa3(?:[\x80-\xff]|[\x40-\x7f].|\x10.{3}|\x08.{4}|\x01.{7})\x42\x86\x81\x01",
            re.DOTALL,
        ),
        0,
    ),
    ("aiff", re.compile(rb"FORM....AIF[FC][A-Z]{3}[A-Z ]", re.DOTALL), 0),
    ("caf", re.compile(rb"caff\0[\x01\x02]..desc", re.DOTALL), 0),
    ("au", re.compile(rb"\.snd\0\0..[\0-\xff]{4}\0\0\0[\x01-\x1b]", re.DOTALL), 0),
    ("amr", re.compile(rb"#!AMR(?:-WB)?\n"), 0),
    ("wma", re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c"), 0),
    ("flv", re.compile(rb"FLV\x01[\x04\x05]\0\0\0\x09"), 0),
    ("wv", re.compile(rb"wvpk....[\x02-\x10]\x04.{6}\0{4}", re.DOTALL), 0),
    ("ts", re.compile(rb"\x47[\x40-\x5f].(?:.{185}\x47..){4}", re.DOTALL), 0),
    ("mpg", re.compile(rb"\0\0\x01\xba[\x44-\x7f].{9}\0\0\x01", re.DOTALL), 0),
    ("", re.compile(rb"ID3[\x02-\x04]\0.[\0-\x7f]{4}[A-Z0-9\0]", re.DOTALL), 0),
)
"""What opens a file and never occurs by accident, and how far into the file it stands. A tag has
the container of what follows it."""

_FRAMES: Final = (
    ("aac", re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")),
    ("ac3", re.compile(rb"\x0b\x77...[\x00-\x87]", re.DOTALL)),
    ("mp3", re.compile(rb"\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd]")),
)
"""What opens a stream of bare frames: only a chain of them is no accident."""

_AC3_KBITS: Final = (
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640
)  # fmt: skip
_MAX_BRANDS_BYTES: Final = 1000
_OGG_CODECS: Final = (
    b"OpusHead", b"vorbis", b"FLAC", b"Speex", b"theora", b"fishead", b"PCM     ", b"BBCD"
)  # fmt: skip
"""How a first page of Ogg names its content."""
_AC3_MAX_BSID: Final = 10
_EAC3_MAX_BSID: Final = 16


def next_opener(
    file: BinaryIO,
    start: int,
    *,
    own: str,
    with_frames: bool,
    ignored: Collection[str] = frozenset(),
) -> Opener | None:
    """The next place from `start` on where a file begins; None if there is none.

    Args:
        file: Seekable.
        start: In bytes.
        own: The container that ends. More MP3, AAC or AC-3 after the same kind is not a new file:
            decoders read on.
        with_frames: Whether bare frames count. In a container they do not: it may contain some.
        ignored: Containers that do not count.
    """
    at = start
    while True:
        file.seek(at)
        window = file.read(_WINDOW_BYTES + _OVERLAP_BYTES)
        is_last = len(window) < _WINDOW_BYTES + _OVERLAP_BYTES
        found = _first_in(window, own=own, with_frames=with_frames)
        for place, kind in found:
            opener = _confirmed(file, at + place, kind, own)
            if opener is not None and opener.kind not in ignored:
                return opener
        if is_last:
            return None
        at += _WINDOW_BYTES


def opener_at(file: BinaryIO, at: int) -> Opener | None:
    """The file that begins here, after any tags; None if none does."""
    return _confirmed(file, at, "file", "")


def _first_in(window: bytes, *, own: str, with_frames: bool) -> Iterator[tuple[int, str]]:
    """The candidates in a window, in order."""
    candidates = [
        (match.start() - before, kind)
        for kind, pattern, before in _STRONG
        for match in pattern.finditer(window)
        if match.start() >= before
    ]
    strong = min((at for at, _ in candidates), default=len(window))
    if with_frames:
        for kind, pattern in _FRAMES:
            if kind != own.removeprefix("e"):  # E-AC-3 begins like AC-3
                chain = _first_chain(window, pattern, kind, strong)
                candidates += [] if chain is None else [(chain, kind)]
    yield from sorted(candidates)


def _first_chain(window: bytes, pattern: re.Pattern[bytes], kind: str, before: int) -> int | None:
    for number, match in enumerate(pattern.finditer(window, 0, before)):
        if number > _MAX_TRIES:
            return None
        if _is_chain(window, match.start(), kind):
            return match.start()
    return None


def _is_chain(data: bytes, at: int, kind: str) -> bool:
    if kind == "mp3":
        return is_mpeg_chain(data, at)
    length_of = _adts_bytes if kind == "aac" else _ac3_bytes
    first = at
    for number in range(_CHAIN):
        length = length_of(data, at)
        is_alike = kind != "aac" or data[first + 1 : first + 3] == data[at + 1 : at + 3]
        if length is None or not is_alike:
            return at >= len(data) and number > 1
        at += length
    return True


def _adts_bytes(data: bytes, at: int) -> int | None:
    """The length of the ADTS frame at `at`; None if there is none."""
    head = data[at : at + 6]
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004
        return None
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    rate = head[2] >> 2 & 15
    return length if length > 7 and rate < 13 else None  # noqa: PLR2004  (the header; the rates)


def _ac3_bytes(data: bytes, at: int) -> int | None:
    """The length of the AC-3 or E-AC-3 frame at `at`; None if there is none."""
    head = data[at : at + 6]
    if len(head) < 6 or head[:2] != b"\x0b\x77":  # noqa: PLR2004
        return None
    version = head[5] >> 3
    if version > _AC3_MAX_BSID:
        return 2 * (((head[2] & 7) << 8 | head[3]) + 1) if version <= _EAC3_MAX_BSID else None
    rate, code = head[4] >> 6, head[4] & 0x3F
    if rate == 3 or code // 2 >= len(_AC3_KBITS):  # noqa: PLR2004
        return None
    kbits = _AC3_KBITS[code // 2]
    if rate == 0:
        return 4 * kbits
    return 6 * kbits if rate == 2 else 2 * (kbits * 1000 * 96 // 44_100 + code % 2)  # noqa: PLR2004


def _confirmed(file: BinaryIO, at: int, kind: str, own: str) -> Opener | None:
    """The opener at a candidate: what FFmpeg would open there."""
    place, sniffed = sniff(file, at)
    if sniffed is None or (kind == "" and sniffed == own):
        return None
    left = file.seek(0, io.SEEK_END) - place
    file.seek(place)
    head = file.read(_OVERLAP_BYTES)
    if sniffed in WEAKLY_SIGNED:
        is_one = _is_chain(head, 0, sniffed)
    else:
        is_one = sniffed not in _PLAUSIBLE or _PLAUSIBLE[sniffed](head, left)
    return Opener(at, sniffed) if is_one else None


def _has_chunk(head: bytes, left: int) -> bool:
    order: Literal["big", "little"] = "big" if head[:4] in {b"RIFX", b"FORM"} else "little"
    return int.from_bytes(head[16:20], order) <= left


def _has_box(head: bytes, _left: int) -> bool:
    after = int.from_bytes(head[:4], "big")
    return 16 <= after <= _MAX_BRANDS_BYTES and head[after + 4 : after + 8].isalnum()  # noqa: PLR2004


def _has_blocks(head: bytes, left: int) -> bool:
    """Whether FLAC's first block describes a stream, and another block or a frame follows it."""
    if len(head) < 46:  # noqa: PLR2004  (that block, and what follows it)
        return False
    least, most = int.from_bytes(head[8:10], "big"), int.from_bytes(head[10:12], "big")
    if not 16 <= least <= most:  # noqa: PLR2004  (samples per frame)
        return False
    if head[4] & 0x80:
        return head[42:44] in {b"\xff\xf8", b"\xff\xf9"}
    kind, length = head[42] & 0x7F, int.from_bytes(head[43:46], "big")
    return kind <= 6 and length <= left  # noqa: PLR2004  (the kinds that there are)


def _has_frame(head: bytes, _left: int) -> bool:
    begin = head.find(b"\n") + 1
    return begin < len(head) and not head[begin] & 0x83


def _has_tag(head: bytes, _left: int) -> bool:
    return head[9:13] == bytes(4) and head[13:14] in {b"\x08", b"\x09", b"\x12"}


_PLAUSIBLE: Final[dict[str, Callable[[bytes, int], bool]]] = {
    "wav": _has_chunk,
    "avi": _has_chunk,
    "aiff": _has_chunk,
    "m4a": _has_box,
    "flac": _has_blocks,
    "amr": _has_frame,
    "flv": _has_tag,
    "wma": lambda head, left: int.from_bytes(head[16:24], "little") <= left,
    "w64": lambda head, _: head[24:28] == b"wave",
    "caf": lambda head, _: head[12:20] == (32).to_bytes(8, "big"),
    "webm": lambda head, _: b"\x18\x53\x80\x67" in head,
    "ogg": lambda head, _: any(name in head[:256] for name in _OGG_CODECS),
}
"""Whether what follows a signature belongs to it: damage can look like a signature."""
