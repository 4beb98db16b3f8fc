"""What kind of media file some bytes are, by their signature and never by a name.

Left to guess, FFmpeg also recognises playlists, scripts and session descriptions, which open files
and sockets. So this recognises only containers that hold their audio themselves, and FFmpeg is
then forced to use that demuxer. Sources: each container's specification for the signatures,
libavformat for the demuxers' names.
"""

import re
from typing import BinaryIO, Final

MIN_HEAD_BYTES: Final = 64 * 1024
"""How much of a file's start is needed to recognise it, unless the file is shorter."""

READABLE: Final = (
    "WAV, Ogg, FLAC, MP3, AAC, M4A, MP4, MOV, 3GP, Matroska, WebM, AIFF, CAF, AU, AMR, WMA, AC-3, "
    "WavPack, AVI, FLV and MPEG"
)
"""The supported formats, for a person."""
UNKNOWN: Final = f"This cannot be read as audio. Supported formats: {READABLE}."

DEMUXERS: Final = {
    "ogg": "ogg",
    "wav": "wav",
    "w64": "w64",
    "flac": "flac",
    "mp3": "mp3",
    "aac": "aac",
    "m4a": "mov",
    "webm": "matroska",
    "aiff": "aiff",
    "caf": "caf",
    "au": "au",
    "amr": "amr",
    "wma": "asf",
    "ac3": "ac3",
    "eac3": "eac3",
    "wv": "wv",
    "avi": "avi",
    "flv": "flv",
    "mpg": "mpeg",
    "ts": "mpegts",
}
"""FFmpeg's demuxer for each container."""

DECODERS: Final = (
    "aac aac_latm ac3 alac amrnb amrwb libopencore_amrnb libopencore_amrwb dca eac3 flac "
    "g722 g726 gsm gsm_ms ilbc libilbc mace3 mace6 mlp mp1 mp1float mp2 mp2float mp3 mp3float "
    "nellymoser libopus opus qdm2 qdmc speex libspeex truehd truespeech tta vorbis libvorbis "
    "wavpack wmalossless wmapro wmav1 wmav2 wmavoice "
    "adpcm_ima_qt adpcm_ima_wav adpcm_ms adpcm_swf adpcm_yamaha "
    "pcm_alaw pcm_bluray pcm_dvd pcm_f16le pcm_f24le pcm_f32be pcm_f32le pcm_f64be pcm_f64le "
    "pcm_mulaw pcm_s16be pcm_s16be_planar pcm_s16le pcm_s16le_planar pcm_s24be pcm_s24le "
    "pcm_s24le_planar pcm_s32be pcm_s32le pcm_s32le_planar pcm_s64be pcm_s64le pcm_s8 "
    "pcm_s8_planar pcm_u16be pcm_u16le pcm_u24be pcm_u24le pcm_u32be pcm_u32le pcm_u8"
)
"""FFmpeg's decoders for the audio in these containers; it has 150 more, for old games."""

