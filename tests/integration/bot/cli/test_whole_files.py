"""Files that a person named are there completely, or as they were."""

# mypy: ignore-errors

import errno
import os
import stat
from pathlib import Path

import pytest

from bot.cli.run import write_files
from bot.cli.whole_files import writing
from bot.contract.factory import File
from bot.errors import BadInput


def write_until_full(path):
    with writing(path) as out:
        out.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("before", [None, b"the older one"])
def test_a_full_disk_leaves_the_folder_as_it_was(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "reply.ogg"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(OSError, match="No space"):
        write_until_full(path)
    assert [one.read_bytes() for one in tmp_path.iterdir()] == ([before] if before else [])


def test_a_file_keeps_its_rights_and_the_link_to_it(tmp_path: Path) -> None:
    real, link = tmp_path / "real.ogg", tmp_path / "link.ogg"
    real.write_bytes(b"older")
    real.chmod(0o640)
    link.symlink_to(real)
    with writing(link) as out:
        out.write(b"newer")
    assert link.is_symlink()
    assert real.read_bytes() == b"newer"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert len(list(tmp_path.iterdir())) == 2


def test_a_new_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    with writing(tmp_path / "new") as out:
        out.write(b"x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_device_stays_a_device() -> None:
    with writing(Path(os.devnull)) as out:
        out.write(b"x")
        out.seek(0)  # as a WAV file's writer does
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_folder_that_takes_no_other_file(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "reply.ogg"
    path.write_bytes(b"older")
    opened = Path.open

    def refuses(self, mode="r", *more, **named):
        if "x" in mode:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(self, mode, *more, **named)

    monkeypatch.setattr(Path, "open", refuses)
    with writing(path) as out:
        out.write(b"newer")
    assert path.read_bytes() == b"newer"


def test_a_build_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("mine")
    files = [File(name=name, content=name) for name in ("a.py", "b.py", "c.py")]
    with pytest.raises(BadInput, match=r"b\.py already exists"):
        write_files(files, tmp_path)
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"b.py": "mine"}
