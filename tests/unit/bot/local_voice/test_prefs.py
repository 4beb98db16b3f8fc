"""What is kept from one run to the next."""

import stat

import pytest

from bot.local_voice.audio_io import SPEAKER
from bot.local_voice.memory import Memory
from bot.local_voice.prefs import Prefs
from bot.local_voice.view import TalkMode
from bot.voice_agent.events import Remember


def test_choices_come_back(tmp_path):
    path = tmp_path / "new" / "talk.json"
    prefs = Prefs(microphone="USB", mode=TalkMode.HANDS_FREE)
    prefs.keep(path)
    assert Prefs.load(path) == prefs
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"mode": "telepathy"}', b"\xff" * 100])
def test_what_cannot_be_read_is_as_good_as_none(tmp_path, data):
    path = tmp_path / "talk.json"
    path.write_bytes(data)
    assert Prefs.load(path) == Prefs()
    assert Memory(path).turns == []


def test_a_disk_that_refuses_costs_only_the_memory(tmp_path):
    (tmp_path / "file").write_text("")
    Prefs().keep(tmp_path / "file" / "talk.json")
    Memory(tmp_path / "file" / "talk.json").add(Remember(1, SPEAKER, "Hi.", "Hello.", False))
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_what_was_said_comes_back_when_asked_to(tmp_path):
    path = tmp_path / "talk.json"
    memory = Memory(path)
    for n in range(60):
        memory.add(Remember(n, SPEAKER, f"Question {n}", "Answer", n % 2 == 0))
    memory.add(Remember(61, SPEAKER, " ", "nothing was asked", False))
    again = Memory(path)
    assert len(again.turns) == 50
    assert again.turns[-1].transcript == "Question 59"
    assert [m.role for m in again.recall().messages()[-2:]] == ["user", "assistant"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again.forget()
    assert not path.exists()
    again.forget()