_SIGNATURES: Final = (
    (re.compile(rb"OggS"), "ogg"),
    (re.compile(rb"(?:RIFF|RIFX|RF64|BW64)....WAVE", re.DOTALL), "wav"),
    (re.compile(rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb"), "w64"),
    (re.compile(rb"fLaC"), "flac"),
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "aac"),
    (re.compile(rb"....(?:ftyp|styp|moov|moof|mdat|wide|free|skip|pnot)", re.DOTALL), "m4a"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "webm"),
    (re.compile(rb"FORM....AIF[FC]", re.DOTALL), "aiff"),
    (re.compile(rb"caff\x00[\x01\x02]"), "caf"),
    (re.compile(rb"\.snd"), "au"),
    (re.compile(rb"#!AMR(?:-WB)?\n"), "amr"),
    (re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"), "wma"),
    (re.compile(rb"\x0b\x77...[\x00-\x57]", re.DOTALL), "ac3"),
    (re.compile(rb"\x0b\x77...[\x58-\x87]", re.DOTALL), "eac3"),
    (re.compile(rb"wvpk"), "wv"),
    (re.compile(rb"RIFF....AVI ", re.DOTALL), "avi"),
    (re.compile(rb"FLV\x01"), "flv"),
    (re.compile(rb"\x00\x00\x01\xba"), "mpg"),
    (re.compile(rb"\x47.{187}\x47.{187}\x47", re.DOTALL), "ts"),
    (re.compile(rb".{4}\x47.{191}\x47.{191}\x47", re.DOTALL), "ts"),
)

_MAX_TAGS: Final = 16
_ID3_BYTES: Final = 10
_MPEG_SYNC: Final = re.compile(rb"\xff[\xe2-\xe5\xf2-\xf5\xfa-\xfd]")
"""11 bits of sync, MPEG 1, 2 or 2.5, layer II or III."""
_MPEG_CHAIN: Final = 3
"""This many consecutive frames cannot be an accident."""
_OF_A_KIND: Final = ((1, 0x1E), (2, 0x0C))
"""Bits of a frame's header, by byte, that a recording never changes: version, layer and rate."""
_KBITS: Final = {
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By MPEG version and layer. Source: ISO/IEC 11172-3 and 13818-3, table of bit rates."""
_RATES_HZ: Final = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}


def container_of(head: bytes) -> str | None:
    """The container of a file that starts with these bytes; None if it is none of `DEMUXERS`.

    Args:
        head: The first `MIN_HEAD_BYTES` after any ID3v2 tags, or all of a shorter file.
    """
    for signature, name in _SIGNATURES:
        if signature.match(head):
            return name
    return "mp3" if _has_mpeg_frames(head) else None


WEAKLY_SIGNED: Final = frozenset({"aac", "ac3", "eac3"})
"""Containers whose signature is so short that any bytes may have it by accident."""


def sniff(file: BinaryIO, start: int = 0) -> tuple[int, str | None]:
    """Where a file's container starts, after any ID3v2 tags, and which it is; None if unknown.

    Args:
        file: The file; seekable.
        start: Where to look, in bytes.
    """
    for _ in range(_MAX_TAGS):
        file.seek(start)
        head = file.read(MIN_HEAD_BYTES)
        tag = tag_bytes(head)
        if not tag:
            return start, container_of(head)
        start += tag
    return start, None


def tag_bytes(head: bytes) -> int:
    """The length of the ID3v2 tag at the start of these bytes; 0 if there is none."""
    if len(head) < _ID3_BYTES or not head.startswith(b"ID3"):
        return 0
    flags, size = head[5], 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    footer = _ID3_BYTES if flags & 0x10 else 0
    return _ID3_BYTES + size + footer


def _has_mpeg_frames(head: bytes) -> bool:
    """MP3 has no signature, only frames, sometimes after padding or the rest of another file."""
    first = len(head) - len(head.lstrip(b"\0"))
    return any(
        is_mpeg_chain(head, found.start(), is_first=found.start() == first)
        for found in _MPEG_SYNC.finditer(head)
    )


def is_mpeg_chain(head: bytes, offset: int, *, is_first: bool = False) -> bool:
    """Whether consecutive frames of MPEG audio of one kind start here.

    Fewer are enough where the bytes end; a single one only where the file begins, since any bytes
    look like one frame somewhere.
    """
    start = offset
    for number in range(_MPEG_CHAIN):
        length = _frame_bytes(head, offset)
        if length is None:
            return offset >= len(head) and number > (0 if is_first else 1)
        if any((head[start + at] ^ head[offset + at]) & mask for at, mask in _OF_A_KIND):
            return False
        offset += length
    return True


def _frame_bytes(head: bytes, offset: int) -> int | None:
    """The length of the MPEG audio frame at `offset`; None if there is none.

    Source: ISO/IEC 11172-3, 2.4.1.3 and 2.4.3.1.
    """
    if not _MPEG_SYNC.match(head, offset) or offset + 4 > len(head):
        return None
    version, layer = head[offset + 1] >> 3 & 3, 4 - (head[offset + 1] >> 1 & 3)
    bitrate, rate = head[offset + 2] >> 4, head[offset + 2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:  # noqa: PLR2004  (reserved values)
        return None
    family = 1 if version == 3 else 2  # noqa: PLR2004
    bits = _KBITS[family, layer][bitrate - 1] * 1000
    samples = 576 if (family, layer) == (2, 3) else 1152
    padding = head[offset + 2] >> 1 & 1
    return samples // 8 * bits // _RATES_HZ[version][rate] + padding
