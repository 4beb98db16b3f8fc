"""Which voice speaks which language, with which engine and model."""

# mypy: ignore-errors

from types import SimpleNamespace

import numpy as np
import pytest

from bot.contract import Service
from bot.local_voice import choices
from bot.models.manifest import load_manifest
from bot.settings import Settings
from bot.workers.build import models_needed
from bot.workers.penny import tts, voices
from bot.workers.penny.tts import LocalVoices
from bot.workers.penny.voices import VOICES, Engine, Voice, choose_voice, voice_models


@pytest.mark.parametrize(
    ("language", "voice", "engine", "name"),
    [
        ("en", None, Engine.PIPER, "joe"),
        ("en-gb", None, Engine.PIPER, "joe"),
        ("es", None, Engine.ESPEAK, "es"),
        ("es-419", None, Engine.ESPEAK, "es-419"),
        ("est", None, Engine.ESPEAK, "est"),
        ("fr", None, Engine.ESPEAK, "fr"),
        ("zh", None, Engine.ESPEAK, "cmn"),
        ("es", "joe", Engine.PIPER, "joe"),
        ("en", "en", Engine.ESPEAK, "en"),
        ("en", "es-419", Engine.ESPEAK, "es-419"),
        ("en", "nobody", Engine.ESPEAK, "nobody"),
        ("en", "", Engine.ESPEAK, "en"),
    ],
)
def test_the_voice_chooses_the_engine_and_else_the_language(language, voice, engine, name):
    chosen = choose_voice(language, voice)
    assert (chosen.engine, chosen.name) == (engine, name)


def test_every_voice_can_be_chosen_at_the_microphone():
    assert [one.name for one in choices.VOICES] == [None, *(one.name for one in VOICES)]
    assert len({one.name for one in VOICES}) == len(VOICES)


def test_every_piper_voice_has_its_model_in_the_manifest():
    models = load_manifest().models
    for voice in VOICES:
        assert bool(voice.model) == (voice.engine is Engine.PIPER)
    for name in voice_models():
        assert {file.name for file in models[name].files} == {"voice.onnx", "voice.onnx.json"}


@pytest.fixture
def second(monkeypatch):
    """A second Piper voice, for Spanish; it stands before eSpeak's."""
    voice = Voice("ana", "Ana (Spanish)", Engine.PIPER, "es", model="piper-ana")
    monkeypatch.setattr(voices, "VOICES", (voice, *VOICES))
    return voice


def test_a_further_voice_is_one_entry(second):
    assert choose_voice("es-419", None) is second
    assert choose_voice("en", None).name == "joe"
    assert choose_voice("en", "ana") is second
    assert voice_models() == ["piper-ana", "piper-joe"]
    needed = models_needed(Settings(_env_file=None), {Service.PENNY})
    assert {"piper-ana", "piper-joe"} <= set(needed)


async def test_each_voice_speaks_with_its_own_model(second, monkeypatch, tmp_path):
    loaded = []

    def load(model, _threads):
        loaded.append(model)
        chunk = SimpleNamespace(audio_float_array=np.full(4, len(loaded), np.float32))
        config = SimpleNamespace(sample_rate=len(loaded))
        return SimpleNamespace(synthesize=lambda _: [chunk], config=config)

    monkeypatch.setattr(tts, "_load_piper", load)
    speaker = LocalVoices(lambda model: tmp_path / model)
    rates = [
        (await speaker.synthesize("Hello.", language=language, voice=None))[1]
        for language in ("en", "es", "en", "es-ES")
    ]
    await speaker.close()
    assert rates == [1, 2, 1, 2]
    assert loaded == [tmp_path / name / "voice.onnx" for name in ("piper-joe", "piper-ana")]
