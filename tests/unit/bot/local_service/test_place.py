"""The private folder of the running service."""

import os
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.local_service.place import CannotShare, Place
from bot.local_service.record import Record

RECORD = Record(pid=4321, began_s=1.5, url="http://127.0.0.1:5/v2", key="k", kind="a", idle_s=300.0)
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    tmp_path.chmod(0o700)
    one = Place(tmp_path / "run" / "skydeck")
    one.open()
    return one


def file_of(place: Place) -> Path:
    return place.folder / "service.json"


def test_a_record_is_read_as_it_was_written_and_is_its_owner_s_alone(place):
    assert place.read() is None
    place.write(RECORD)
    assert place.read() == RECORD
    assert file_of(place).stat().st_mode & 0o777 == 0o600
    assert place.folder.stat().st_mode & 0o777 == 0o700


def test_only_one_s_own_record_is_forgotten(place):
    place.write(RECORD)
    place.forget(Record(1, 2.0, "http://127.0.0.1:6/v2", "other", "b", 1.0))
    assert place.read() == RECORD
    place.forget(RECORD)
    assert place.read() is None


def test_the_rest_of_a_write_that_was_cut_off_is_no_obstacle(place):
    file_of(place).with_suffix(f".{os.getpid()}").write_text("half")
    place.write(RECORD)
    assert place.read() == RECORD
    assert [one.name for one in place.folder.iterdir()] == ["service.json"]


@posix
@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
def test_a_record_that_others_can_read_is_not_trusted(place, mode):
    place.write(RECORD)
    file_of(place).chmod(mode)
    assert place.read() is None


@posix
def test_a_record_of_another_user_is_not_trusted(place, monkeypatch):
    place.write(RECORD)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert place.read() is None
    with pytest.raises(CannotShare, match="not a folder of yours"):
        place.open()


@posix
def test_a_link_a_pipe_and_a_large_file_are_not_read(place, tmp_path: Path):
    place.write(RECORD)
    elsewhere = tmp_path / "elsewhere"
    file_of(place).rename(elsewhere)
    file_of(place).symlink_to(elsewhere)
    assert place.read() is None
    file_of(place).unlink()
    os.mkfifo(file_of(place), 0o600)
    assert place.read() is None
    file_of(place).unlink()
    file_of(place).touch(0o600)
    os.truncate(file_of(place), 10_000_000)
    assert place.read() is None


@posix
def test_a_folder_in_which_others_can_put_another_in_its_place_is_refused(tmp_path: Path):
    above = tmp_path / "for-all"
    above.mkdir()
    above.chmod(0o777)
    with pytest.raises(CannotShare, match="others can change"):
        Place(above / "skydeck").open()
    above.chmod(0o1777)  # as /tmp
    Place(above / "skydeck").open()


@posix
def test_a_folder_of_one_s_own_that_is_open_is_closed(tmp_path: Path):
    tmp_path.chmod(0o700)
    folder = tmp_path / "skydeck"
    folder.mkdir()
    folder.chmod(0o755)
    Place(folder).open()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(CannotShare, match="cannot be used"):
        Place(tmp_path / "file" / "skydeck").open()


def test_the_last_line_of_the_log_says_what_went_wrong(place):
    assert place.last_words() == ""
    place.log.write_text("a traceback\nMemoryError: no room\n\n")
    assert place.last_words() == "MemoryError: no room"


async def test_a_second_holder_of_the_lock_waits_for_the_first(place):
    order = []

    async def hold(name: str) -> None:
        async with place.locked(SystemClock()):
            order.append(f"{name} begins")
            await SystemClock().sleep(0.2)
            order.append(f"{name} ends")

    import asyncio

    await asyncio.gather(hold("one"), hold("two"))
    first, second = ("one", "two") if order[0] == "one begins" else ("two", "one")
    assert order == [f"{first} begins", f"{first} ends", f"{second} begins", f"{second} ends"]
