"""What is different on Windows and macOS: by name, as tests run on Linux. Types: `make lint`."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.local_service import start
from bot.local_service.place import Place
from bot.local_service.record import Record
from tests.paths import ROOT

NOT_ON_WINDOWS = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"}
IN_THE_SANDBOX = ROOT / "bot" / "workers" / "factory" / "sandbox_guest"
"""What runs there runs on Linux."""


def sources() -> Iterator[Path]:
    for package in ("audio", "bot", "cogs", "local_discord"):
        for file in (ROOT / package).rglob("*.py"):
            if IN_THE_SANDBOX not in file.parents:
                yield file


def imported_at_once(tree: ast.Module) -> Iterator[str]:
    """The modules that are imported as soon as the file is, whatever the system."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


def test_no_module_needs_at_its_import_what_windows_lacks():
    found = {
        file.relative_to(ROOT).as_posix(): NOT_ON_WINDOWS & set(imported_at_once(tree))
        for file in sources()
        for tree in [ast.parse(file.read_text("utf-8"))]
        if NOT_ON_WINDOWS & set(imported_at_once(tree))
    }
    assert found == {}


def test_the_folder_of_the_running_service_is_not_judged_by_modes_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr("os.getuid")
    tmp_path.chmod(0o777)
    place = Place(tmp_path / "skydeck")
    place.open()
    record = Record(4321, 1.5, "http://127.0.0.1:5/v2", "k", "a", 300.0)
    place.write(record)
    (place.folder / "service.json").chmod(0o666)
    assert place.read() == record
    place.forget(record)
    assert place.read() is None


@pytest.mark.parametrize(
    ("system", "session", "flags"),
    [("linux", True, 0), ("darwin", True, 0), ("win32", False, 0x00000208)],
)
def test_the_running_service_outlives_its_terminal_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system, session, flags
):
    given = {}
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(subprocess, "Popen", lambda command, **more: given.update(more))
    with (tmp_path / "log").open("wb") as log:
        start._spawn(log)
    assert (given["start_new_session"], given["creationflags"]) == (session, flags)


def test_on_windows_nothing_forks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr("os.fork")
    start.detach()
