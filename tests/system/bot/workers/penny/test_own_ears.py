"""Speech recognition of one's own: a folder with a Whisper model, as `skydeck doctor` tries it."""

# mypy: ignore-errors

import shutil

import pytest

from bot.cli import speech_checks
from bot.cli.speech_checks import recognition_state
from bot.errors import WeightsError
from bot.settings import Settings
from bot.workers.penny.build import build_recognizer


@pytest.fixture
def own(weights, tmp_path):
    """The small English model as somebody's own; the big file is the same on disk."""
    folder = tmp_path / "my-ear"
    folder.mkdir()
    for file in weights("whisper-tiny.en").iterdir():
        if file.name == "model.bin":
            (folder / file.name).hardlink_to(file)
        elif not file.name.startswith("."):
            shutil.copy(file, folder)
    return folder


def settings(folder):
    return Settings(_env_file=None, skydeck_asr=str(folder), skydeck_threads=1)


def test_the_doctor_loads_it_and_says_time_memory_and_words(own):
    said = recognition_state(settings(own))

    assert said.startswith("my-ear: loaded in ")
    assert " MB; " in said
    assert "London" in said


def test_a_model_for_english_alone_leaves_the_rest_to_the_usual_one(own, weights):
    asked = []

    def folder(name):
        asked.append(name)
        return weights(name)

    ears = build_recognizer(settings(own), folder)
    assert ears._folders[True]() == own
    assert ears._folders[False]() == weights("whisper-base")
    assert asked == ["whisper-base"]


def test_a_multilingual_model_does_everything(weights):
    base = weights("whisper-base")
    ears = build_recognizer(settings(base), pytest.fail)
    assert ears._model(True) is ears._model(False)
    assert list(ears._loaded) == [base]


@pytest.mark.parametrize("missing", ["model.bin", "tokenizer.json", "vocabulary.txt"])
def test_a_missing_file_is_named(own, missing):
    (own / missing).unlink()
    with pytest.raises(WeightsError, match="no Whisper model") as caught:
        recognition_state(settings(own))
    assert missing.partition(".")[0] in str(caught.value)


def test_nonsense_is_one_line(own):
    (own / "model.bin").unlink()
    (own / "model.bin").write_bytes(b"nonsense" * 1000)
    with pytest.raises(WeightsError, match="could not be loaded") as caught:
        recognition_state(settings(own))
    assert "\n" not in str(caught.value)


def test_what_was_not_pulled_is_told(tmp_path):
    for setting, words in [
        ("large-v3-turbo", "skydeck models pull whisper-large-v3-turbo"),
        ("owner/repo", "skydeck models pull hf:owner/repo"),
        (f"{tmp_path}/none", "There is no folder"),
    ]:
        given = Settings(_env_file=None, skydeck_asr=setting, skydeck_weights_dir=tmp_path)
        with pytest.raises(WeightsError, match=words):
            recognition_state(given)


def test_by_default_the_doctor_loads_nothing(monkeypatch):
    monkeypatch.setattr(speech_checks, "_sentence", lambda: pytest.fail("not needed"))
    assert "whisper-tiny.en for English" in recognition_state(Settings(_env_file=None))
