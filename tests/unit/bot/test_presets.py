"""SKYDECK_PRESET: what it sets, and what counts more."""

import pytest

from bot.contract import Service
from bot.errors import BadSettings
from bot.models.any_model import split_names
from bot.models.store import ModelStore
from bot.presets import PRESETS, Preset
from bot.settings import Settings, load_settings
from bot.workers.build import models_needed


def test_a_preset_sets_what_is_empty_or_auto(monkeypatch: pytest.MonkeyPatch):
    for name in ("SKYDECK_LLM", "SKYDECK_VOICES"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("SKYDECK_ASR", "auto")
    monkeypatch.setenv("SKYDECK_PRESET", "gpu-24gb")

    settings = load_settings()

    assert settings.skydeck_preset is Preset.GPU_24GB
    for name, value in PRESETS[Preset.GPU_24GB].items():
        assert getattr(settings, name) == value


@pytest.mark.parametrize("name", ["SKYDECK_LLM", "SKYDECK_LOCAL_MODEL"])
def test_a_setting_that_names_a_model_counts_more(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.delenv("SKYDECK_LLM")
    monkeypatch.setenv("SKYDECK_PRESET", "gpu-24gb")
    monkeypatch.setenv(name, "tiny")

    assert load_settings().skydeck_llm == "tiny"
    assert load_settings().skydeck_asr == "large-v3-turbo"


def test_without_a_preset_nothing_is_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SKYDECK_LLM")
    monkeypatch.setenv("SKYDECK_PRESET", "")
    assert (load_settings().skydeck_llm, load_settings().skydeck_voices) == ("auto", "")


def test_an_unknown_preset_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SKYDECK_PRESET", "gpu-9000")
    with pytest.raises(BadSettings, match=r"SKYDECK_PRESET: .*'laptop' or 'gpu-24gb'"):
        load_settings()


@pytest.mark.parametrize("preset", list(Preset))
def test_all_that_a_preset_names_can_be_pulled(preset: Preset, tmp_path):
    settings = Settings(_env_file=None, skydeck_preset=preset, skydeck_llm="auto")

    listed, others = split_names(ModelStore(tmp_path), models_needed(settings, set(Service)))

    if preset is Preset.LAPTOP:
        assert (len(listed), others) == (4, []), "also the registry has all of them"
    else:
        assert listed == []
        assert len(others) == 8
        assert all(len(one.revision) == 40 for one in others if "gguf" not in one.name)
