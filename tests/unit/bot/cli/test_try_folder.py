"""The folder of one run of `skydeck try`, and those that killed runs have left."""

import os
from pathlib import Path

from bot.cli.try_folder import folder_of_one_run

DAY_S = 86_400


def left_behind(place: Path, name: str, *, has_lock: bool = True) -> Path:
    folder = place / name
    folder.mkdir()
    (folder / "skydeck.db").write_text("what people wrote")
    if has_lock:
        (folder / "running.lock").touch()
    return folder


def test_what_a_killed_run_left_goes_at_the_next_start(tmp_path: Path) -> None:
    left = left_behind(tmp_path, "skydeck-try-killed")
    with folder_of_one_run(tmp_path) as own:
        assert not left.exists()
        assert own.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []


def test_a_run_beside_keeps_its_folder(tmp_path: Path) -> None:
    with folder_of_one_run(tmp_path) as first, folder_of_one_run(tmp_path) as second:
        assert first != second
        assert first.is_dir()
        assert second.is_dir()


def test_only_what_is_certainly_dead_goes(tmp_path: Path) -> None:
    unknown = left_behind(tmp_path, "skydeck-try-new", has_lock=False)
    old = left_behind(tmp_path, "skydeck-try-old", has_lock=False)
    os.utime(old, (0, old.stat().st_mtime - 2 * DAY_S))
    elsewhere = tmp_path / "kept"
    elsewhere.mkdir()
    (tmp_path / "skydeck-try-link").symlink_to(elsewhere)
    (tmp_path / "skydeck-try-file").touch()
    with folder_of_one_run(tmp_path):
        assert unknown.is_dir()
        assert not old.exists()
        assert elsewhere.is_dir()
        assert (tmp_path / "skydeck-try-file").exists()
