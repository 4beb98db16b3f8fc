import contextlib
import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contract.factory import File
from bot.errors import BadInput, TooLarge
from cogs.factory import _files
from cogs.factory._files import ARCHIVE, MAX_BYTES, json_file, pack, text_file, unpack


def test_few_small_files_stay_as_they_are():
    parcel = pack([File(name="a.py", content="a\n"), File(name="leer.txt", content="ñ")])
    assert parcel.files == (("a.py", b"a\n"), ("leer.txt", "ñ".encode()))
    assert not parcel.left_out


def test_names_are_plain_and_no_two_are_the_same():
    names = ["../../etc/passwd", "PASSWD", ".bashrc", "con.txt", "", "a\u202eb.py", "x", "X"]
    parcel = pack([File(name=name, content="x") for name in names])
    given = [name for name, _ in parcel.files]
    assert given[:5] == ["passwd", "PASSWD-2", "bashrc", "_con.txt", "file"]
    assert given[-2:] == ["x", "X-2"]
    assert not any(set("/\\\u202e") & set(name) for name in given)


def test_an_empty_file_gets_a_line_end_so_that_discord_takes_it():
    assert pack([File(name="__init__.py", content="")]).files == (("__init__.py", b"\n"),)


def test_what_is_too_large_is_packed():
    parcel = pack([File(name=f"{n}.txt", content="x" * (MAX_BYTES // 2)) for n in range(3)])
    ((name, content),) = parcel.files
    assert name == ARCHIVE
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert archive.namelist() == ["0.txt", "1.txt", "2.txt"]


def test_what_is_too_large_even_packed_is_left_out(monkeypatch):
    monkeypatch.setattr(_files, "MAX_BYTES", 50)
    assert pack([File(name="a", content="abcdef" * 20)]).left_out
    assert text_file("x" * 51).left_out
    assert json_file(["x" * 51]).left_out


def test_half_a_character_is_no_reason_to_fail():
    assert pack([File(name="a", content="\ud800")]).files == (("a", b"?"),)
    assert text_file("\ud800").files[0][1] == b"?"
    assert json_file({"a": "\ud800"}).files[0][1]


def test_a_result_comes_back_as_it_went():
    files = [File(name=f"{n}.py", content=f"n = {n}\n") for n in range(3)]
    assert unpack(list(pack(files).files)) == files


def test_an_archive_is_opened_within_bounds():
    def zipped(*contents):
        target = BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, content in enumerate(contents):
                archive.writestr(f"{number}.txt", content)
        return [(ARCHIVE, target.getvalue())]

    assert unpack(zipped(b"a", b"b"))[1] == File(name="1.txt", content="b")
    with pytest.raises(TooLarge):
        unpack(zipped(bytes(20 * 1024 * 1024)))
    with pytest.raises(TooLarge):
        unpack(zipped(*[b"x"] * 11))
    with pytest.raises(BadInput):
        unpack(zipped(b"\xff\xfe\x00"))
    with pytest.raises(BadInput):
        unpack([(ARCHIVE, b"PK\x03\x04 not really")])


@given(st.data())
def test_a_damaged_archive_is_refused_in_words_or_opened(data):
    method = data.draw(st.sampled_from([zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2]))
    made = BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("a.py", "a = 1\n" * 50)
    content = bytearray(made.getvalue())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadInput, TooLarge):
        unpack([(ARCHIVE, bytes(content))])
