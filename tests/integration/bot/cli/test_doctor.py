"""What the doctor says of the voices."""

# mypy: ignore-errors

import asyncio

import numpy as np

from audio.codec import wav
from bot.cli.doctor import voices
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
