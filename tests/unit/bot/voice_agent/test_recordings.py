"""Recordings: one file each, limited in age and size, and deleted when their speaker asks."""

import stat

import pytest

from audio.speech_events import Clip
from bot.voice_agent.recordings import RecordingStore

DAY = 86_400.0
NOW = 1_800_000_000.0


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "deep" / "clips"


def shelf(folder, days=7, limit_bytes=1_000_000) -> RecordingStore:
    return RecordingStore(folder, days=days, limit_bytes=limit_bytes)


def clip(user_id: int, packets: int = 50) -> Clip:
    sound = (b"\xf8" + b"x" * 100,) * packets
    return Clip(user_id=user_id, packets=sound, speech_ms=packets * 20, began_s=0.0, ended_s=1.0)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_only_their_owner_can_read_them(folder):
    shelf(folder).add(clip(7), NOW)
    [file] = folder.iterdir()
    assert file.name == f"{NOW:.2f}-7.ogg"
    assert file.read_bytes().startswith(b"OggS")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_they_go_after_their_days(folder):
    kept = shelf(folder, days=2)
    for age in (0.5, 1.9, 2.1, 30):
        kept.add(clip(7), NOW - age * DAY)
    assert kept.prune(NOW) == 2
    assert len(names(folder)) == 2
    assert kept.prune(NOW) == 0


def test_the_oldest_go_when_their_room_is_full(folder):
    size = len(clip(7).file())
    kept = shelf(folder, limit_bytes=10 * size)
    for number in range(25):
        kept.add(clip(7), NOW + number)
        assert len(names(folder)) <= 10
    assert names(folder)[-1] == f"{NOW + 24:.2f}-7.ogg"
    again = shelf(folder, limit_bytes=3 * size)  # it counts the files that are already there
    again.add(clip(7), NOW + 25)
    assert len(names(folder)) <= 3


def test_a_person_is_forgotten_and_nobody_else(folder):
    kept = shelf(folder)
    for user in (7, 77, 7):
        kept.add(clip(user), NOW + user)
    kept.add(clip(7), NOW)
    (folder / "notes-7.ogg").write_text("not ours")
    assert kept.forget(7) == 2
    assert names(folder) == [f"{NOW + 77:.2f}-77.ogg", "notes-7.ogg"]


def test_without_a_folder_nothing_is_deleted_and_nothing_fails(folder):
    assert (shelf(folder).prune(NOW), shelf(folder).forget(7)) == (0, 0)


def test_a_folder_that_cannot_be_written_is_only_logged(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    shelf(tmp_path / "file").add(clip(7), NOW)
    assert "a recording was not kept" in caplog.text
