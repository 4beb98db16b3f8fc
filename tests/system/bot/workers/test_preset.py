"""The preset for a GPU, with small files in the place of its models; all else is the same code."""

# mypy: ignore-errors

import numpy as np
import pytest
from typer.testing import CliRunner

from bot.cli import models
from bot.embedded_workers import model_fetcher
from bot.models.hub_models import find_hub_model
from bot.presets import Preset
from bot.settings import Settings
from bot.workers.build import llm_file
from bot.workers.llm_choice import present_choice
from bot.workers.penny.build import build_recognizer
from bot.workers.penny.tts import LocalVoices
from bot.workers.penny.voice_files import kokoro_model_file, voice_book
from tests.fakes.model_hub import FakeHub
from tests.fakes.small_kokoro import write_kokoro


@pytest.fixture
def hub(weights, tmp_path):
    """Everything that the preset names, but smaller."""
    write_kokoro(tmp_path / "kokoro", "af_heart")
    style = (tmp_path / "kokoro" / "voices" / "af_heart.bin").read_bytes()
    files = {}
    settings = Settings(_env_file=None, skydeck_preset=Preset.GPU_24GB, skydeck_llm="auto")
    for name in models._needed_by(settings, None):
        model = find_hub_model(name)
        for file in model.files:
            at = f"{model.repo}/{model.revision}/{file}"
            if file.endswith(".gguf"):
                files[at] = b"GGUF" + bytes(100)
            elif "Kokoro" in model.repo:
                onnx = (tmp_path / "kokoro" / "kokoro.onnx").read_bytes()
                files[at] = style if file.endswith(".bin") else onnx
            else:
                files[at] = (weights("whisper-base") / file).read_bytes()
                files[f"{model.repo}/{model.revision}/vocabulary.txt"] = (
                    weights("whisper-base") / "vocabulary.txt"
                ).read_bytes()
    with FakeHub(files).running() as running, pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.models.hub_models.Hub", lambda: running.hub)
        yield running


async def test_a_gpus_preset_is_pulled_and_hears_and_speaks(hub, tmp_path, monkeypatch):
    monkeypatch.delenv("SKYDECK_LLM")
    monkeypatch.setenv("SKYDECK_PRESET", "gpu-24gb")
    monkeypatch.setenv("SKYDECK_WEIGHTS_DIR", str(tmp_path / "weights"))
    for part in models.Part:  # as deploy/worker.Dockerfile does
        done = CliRunner().invoke(models.app, ["pull", "--only", part])
        assert done.exit_code == 0, done.output
    asked = len(hub.asked)

    settings = Settings(_env_file=None)
    choice = present_choice(settings)
    fetch = pytest.fail  # nothing of the manifest is needed
    file = llm_file(choice.text, model_fetcher(settings))
    assert file.name == "granite-3.3-8b-instruct-Q4_K_M.gguf"
    assert choice.voice == choice.text
    ears = build_recognizer(settings, model_fetcher(settings))
    assert ears._model(True) is ears._model(False)
    await ears.close()
    speaker = LocalVoices(
        fetch,
        book=lambda: voice_book(settings),
        kokoro=lambda: kokoro_model_file(settings),
        threads=1,
    )
    for language in ("en", "es", "fr", "pt"):
        sound, rate = await speaker.synthesize("Uno, dos.", language=language, voice=None)
        assert rate == 24_000
        assert np.abs(sound).max() > 0
    await speaker.close()
    assert len(hub.asked) == asked, "what was pulled needs no network"
