"""Arguments of any bytes, numbers of any size: exit 2, one line, no traceback."""

import gc
import os
import sys

import pytest

from bot import __main__ as program
from bot.cli import main
from bot.cli.run import write_files
from bot.contract.factory import File
from tests.fakes.command_line import skydeck

HALF = "\udcff"
"""What Python makes of the byte 0xFF in an argument."""

ARGUMENTS = [
    ("ask", f"caf{HALF}"),
    ("ask", "a\0b"),
    ("ask", "hello", "--language", HALF),
    ("ask", "hello", "--save", f"{HALF}/a.ogg"),
    ("call", "grace", "summarizer", f"caf{HALF}"),
    ("call", "grace", "summarizer", "a\0b"),
    ("call", f"gr{HALF}", "x", "y"),
    ("call", "grace", f"s{HALF}", "y"),
    ("call", "grace", "summarizer", "--file", f"no{HALF}.txt"),
    ("call", "penny", "converse", "hello", "-o", f"voice={HALF}"),
    ("call", "penny", "converse", "hello", "-o", f"{HALF}=1"),
    ("call", "factory", "build", "x", "-o", "iterations=--5"),
    ("call", "factory", "build", "x", "-o", "iterations=" + 6_000 * "9"),
    ("call", "factory", "build", "x", "-o", "iterations=nan"),
    ("call", "factory", "build", "x", "-o", "iterations=²"),
    ("call", "grace", "title", "x", "-o", "words=--5"),
    ("call", "grace", "keywords", "x", "-o", "count=--5"),
    ("call", "grace", "keywords", "x", "-o", "count=nan"),
    ("call", "grace", "keywords", "x", "-o", "count=1e3"),
    ("call", "grace", "keywords", "x", "-o", "count=+-5"),
    ("call", "grace", "keywords", "x", "-o", "count=٣٣٣"),
    ("call", "grace", "keywords", "x", "-o", "count=" + 6_000 * "9"),
    ("call", "grace", "keywords", "x", "-o", "=5"),
    ("models", "pull", f"m{HALF}"),
    ("database", "to", f"0{HALF}", "x.gz"),
    ("costs", "--csv", f"n{HALF}/a.csv"),
    ("serve", "--key", f"k{HALF}"),
    ("talk", "--file", f"n{HALF}.wav"),
]


@pytest.mark.parametrize("args", ARGUMENTS, ids=lambda args: ascii(" ".join(args))[:70])
def test_a_wrong_argument_is_one_line(args, tmp_path):
    done = skydeck(*args, cwd=tmp_path, SKYDECK_DATABASE_URL=f"sqlite:///{tmp_path}/deck.db")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("skydeck: ")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder in use cannot be deleted")
def test_a_folder_that_is_gone_is_one_line(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with pytest.raises(SystemExit) as end:
        main.run()
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        "skydeck: This folder no longer exists. Change to another one: cd ~\n"
    )


NAMES = [
    "a\0b.py",
    "half \ud800.py",
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "/",
    "",
    "..",
    "\x1b[2J.txt",
    "evil\u202etxt.exe",
    "CON.txt",
    "字" * 300 + ".txt",
    "é" * 79 + "𠀀" * 200,
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_files_of_any_name_are_written_inside_the_folder(name, tmp_path):
    folder = tmp_path / "out"
    write_files([File(name=name, content="x\ud800"), File(name=name, content="y")], folder)
    assert sorted(file.read_text() for file in folder.iterdir()) == ["x?", "y"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
    for file in folder.iterdir():
        assert file.name.isprintable()


def test_names_that_a_service_repeats_are_numbered(tmp_path):
    names = ["a.py", "A.py", "a.py", "a-2.py"]
    write_files([File(name=name, content=name) for name in names], tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_ctrl_c_while_the_command_is_imported_is_no_traceback(monkeypatch):
    class Interrupted:
        def find_spec(self, name, path=None, target=None):
            if name == "bot.cli.main":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "bot.cli.main")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as end:
        program.main()
    gc.enable()
    assert end.value.code == 130
