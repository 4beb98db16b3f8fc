"""What kind of file somebody gives, by its bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.file_kinds import (
    HEAD_BYTES,
    FileKind,
    UnreadKind,
    claims_sound,
    claims_text,
    kind_of,
    unread_kind,
)
from tests.fakes.media_files import KINDS, tone


@pytest.mark.parametrize("kind", KINDS)
def test_a_recording_is_told_by_its_bytes(kind: str) -> None:
    assert kind_of(tone(kind)[:HEAD_BYTES]) is FileKind.SOUND


def test_a_large_picture_among_the_tags_hides_no_recording() -> None:
    assert kind_of(b"ID3\x03\0\0\x00\x7f\x7f\x7f" + bytes(HEAD_BYTES)) is FileKind.SOUND


@pytest.mark.parametrize(
    "words",
    [
        "the free software is free",  # its fifth to eighth bytes open a QuickTime file
        "you skip it",
        "OggS is how an Ogg file begins",
        ".snd is an ending",
        "#!AMR\nis a signature",
        "GXYZ" * 100,
        "import { x } from './y';\n" * 4_000,
    ],
)
def test_a_text_that_begins_like_a_recording_is_text(words: str) -> None:
    assert kind_of(words.encode()[:HEAD_BYTES]) is FileKind.TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", ""])
def test_a_long_text_is_told_by_its_beginning(encoding: str, newline: str) -> None:
    words = f"El niño comió piñones y no le importó. {newline}" * 4_000
    assert kind_of(words.encode(encoding)[:HEAD_BYTES]) is FileKind.TEXT


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200),
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"PK\x03\x04" + bytes(200),
        b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(200),
        b"MZ\x90\0\3\0\0\0",
        bytes(1000),
    ],
)
def test_what_is_neither(content: bytes) -> None:
    assert kind_of(content) is FileKind.OTHER


@pytest.mark.parametrize(
    ("name", "kind", "sound", "text"),
    [
        ("memo.caf", None, True, False),
        ("memo.M4A", "application/octet-stream", True, False),
        ("memo.3gp", "video/3gpp", True, False),
        ("memo", "audio/ogg", True, False),
        ("memo.mp4", "video/mp4", False, False),
        ("memo", None, False, False),
        ("app.ts", "video/mp2t", False, True),
        ("notes", "text/plain; charset=utf-8", False, True),
        ("notes.md", None, False, True),
        ("scan.mp3", "image/png", False, False),
    ],
)
def test_what_names_and_types_claim(name: str, kind: str | None, sound: bool, text: bool) -> None:
    assert claims_sound(name, kind) is sound
    assert claims_text(name, kind) is text


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"\x89PNG\r\n", "a.txt", UnreadKind.PICTURE),
        (b"\0\0\0\x1cftypheic", "a", UnreadKind.PICTURE),
        (b"\0\0\0\x1cftypisom", "a", UnreadKind.FILM),
        (b"PK\x03\x04", "a.zip", UnreadKind.ARCHIVE),
        (b"PK\x03\x04", "a.docx", UnreadKind.DOCUMENT),
        (b"PK\x03\x04", "a.jar", UnreadKind.PROGRAM),
        (b"PK\x03\x04", "a.png", UnreadKind.ARCHIVE),
        (b"%PDF-1.7", "a", UnreadKind.DOCUMENT),
        (b"MZ\x90", "a.png", UnreadKind.PROGRAM),
        (b"", "a.EXE", UnreadKind.PROGRAM),
        (b"", "a.png", UnreadKind.PICTURE),
        (b"", "a.tar.gz", UnreadKind.ARCHIVE),
        (b"", "exe", UnreadKind.OTHER),
        (bytes(257) + b"ustar", "a", UnreadKind.ARCHIVE),
    ],
)
def test_what_is_not_read_is_named_for_what_it_is(head: bytes, name: str, kind: UnreadKind) -> None:
    assert unread_kind(head, name) is kind


@given(st.binary(max_size=300), st.text(max_size=20))
def test_any_file_is_something(head: bytes, name: str) -> None:
    assert unread_kind(head, name) in UnreadKind
