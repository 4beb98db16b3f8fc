"""What a message shows, and what instead when Discord finds it too large."""

import io
import random
import zipfile

from cogs.shared.page import Page, lighter

NOTE = "The files are missing."


def noise(size: int) -> bytes:
    return random.Random(1).randbytes(size)


def test_a_page_of_words_has_nothing_to_leave_out() -> None:
    page = Page(text="short")
    assert list(lighter(page, NOTE)) == [page]


def test_files_are_packed_and_then_left_out_with_a_word() -> None:
    page = Page(text="short", files=(("a.txt", b"a" * 5000), ("b.txt", b"b" * 5000)))
    whole, packed, bare = lighter(page, NOTE)
    assert whole == page
    ((name, content),) = packed.files
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {n: archive.read(n) for n in archive.namelist()} == dict(page.files)
    assert name == "files.zip"
    assert bare.files == ()
    assert NOTE in bare.text
    assert bare.text.startswith("short")


def test_what_packing_makes_no_smaller_is_not_packed() -> None:
    page = Page(text="short", files=(("a.bin", noise(5000)),))
    assert [bool(one.files) for one in lighter(page, NOTE)] == [True, False]


def test_a_text_that_goes_as_a_file_is_packed_too() -> None:
    whole, packed, bare = lighter(Page(text="words " * 50_000), NOTE)
    assert whole.files == ()
    assert len(packed.files) == 1
    assert len(packed.text) <= 2000
    assert NOTE in bare.text
