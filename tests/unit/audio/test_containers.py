"""What a file is, by its bytes."""

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.containers import DEMUXERS, container_of, sniff, tag_bytes

FRAME = b"\xff\xfb\x90\x00" + bytes(413)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"OggS", "ogg"),
        (b"RIFF\0\0\0\0WAVE", "wav"),
        (b"RIFF\0\0\0\0AVI ", "avi"),
        (b"fLaC", "flac"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"\0\0\0\x18ftypM4A ", "m4a"),
        (b"\0\0\0\x08wide", "m4a"),
        (b"\x1a\x45\xdf\xa3", "webm"),
        (b"FORM\0\0\0\0AIFC", "aiff"),
        (FRAME * 3, "mp3"),
        (FRAME, "mp3"),
        (bytes(50) + FRAME * 3, "mp3"),
        (b"", None),
        (b"RIFF", None),
        (b"FRAME", None),
        (b"MZ\x90\0", None),
        (b"words", None),
        (b"\xff\xfe#\0E\0X\0T\0M\0", None),
        (b"#EXTM3U", None),
        (b"ffconcat version 1.0", None),
        (b"v=0\r\n", None),
        (b"RIFF\0\0\0\0ACON", None),
        (FRAME[:400] + b"#EXTM3U\n" * 20, None),
    ],
)
def test_the_beginning_tells(content: bytes, kind: str | None) -> None:
    assert container_of(content) == kind
    assert sniff(io.BytesIO(b"ID3\x04\0\0\0\0\0\x02xx" + content)) == (12, kind)


@given(st.binary(max_size=300) | st.binary(max_size=40).map(lambda b: b"ID3\x04\0\0" + b))
def test_any_bytes_are_told_or_not(content: bytes) -> None:
    start, kind = sniff(io.BytesIO(content))
    assert start >= 0
    assert kind is None or kind in DEMUXERS


@pytest.mark.parametrize("second", range(0xE0, 0x100))
def test_any_frame_header_is_told_or_not(second: int) -> None:
    for third in range(0x100):
        assert container_of(bytes([0xFF, second, third]) * 20) in {"mp3", "aac", None}


def test_a_tag_tells_its_length() -> None:
    assert tag_bytes(b"ID3\x04\0\0\0\0\x02\x01") == 267
    assert tag_bytes(b"ID3\x04\0\x10\0\0\x02\x01") == 277
    assert tag_bytes(b"ID3\x04") == 0


def test_tags_without_end_are_not_followed_for_ever() -> None:
    assert sniff(io.BytesIO(b"ID3\x04\0\0\0\0\0\0" * 100 + FRAME * 3))[1] is None


def test_any_bytes_are_no_mp3() -> None:
    """A single frame is found in one of ten files, most often at the end of the bytes."""
    found = [container_of(random.Random(seed).randbytes(60_000)) for seed in range(100)]
    assert found == [None] * 100
