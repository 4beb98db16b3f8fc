"""What is kept from one run to the next."""

import stat

import pytest

from bot.local_voice.prefs import Prefs
from bot.local_voice.view import TalkMode


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


def test_a_disk_that_refuses_costs_only_the_choices(tmp_path):
    (tmp_path / "file").write_text("")
    Prefs().keep(tmp_path / "file" / "talk.json")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("chosen", "system", "language"),
    [
        (None, "es_ES.UTF-8", "es"),
        (None, "de_DE.UTF-8", "en"),
        (None, "C", "en"),
        (None, "", "en"),
        ("es", "en_GB.UTF-8", "es"),
        ("en", "es_MX", "en"),
    ],
)
def test_the_screen_speaks_the_systems_language_or_the_chosen_one(
    monkeypatch, chosen, system, language
):
    monkeypatch.setenv("LC_ALL", system)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.delenv("LANG", raising=False)
    assert Prefs(interface=chosen).words.language == language
