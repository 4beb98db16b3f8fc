"""Which local language model answers: by the setting, the memory, and a kept measurement."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.contract import Service
from bot.errors import WeightsError
from bot.llm_source import SMALL, TINY, GgufFile, Listed, read_llm
from bot.settings import Settings
from bot.workers import llm_choice
from bot.workers.build import build_workers, check_gguf, models_needed
from bot.workers.llm_choice import (
    LlmChoice,
    Machine,
    Trial,
    choose,
    keep_trial,
    needed_gib,
    present_choice,
    read_trial,
    settle_choice,
)

GIB = 2**30
LAPTOP = Machine(memory_bytes=16 * GIB, cores=2, device="cpu", threads=0)


def trial(seconds: float, **other: object) -> Trial:
    fields = {"model": SMALL, "first_sentence_s": seconds, "cores": 2, "device": "cpu"}
    return Trial(**{**fields, "threads": 0, **other})  # type: ignore[arg-type]


def names(choice: LlmChoice) -> tuple[str, str]:
    return choice.text.name, choice.voice.name


@pytest.mark.parametrize(
    ("memory", "seconds", "expected"),
    [
        (16, 0.9, (SMALL, SMALL)),
        (16, 1.5, (SMALL, SMALL)),
        (16, 1.6, (SMALL, TINY)),
        (4.5, 0.9, (SMALL, SMALL)),
        (4.4, 0.1, (TINY, TINY)),
        (2, 0.1, (TINY, TINY)),
        (0, 0.1, (TINY, TINY)),
    ],
)
def test_auto_takes_what_the_machine_carries(memory: float, seconds: float, expected):
    machine = Machine(int(memory * GIB), cores=2, device="cpu", threads=0)
    choice = choose("auto", machine, trial(seconds))
    assert names(choice) == expected
    assert not choice.needs_trial
    assert choice.why


@pytest.mark.parametrize(
    "kept", [None, trial(0.5, cores=8), trial(0.5, device="cuda"), trial(0.5, threads=1)]
)
def test_without_a_measurement_of_this_machine_one_is_needed(kept):
    choice = choose("auto", LAPTOP, kept)
    assert choice.needs_trial
    assert names(choice) == (SMALL, TINY)


def test_a_small_machine_is_not_measured():
    assert not choose("auto", Machine(2 * GIB, 2, "cpu", 0), None).needs_trial


@pytest.mark.parametrize(
    ("setting", "source"),
    [("tiny", Listed(TINY)), ("small", Listed(SMALL)), ("/m.gguf", GgufFile(Path("/m.gguf")))],
)
def test_a_setting_decides_both(setting: str, source: object):
    choice = choose(setting, LAPTOP, None)
    assert choice.text == choice.voice == source
    assert not choice.needs_trial


@pytest.mark.parametrize(
    ("memory", "seconds", "most"), [(2, 0.1, 2.0), (4.5, 0.9, 4.5), (4.5, 1.9, 4.5)]
)
def test_what_auto_takes_fits(memory: float, seconds: float, most: float):
    """Speech included, also where two language models are loaded."""
    machine = Machine(int(memory * GIB), cores=2, device="cpu", threads=0)
    assert needed_gib(choose("auto", machine, trial(seconds)), speaks=True) <= most


def test_a_file_of_ones_own_takes_its_size(tmp_path: Path):
    file = tmp_path / "m.gguf"
    with file.open("wb") as one:
        one.truncate(3 * GIB)
    choice = choose(str(file), LAPTOP, None)
    assert needed_gib(choice, speaks=False) == pytest.approx(3.2)
    file.unlink()
    assert needed_gib(choice, speaks=False) == pytest.approx(0.2)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(llm_choice, "this_machine", lambda _: LAPTOP)
    return Settings(skydeck_llm="auto", skydeck_weights_dir=tmp_path / "models")


def test_the_measurement_is_made_once_and_kept(settings: Settings):
    measured: list[float] = []

    def measure() -> float:
        measured.append(1.234)
        return 1.234

    assert names(settle_choice(settings, measure)) == (SMALL, SMALL)
    assert names(settle_choice(settings, measure)) == (SMALL, SMALL)
    assert measured == [1.234]
    kept = read_trial(settings.skydeck_weights_dir)
    assert kept is not None
    assert kept.first_sentence_s == 1.23


def test_on_a_busy_machine_the_next_start_measures_again(settings: Settings):
    choice = settle_choice(settings, lambda: None)
    assert names(choice) == (SMALL, TINY)
    assert not choice.needs_trial  # this start goes on with the smaller one
    assert "busy" in choice.why
    assert present_choice(settings).needs_trial


@pytest.mark.parametrize(
    "words",
    ["", "nonsense", "[]", "{}", '{"model": "x"}', "null", "NaN"],
)
def test_a_damaged_measurement_is_made_again(settings: Settings, words: str):
    settings.skydeck_weights_dir.mkdir()
    (settings.skydeck_weights_dir / "llm-trial.json").write_text(words)
    assert present_choice(settings).needs_trial


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 1e9])
def test_an_impossible_measurement_is_made_again(settings: Settings, seconds: float):
    keep_trial(settings.skydeck_weights_dir, trial(seconds))
    assert present_choice(settings).needs_trial


def test_a_folder_that_cannot_be_written_is_no_error(settings: Settings):
    settings.skydeck_weights_dir.write_text("a file")
    assert names(settle_choice(settings, lambda: 0.5)) == (SMALL, SMALL)


ONLY_PENNY = frozenset({Service.PENNY})


@pytest.mark.parametrize(
    ("seconds", "services", "expected"),
    [
        (None, frozenset(Service), {SMALL}),
        (0.5, frozenset(Service), {SMALL}),
        (9.0, frozenset(Service), {SMALL, TINY}),
        (9.0, ONLY_PENNY, {SMALL, TINY}),
        (9.0, frozenset({Service.GRACE}), {SMALL}),
    ],
)
def test_only_the_models_that_answer_are_fetched(settings: Settings, seconds, services, expected):
    if seconds is not None:
        keep_trial(settings.skydeck_weights_dir, trial(seconds))
    assert set(models_needed(settings, services)) & {TINY, SMALL} == expected


def test_a_server_of_one_s_own_needs_no_language_model(settings: Settings):
    own = settings.model_copy(update={"skydeck_llm_url": "http://x/v1", "skydeck_llm_model": "m"})
    assert not set(models_needed(own, frozenset(Service))) & {TINY, SMALL}
    workers = build_workers(own, Path)
    assert [model.name for model in workers.models] == ["m"]


def test_claude_answers_for_penny_and_the_local_model_for_the_others(settings: Settings):
    keep_trial(settings.skydeck_weights_dir, trial(9.0))
    own = settings.model_copy(update={"anthropic_api_key": SecretStr("k")})
    assert set(models_needed(own, frozenset(Service))) & {TINY, SMALL} == {SMALL}
    assert not set(models_needed(own, ONLY_PENNY)) & {TINY, SMALL}


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"model": "%b", "first_sentence_s": "1.5", "cores": 2, "device": "cpu", "threads": 0}',
        b'{"model": "%b", "first_sentence_s": NaN, "cores": 2, "device": "cpu", "threads": 0}',
        b'{"model": "%b", "first_sentence_s": 1e999, "cores": 2, "device": "cpu", "threads": 0}',
        b'{"model": "%b", "first_sentence_s": 1, "cores": [], "device": {}, "threads": 0}',
    ],
)
def test_a_damaged_measurement_is_none(tmp_path: Path, kept: bytes):
    (tmp_path / "llm-trial.json").write_bytes(kept.replace(b"%b", SMALL.encode()))
    assert read_trial(tmp_path) is None


def test_a_measurement_replaces_whatever_stands_in_its_place(tmp_path: Path):
    os.mkfifo(tmp_path / "llm-trial.json")
    assert read_trial(tmp_path) is None
    keep_trial(tmp_path, trial(1.2))
    assert read_trial(tmp_path) == trial(1.2)
    assert [file.name for file in tmp_path.iterdir()] == ["llm-trial.json"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.gguf", b"GGUF\x03", ""),
        ("text.gguf", b"I am not a model", "is not a GGUF model"),
        ("empty.gguf", b"", "is not a GGUF model"),
        ("gone.gguf", None, "There is no file"),
        ("a" * 400 + ".gguf", None, "cannot be read: File name too long"),
    ],
)
def test_a_file_that_is_no_model_is_told_as_such(tmp_path: Path, name, content, words: str):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    caught = None
    try:
        check_gguf(tmp_path / name)
    except WeightsError as e:
        caught = e
    assert words in str(caught or "")
    assert (caught is None) == (words == "")


@pytest.mark.parametrize("kind", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, kind):
    kind(tmp_path / "model.gguf")
    with pytest.raises(WeightsError, match="There is no file"):
        check_gguf(tmp_path / "model.gguf")


@pytest.mark.parametrize("text", ["hf:o/r//m.gguf", "hf:o/r/.gguf/", "hf:/r/m.gguf", "hf:o/r/a/"])
def test_a_path_that_the_hub_cannot_have_is_refused(text: str):
    with pytest.raises(ValueError, match="hf:owner"):
        read_llm(text)


def test_a_home_that_nobody_has_is_a_missing_file():
    assert read_llm("~nobody-of-this-name/x.gguf") == GgufFile(Path("~nobody-of-this-name/x.gguf"))
