"""What the doctor says of the voices."""

# mypy: ignore-errors

import asyncio

import numpy as np
import pytest

from audio.codec import wav
from bot.cli import model_checks
from bot.cli.doctor import _memory, _shared_service, voices
from bot.local_service.place import CannotShare, Place
from bot.settings import Settings
from tests.fakes.audio_api import FakeAudio, Reply


def settings(folder, **more) -> Settings:
    return Settings(_env_file=None, skydeck_weights_dir=folder, **more)


async def test_where_a_server_speaks_the_voices_are_its_own(tmp_path):
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(24_000) / 24_000)
    speech = Reply(wav(tone.astype(np.float32), 24_000), kind="audio/wav")
    async with FakeAudio(speech, key="") as api:
        given = settings(tmp_path, skydeck_tts_url=api.url, skydeck_voices="es=es_ES-davefx-medium")
        found = await asyncio.to_thread(voices, given)
    assert found.well
    assert "begins to speak after" in found.state
    assert "joe" not in found.state


def test_where_none_does_they_are_this_machine_s(tmp_path):
    found = voices(settings(tmp_path))
    assert (found.well, found.state) == (True, "en: joe (piper), es: es (espeak)")
    found = voices(settings(tmp_path, skydeck_voices="es=ef_dora"))
    assert (found.well, found.advice) == (False, "skydeck models pull ef_dora")


@pytest.mark.parametrize(
    ("gib", "more", "warns"),
    [
        (2, {"skydeck_llm": "auto"}, False),
        (2, {"skydeck_llm": "small"}, True),
        (1, {"skydeck_llm": "auto"}, True),
        (1, {"skydeck_llm_url": "http://localhost:1/v1", "skydeck_llm_model": "m"}, False),
        (0, {"skydeck_llm": "small"}, False),  # nobody can tell
    ],
)
def test_too_little_memory_is_told(tmp_path, monkeypatch, gib, more, warns):
    monkeypatch.setattr(model_checks, "usable_memory_bytes", lambda: gib * 2**30)
    monkeypatch.setattr("bot.workers.llm_choice.usable_memory_bytes", lambda: gib * 2**30)
    found = _memory(settings(tmp_path, **more))
    assert (found.well, found.warns, bool(found.advice)) == (True, warns, warns)
    assert f"{gib}.0 GiB" in found.state


def test_the_service_that_commands_share_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr("bot.cli.serve_status.Place", lambda: Place(tmp_path / "run"))
    found = _shared_service()
    assert (found.well, found.warns) == (True, False)
    assert found.state.startswith("no models are kept loaded; `skydeck ask`")


def test_where_none_can_be_shared_it_says_why(monkeypatch):
    def refused(_self):
        raise CannotShare("others can change /tmp/x")

    monkeypatch.setattr(Place, "open", refused)
    found = _shared_service()
    assert (found.well, found.warns) == (True, True)
    assert "others can change /tmp/x, so each command loads" in found.state
