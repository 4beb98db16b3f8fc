"""Models of the hub alone: voices and language models by name."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import models
from bot.errors import SkydeckError, WeightsError, WrongUse
from bot.models.any_model import ensure_models, split_names
from bot.models.hub import part_of
from bot.models.hub_models import (
    KOKORO_MODEL,
    HubModel,
    ensure_hub_model,
    find_hub_model,
    kokoro_folder,
)
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

    with pytest.raises(
        WeightsError,
        match=r"^es_ES-davefx-medium \(hf:.*\) cannot be fetched: the hub has no such file",
    ):
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


def test_what_an_interrupted_fetch_left_needs_no_room_again(
    hub: FakeHub, tmp_path: Path, monkeypatch
):
    usage = __import__("shutil").disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage._replace(free=1003))
    model = named(DAVEFX)
    file = model.folder(tmp_path) / model.files[-1]
    file.parent.mkdir(parents=True)
    part_of(file).write_bytes(b"voice" * 800)

    ensure_hub_model(model, tmp_path, setting="x", hub=hub.hub)
    assert file.read_bytes() == b"voice" * 1000


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
        (f"hf:a/b/{'x' * 300}.gguf", "The models are:"),
        ("af_hart_1", "Did you mean af_heart"),
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

    def test_a_voice_is_fetched_again_without_losing_the_old_one(
        self, hub: FakeHub, tmp_path: Path
    ):
        run = CliRunner()
        run.invoke(models.app, ["pull", DAVEFX])
        file = named(DAVEFX).folder(tmp_path) / named(DAVEFX).files[-1]

        hub.status = 503
        failed = run.invoke(models.app, ["pull", DAVEFX, "--force"])
        assert isinstance(failed.exception, WeightsError)
        assert file.read_bytes() == b"voice" * 1000
        hub.status = 200
        hub.files[PIPER] = b"novel" * 1000
        assert run.invoke(models.app, ["pull", DAVEFX, "--force"]).exit_code == 0
        assert file.read_bytes() == b"novel" * 1000

    def test_verify_knows_the_names_that_pull_knows(self, hub: FakeHub):
        run = CliRunner()

        failed = run.invoke(models.app, ["verify", DAVEFX])
        assert failed.stdout == f"{DAVEFX}: not there\n"
        assert isinstance(failed.exception, WeightsError)
        assert failed.exception.hint == f"skydeck models pull {DAVEFX}"
        run.invoke(models.app, ["pull", DAVEFX])
        done = run.invoke(models.app, ["verify", DAVEFX])
        assert done.exit_code == 0
        assert done.stdout.startswith(f"{DAVEFX}: its files are there; we know no hashes")

    def test_remove_takes_what_an_interrupted_fetch_left(self, hub: FakeHub, tmp_path: Path):
        part = part_of(named(DAVEFX).folder(tmp_path) / named(DAVEFX).files[-1])
        part.parent.mkdir(parents=True)
        part.write_bytes(b"x" * 2_000_000)

        removed = CliRunner().invoke(models.app, ["remove", DAVEFX, "--yes"]).stdout
        assert removed == f"Removed {DAVEFX}: 2.0 MB freed.\n"
        assert not part.exists()

    def test_the_model_that_kokoro_s_voices_share_goes_with_the_last(self, tmp_path: Path):
        folder = kokoro_folder(tmp_path)
        for file in (KOKORO_MODEL, "voices/ef_dora.bin", "voices/af_heart.bin"):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(b"x")
        run = CliRunner()

        run.invoke(models.app, ["remove", "ef_dora", "--yes"])
        assert not (folder / "voices/ef_dora.bin").exists()
        assert (folder / KOKORO_MODEL).exists()
        run.invoke(models.app, ["remove", "af_heart", "--yes"])
        assert not (folder / KOKORO_MODEL).exists()

    def test_kokoro_s_voices_are_listed_with_piper_s(self):
        shown = CliRunner().invoke(models.app, ["voices", "es"]).stdout
        assert ["Spanish", "ef_dora", "kokoro"] in [line.split() for line in shown.splitlines()]

    def test_a_voice_in_a_place_that_cannot_be_looked_at(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("SKYDECK_VOICES", f"es=/{'x' * 300}.onnx")
        done = CliRunner().invoke(models.app, ["voices", "es"])
        assert done.exit_code == 0, done.exception
        assert "xxx" not in done.stdout

    def test_an_unknown_language(self):
        error = CliRunner().invoke(models.app, ["voices", "xx"]).exception
        assert isinstance(error, SkydeckError)
        assert "There is no language 'xx'" in error.message
