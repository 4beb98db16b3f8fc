"""SKYDECK_ASR: what it may name."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.asr_source import (
    WHISPERS,
    WhisperFolder,
    WhisperName,
    WhisperRepository,
    find_repository,
    knows_english_alone,
    read_asr,
)
from bot.contract import Service
from bot.errors import BadSettings
from bot.models.hub_models import find_hub_model
from bot.settings import Settings, load_settings
from bot.workers.build import models_needed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auto", None),
        (" AUTO ", None),
        ("base", WhisperName("base")),
        ("whisper-base", WhisperName("base")),
        ("Turbo", WhisperName("large-v3-turbo")),
        ("large", WhisperName("large-v3")),
        ("owner/my-whisper-ct2", WhisperRepository("owner/my-whisper-ct2")),
        ("hf:owner/my-whisper-ct2", WhisperRepository("owner/my-whisper-ct2")),
        ("./my/whisper", WhisperFolder(Path("my/whisper"))),
        ("/models/whisper", WhisperFolder(Path("/models/whisper"))),
        ("~/whisper", WhisperFolder(Path("~/whisper").expanduser())),
        ("C:\\whisper", WhisperFolder(Path("C:\\whisper"))),
    ],
)
def test_the_forms(text, expected):
    assert read_asr(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("large-v3-trubo", "Did you mean large-v3-turbo"),
        ("a/b/c", "must be auto"),
        ("hf:../../x", "must be auto"),
        ("a/..", "must be auto"),
        ("a--b/c", "must be auto"),
        ("x" * 10_000, "must be auto"),
    ],
)
def test_anything_else_is_refused_in_one_line(monkeypatch, text, words):
    monkeypatch.setenv("SKYDECK_ASR", text)
    with pytest.raises(BadSettings, match=words) as caught:
        load_settings()
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@given(st.text(max_size=30))
def test_no_text_leads_out_of_the_model_folder(text):
    if (found := find_repository(text)) is not None:
        assert found.repo.count("/") == 1
        assert not {"", ".", ".."} & set(found.repo.split("/"))


def test_every_name_can_be_pulled():
    for short in WHISPERS:
        model = find_hub_model(f"whisper-{short}")
        assert model is not None
        assert model.files[-1] == "model.bin", "the largest last: with it, all is there"
    assert find_hub_model("small") is None, "also the name of a language model"


@pytest.mark.parametrize(
    ("setting", "needed"),
    [
        ("auto", {"whisper-tiny.en", "whisper-base"}),
        ("small", {"whisper-small"}),
        ("small.en", {"whisper-small.en", "whisper-base"}),
        ("distil-large-v3", {"whisper-distil-large-v3", "whisper-base"}),
        ("owner/repo", {"hf:owner/repo"}),
        ("./folder", set()),
        ("./folder.en", {"whisper-base"}),
    ],
)
def test_what_is_fetched(setting, needed):
    names = models_needed(Settings(_env_file=None, skydeck_asr=setting), {Service.PENNY})
    assert {name for name in names if "whisper" in name or name.startswith("hf:")} == needed


def test_what_knows_english_alone():
    assert knows_english_alone(WhisperName("medium.en"))
    assert knows_english_alone(WhisperRepository("distil-whisper/distil-large-v3.5-ct2"))
    assert not knows_english_alone(WhisperRepository("owner/whisper-german"))
