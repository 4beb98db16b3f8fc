"""Models of the hub alone: voices and language models by name."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import models
from bot.errors import SkydeckError, WeightsError, WrongUse
from bot.models.any_model import ensure_models, split_names
from bot.models.hub_models import HubModel, ensure_hub_model, find_hub_model
from bot.models.progress import Progress
from bot.models.store import ModelStore
from tests.fakes.model_hub import FakeHub

DAVEFX = "es_ES-davefx-medium"
REVISION = "375a0fe641dea077c2a47b4e9a056d6da521eed3"
PIPER = f"rhasspy/piper-voices/{REVISION}/es/es_ES/davefx/medium/{DAVEFX}.onnx"


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    files = {PIPER: b"voice" * 1000, f"{PIPER}.json": b"{}"}
    with FakeHub(files).running() as running, pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.models.hub_models.Hub", lambda: running.hub)
        yield running


def named(name: str) -> HubModel:
    model = find_hub_model(name)
    assert model is not None
    return model


def test_a_voice_is_pulled_once(hub: FakeHub, tmp_path: Path):
    events: list[Progress] = []
    model = named(DAVEFX)

    folder = ensure_hub_model(model, tmp_path, setting="x", hub=hub.hub, progress=events.append)

    voice = folder / f"es/es_ES/davefx/medium/{DAVEFX}.onnx"
    assert voice.read_bytes() == b"voice" * 1000
    assert Path(f"{voice}.json").read_bytes() == b"{}"
    assert [event.note for event in events if event.note] == ["From the authors' hub, 127.0.0.1."]
    assert (events[-1].done, events[-1].total) == (5002, 5002)
    asked = len(hub.asked)
    assert ensure_hub_model(model, tmp_path, setting="x", hub=hub.hub) == folder
    assert len(hub.asked) == asked


def test_nothing_is_fetched_of_what_cannot_be_whole(hub: FakeHub, tmp_path: Path):
    del hub.files[PIPER]

    with pytest.raises(WeightsError, match=r"medium cannot be fetched: .* no such file"):
        ensure_hub_model(named(DAVEFX), tmp_path, setting="SKYDECK_VOICES", hub=hub.hub)
    assert not [line for line in hub.asked if line.startswith("GET")]


def test_what_is_optional_may_be_missing(hub: FakeHub, tmp_path: Path):
    hub.files = {"owner/ear/main/model.bin": b"x", "owner/ear/main/vocabulary.txt": b"y"}
    model = HubModel("ear", "owner/ear", "main", ("model.bin",), ("vocabulary.txt", "v.json"))

    folder = ensure_hub_model(model, tmp_path, setting="SKYDECK_ASR", hub=hub.hub)

    assert {path.name for path in folder.iterdir()} == {"model.bin", "vocabulary.txt"}


def test_a_disk_without_room_is_told_first(hub: FakeHub, tmp_path: Path, monkeypatch):
    usage = __import__("shutil").disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage._replace(free=5001))

    with pytest.raises(WeightsError, match="Not enough disk space"):
        ensure_hub_model(named(DAVEFX), tmp_path, setting="x", hub=hub.hub)
    assert not [line for line in hub.asked if line.startswith("GET")]


def test_two_at_once_fetch_once(hub: FakeHub, tmp_path: Path):
    threads = [
        threading.Thread(
            target=ensure_hub_model,
            args=(named(DAVEFX), tmp_path),
            kwargs={"setting": "x", "hub": hub.hub},
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([line for line in hub.asked if line.startswith("GET")]) == 2, "its two files"


def test_names_are_divided_by_where_they_come_from(tmp_path: Path):
    store = ModelStore(tmp_path)
    given = ["whisper-base", DAVEFX, "en_US-joe-medium", "joe", "hf:a/b/c.gguf", "ef_dora", DAVEFX]

    listed, others = split_names(store, given)

    assert listed == ["whisper-base", "piper-joe"]
    assert [model.name for model in others] == [DAVEFX, "hf:a/b/c.gguf", "ef_dora"]


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("es_ES-davefx-medum", "Did you mean es_ES-davefx-medium"),
        ("davefx", "Did you mean es_ES-davefx-medium"),
        ("whisper-bas", "Did you mean whisper-base"),
        ("../../etc/passwd", "The models are:"),
        ("hf:../b/c.gguf", "The models are:"),
        ("x\x1b[31m", "The models are:"),
    ],
)
def test_an_unknown_name_is_one_line_with_a_guess(tmp_path: Path, name: str, guess: str):
    with pytest.raises(WrongUse, match=guess) as caught:
        ensure_models(ModelStore(tmp_path), [name])
    assert str(caught.value).isprintable()


class TestCommands:
    """`skydeck models` with voices."""

    @pytest.fixture(autouse=True)
    def _weights(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SKYDECK_WEIGHTS_DIR", str(tmp_path))

    def test_pull_list_and_remove(self, hub: FakeHub, tmp_path: Path):
        run = CliRunner()

        pulled = run.invoke(models.app, ["pull", DAVEFX])
        assert f"Fetching {DAVEFX} into {tmp_path}" in pulled.stderr
        assert "From the authors' hub, 127.0.0.1." in pulled.stderr
        assert f"{DAVEFX}: ready in " in pulled.stdout
        shown = run.invoke(models.app, ["voices", "es"]).stdout
        assert next(line.split() for line in shown.splitlines() if "davefx" in line) == [
            "Spanish",
            DAVEFX,
            "piper",
            "here",
        ]
        assert "es_MX-ald-medium" in shown
        assert "German" not in shown
        removed = run.invoke(models.app, ["remove", DAVEFX, "--yes"]).stdout
        assert removed == f"Removed {DAVEFX}: 0.0 MB freed.\n"
        assert "piper   here" not in run.invoke(models.app, ["voices", "es"]).stdout

    def test_an_unknown_language(self):
        error = CliRunner().invoke(models.app, ["voices", "xx"]).exception
        assert isinstance(error, SkydeckError)
        assert "There is no language 'xx'" in error.message
