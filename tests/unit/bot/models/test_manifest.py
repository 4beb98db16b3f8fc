"""The manifest that comes with skydeck, and manifests that are refused."""

import re
import tomllib

import pytest
from pydantic import ValidationError

from bot.llm_source import SMALL, TINY
from bot.models.manifest import MANIFEST, Manifest, load_manifest
from bot.models.plan import Finding, Problem, make_plan


def test_our_manifest_has_every_model_with_its_files():
    files = {m.name: [f.name for f in m.files] for m in load_manifest().models.values()}

    whisper = ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt"]
    assert files == {
        "whisper-tiny.en": whisper,
        "whisper-base": whisper,
        "qwen2.5-coder-0.5b": ["model.gguf"],
        "qwen2.5-coder-1.5b": ["model.gguf"],
        "piper-joe": ["voice.onnx", "voice.onnx.json"],
        "smart-turn-v3.2": ["model.onnx"],
        "silero-vad": ["model.onnx"],
    }
    assert {TINY, SMALL} <= set(files)


def test_every_listed_wheel_is_used():
    manifest = load_manifest()
    files = [file for model in manifest.models.values() for file in model.files]

    assert {wheel.name for wheel in manifest.wheels_of(files)} == set(manifest.wheels)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("models", "silero-vad", "files", 0, "name"), "../model.onnx"),
        (("models", "silero-vad", "files", 0, "name"), ".hidden"),
        (("models", "silero-vad", "files", 0, "sha256"), "abc"),
        (("models", "silero-vad", "files", 0, "bytes"), 0),
        (("models", "silero-vad", "files", 0, "parts"), []),
        (("models", "silero-vad", "files", 0, "parts"), [["not-listed", "model.onnx"]]),
        (("wheels", "pipecat-ai", "version"), "1.0 --index-url=x"),
        (("wheels", "pipecat-ai", "bytes"), -1),
    ],
)
def test_a_manifest_that_could_do_harm_is_refused(path, value):
    data = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value

    with pytest.raises(ValidationError):
        Manifest.model_validate(data)


def all_of(manifest: Manifest, *names: str) -> list[Finding]:
    models = manifest.pick(names)
    return [Finding(m, f, Problem.MISSING) for m in models for f in m.files]


def test_a_wheel_that_two_models_share_is_fetched_once_and_kept_for_the_second():
    manifest = load_manifest()
    wheel = manifest.wheels["pipecat-ai"]

    plan = make_plan(manifest, all_of(manifest, "silero-vad", "smart-turn-v3.2"), lambda _: False)

    assert plan.download_bytes == wheel.bytes
    assert plan.last_used_by(0) == []
    assert plan.last_used_by(1) == [wheel]


def test_the_space_needed_is_that_at_the_peak():
    manifest = load_manifest()
    qwen = manifest.models["qwen2.5-coder-0.5b"]
    wheels = sum(w.bytes for w in manifest.wheels_of(qwen.files))
    piper = manifest.models["piper-joe"]

    plan = make_plan(manifest, all_of(manifest, piper.name, qwen.name), lambda _: False)
    begun = make_plan(manifest, all_of(manifest, qwen.name), lambda _: True)

    assert plan.room_bytes == piper.bytes + wheels + qwen.bytes
    assert begun.room_bytes == qwen.bytes
    assert begun.download_bytes == 0


def test_what_is_at_the_hub_is_pinned_to_a_commit():
    at_hub = [model for model in load_manifest().models.values() if model.hub is not None]

    assert {"silero-vad"} == set(load_manifest().models) - {model.name for model in at_hub}
    for model in at_hub:
        assert model.hub is not None
        assert re.fullmatch(r"[0-9a-f]{40}", model.hub.revision), model.name


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("hub", "repo"), "../x"),
        (("hub", "repo"), "a/b/c"),
        (("hub", "revision"), "../main"),
        (("files", 0, "hub_path"), "../model.bin"),
        (("files", 0, "hub_path"), "/model.bin"),
        (("files", 0, "hub_path"), "a//model.bin"),
    ],
)
def test_a_hub_address_that_could_lead_elsewhere_is_refused(path, value):
    data = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    at = data["models"]["piper-joe"]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value

    with pytest.raises(ValidationError):
        Manifest.model_validate(data)
