"""Earlier conversations: kept, listed, continued and forgotten."""

import datetime as dt
import json
import stat
from dataclasses import dataclass

import pytest

from bot.local_voice import memory as memories
from bot.local_voice.memory import MAX_DAYS, MAX_KEPT, MAX_TURNS, KeptTurn, Memory

DAY_S = 86_400
SAID = KeptTurn("How far is the moon?", "Far.")


@dataclass
class Clock:
    at_s: float = dt.datetime(2026, 11, 28, 12, 0).timestamp()  # noqa: DTZ001 - local time

    def wall(self) -> float:
        return self.at_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock, tmp_path) -> Memory:
    return Memory(clock, tmp_path / "conversations")


def test_a_conversation_is_kept_where_only_its_owner_reads_it(memory):
    memory.add(SAID)
    memory.add(KeptTurn("/build a dice", "dice.py", task=True))
    memory.add(KeptTurn(" ", "nothing was asked"))
    [past] = memory.past()
    assert past.title == "How far is the moon?"
    assert past.at == dt.datetime(2026, 11, 28, 12, 0)  # noqa: DTZ001
    assert [turn.task for turn in past.turns] == [False, True]
    [file] = memory.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_written_unless_it_is_wanted(memory):
    memory.keeps = False
    memory.add(SAID)
    assert not memory.folder.exists()
    memory.keeps = True  # from now on; with what was said before it in this conversation
    memory.add(KeptTurn("And back?", "As far."))
    assert len(memory.past()[0].turns) == 2


def test_penny_is_told_what_she_said_and_not_what_others_did(memory):
    memory.add(SAID)
    memory.add(KeptTurn("/build a dice", "dice.py", task=True))
    assert [m.content for m in memory.recall().messages()] == ["How far is the moon?", "Far."]
    memory.begin()
    assert memory.recall().messages() == []


def test_one_goes_on_with_a_conversation_and_it_stays_one(memory, clock):
    memory.add(SAID)
    memory.begin()
    clock.at_s += 60
    memory.add(KeptTurn("Another", "One."))
    assert [past.title for past in memory.past()] == ["Another", "How far is the moon?"]
    memory.go_on(memory.past()[1])
    memory.add(KeptTurn("And back?", "As far."))
    assert [len(past.turns) for past in memory.past()] == [1, 2]
    assert len(memory.recall().messages()) == 4


def test_what_is_deleted_is_gone_and_does_not_come_back(memory):
    memory.add(SAID)
    [past] = memory.past()
    memory.delete(past.name)
    assert memory.past() == []
    memory.add(KeptTurn("New", "One."))
    assert [one.turns[0].heard for one in memory.past()] == ["New"]
    memory.forget()
    assert [*memory.folder.iterdir()] == []
    memory.forget()


def test_all_are_deleted_and_nothing_else(memory, clock):
    (memory.folder).mkdir()
    (memory.folder / "mine.json").write_text("{}")
    for _ in range(3):
        memory.begin()
        memory.add(SAID)
    assert len(memory.past()) == 3, "three in the same second"
    memory.delete("mine")
    memory.delete("../mine")
    memory.delete_all()
    assert [file.name for file in memory.folder.iterdir()] == ["mine.json"]


def test_they_are_bounded_in_number_age_and_length(memory, clock):
    for _ in range(MAX_KEPT + 5):
        memory.begin()
        clock.at_s += 60
        memory.add(SAID)
    assert len(memory.past()) == MAX_KEPT
    for number in range(MAX_TURNS + 10):
        memory.add(KeptTurn(f"Question {number}", "x"))
    assert len(memory.past()[0].turns) == MAX_TURNS
    clock.at_s += (MAX_DAYS + 1) * DAY_S
    memory.begin()
    memory.add(SAID)
    assert len(memory.past()) == 1


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1]", b"\xff" * 100, b"[" * 100_000, b'{"turns": 1}', b'{"turns": [1]}']
)
def test_a_damaged_file_is_passed_over(memory, data):
    memory.folder.mkdir()
    (memory.folder / "20261128-110000.json").write_bytes(data)
    (memory.folder / "99999999-999999.json").write_bytes(data)
    memory.add(SAID)
    assert [past.title for past in memory.past()] == [SAID.heard]


def test_what_a_terminal_obeys_is_not_read(memory):
    memory.add(KeptTurn("half \ud800 \x1b[2J", "evil\u202e"))
    [past] = memory.past()
    assert not {"\x1b", "\u202e"} & set(past.turns[0].heard + past.turns[0].said)


def test_a_disk_that_refuses_costs_only_the_memory(tmp_path, clock):
    (tmp_path / "file").write_text("")
    memory = Memory(clock, tmp_path / "file")
    memory.add(SAID)
    assert memory.past() == []


def test_the_one_conversation_of_an_earlier_version_is_taken_over(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(memories.platformdirs, "user_data_path", lambda _: tmp_path)
    before = tmp_path / "talk.json"
    before.write_text(json.dumps([{"heard": "Hi.", "said": "Hello.", "interrupted": False}]))
    memory = Memory(clock)
    assert [past.title for past in memory.past()] == ["Hi."]
    assert not before.exists()
    assert memory.recall().messages() == []
