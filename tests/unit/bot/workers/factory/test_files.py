"""Files that a caller hands in: names and sizes are not to be trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, TooLarge
from bot.workers.factory.files import read_files, safe_name, unique_names


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("roman.py", "roman.py"),
        ("../../etc/passwd", "passwd"),
        ("/etc/cron.d/x", "x"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("..", "file"),
        (".bashrc", "bashrc"),
        ("", "file"),
        ("a\x1b[31mred\n.py", "a__31mred_.py"),
        ("--help", "help"),
        ("con.py", "_con.py"),
        ("niño y café.md", "niño y café.md"),
        ("x" * 300 + ".py", "x" * 80),
    ],
)
def test_a_name_is_made_plain(given_name: str, kept: str) -> None:
    assert safe_name(given_name) == kept


@given(st.text(max_size=200))
def test_no_name_is_a_path_or_hidden(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert not set(safe) & set("/\\\0\n\x1b")
    assert not safe.startswith((".", "-"))
    assert safe == safe_name(safe)


def test_files_of_an_earlier_build_are_read() -> None:
    files = read_files([{"name": "a/b.py", "content": "x = 1\r\n"}], max_chars=100)

    assert [(file.name, file.content) for file in files] == [("b.py", "x = 1\n")]
    assert read_files(None, max_chars=100) == ()


@pytest.mark.parametrize(
    "value",
    [
        "a.py",
        {"name": "a.py", "content": ""},
        ["a.py"],
        [{"name": "a.py"}],
        [{"name": 3, "content": ""}],
        [{"name": "a.py", "content": "x"}] * 11,
        [{"name": "a.py", "content": "x"}, {"name": "b/A.py", "content": "y"}],
    ],
)
def test_what_is_no_list_of_files_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        read_files(value, max_chars=100)


def test_more_than_the_model_can_read_is_refused_with_both_figures() -> None:
    with pytest.raises(TooLarge, match=r"1,200 characters; this model can read 1,000"):
        read_files([{"name": "a.py", "content": "x" * 1200}], max_chars=1000)


def test_no_two_files_have_one_name_on_any_file_system() -> None:
    names = ["a.py", "A.py", "a.py", "x/a-2.py", "Makefile", "makefile", "..", "."]
    found = unique_names(names)
    assert found == [
        "a.py",
        "A-2.py",
        "a-3.py",
        "a-2-2.py",
        "Makefile",
        "makefile-2",
        "file",
        "file-2",
    ]
    assert len({name.casefold() for name in found}) == len(names)
