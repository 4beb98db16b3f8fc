"""Plugins and fixtures for every test: models (downloaded once, as by a user's set-up), clips."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from bot.settings import Settings
from tests.paths import CLIPS, TESTS

pytest_plugins = [
    "tests.brief_reports",
    "tests.discord_fixtures",
    "tests.fakes.postgres",
    "tests.guard",
    "tests.layers",
    "tests.report",
    "tests.virtual_audio.fixture",
    "tests.virtual_time",
    "tests.fakes.wheelhouse",
]
# Containers often disable bytecode. Then each process of a run, and each program that a test
# starts, compiles all of our source.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["HF_HUB_OFFLINE"] = "1"  # tests ask no hub but tests/fakes/model_hub.py
gc.disable()  # until `pytest_collection_finish`: importing makes no garbage
os.environ["SKYDECK_KEEP_LOADED_S"] = "0"  # nor does any program that a test starts
os.environ["SKYDECK_LLM"] = "tiny"  # the quick one, and no measurement at first start
os.environ["SKYDECK_THREADS"] = "1"  # see `threads`
settings.register_profile("skydeck", deadline=None)  # no wall clock decides
settings.load_profile("skydeck")
HIDDEN = frozenset(name.upper() for name in Settings.model_fields if name != "skydeck_weights_dir")
"""The environment variables of all settings but the folder of the models."""
LOADED = {"penny", "qwen"}
"""Fixtures that load models into the process of the tests."""
MODELS = LOADED | {"weights"}


@pytest.fixture(autouse=True, scope="session")
def own_runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the developer's own running service out of the tests, and theirs out of it."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path_factory.mktemp("run"))
    yield
    os.environ.pop("XDG_RUNTIME_DIR")
    if before is not None:
        os.environ["XDG_RUNTIME_DIR"] = before


@pytest.fixture(autouse=True, scope="session")
def own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the developer's own ledger and conversations out of the tests, and theirs out of it."""
    before = os.environ.get("XDG_DATA_HOME")
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("data"))
    yield
    os.environ.pop("XDG_DATA_HOME")
    if before is not None:
        os.environ["XDG_DATA_HOME"] = before


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]):
    """Run the tests with large models first, in a few groups, each in one xdist process.

    One group has the tests that share loaded models, so that these are loaded once; the others have
    those that start programs with models, by folder. Only short tests remain at the end, so that
    all processes finish together.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (_rank(item), item.path.parts))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    """Let each xdist process begin elsewhere in the folders; items are sorted afterwards.

    In a fresh clone each module's assertions are rewritten once, and its code compiled: if all
    processes began with the same module, each would do all of this for itself.
    """
    report = yield
    worker = getattr(collector.config, "workerinput", None)
    if worker is not None and isinstance(collector, pytest.Directory) and report.result:
        number = int(worker["workerid"].removeprefix("gw"))
        first = len(report.result) * number // worker["workercount"]
        report.result = [*report.result[first:], *report.result[:first]]
    return report


def pytest_collection_finish():
    """Collect only what tests make: to search the modules and all tests' items again and again took
    a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 10)
    gc.enable()


@cache
def _module(path: Path) -> str:
    return str(path.relative_to(TESTS))


def _group(item: pytest.Item) -> str:
    if not _needs_models(item):
        return _module(item.path)
    if LOADED & set(getattr(item, "fixturenames", ())):
        return "models"
    _, folder, *_ = item.path.relative_to(TESTS).parts
    return f"programs with models: {folder}"


def _needs_models(item: pytest.Item) -> bool:
    fixtures = MODELS & set(getattr(item, "fixturenames", ()))
    # In the integration layer, scripted fakes have these names.
    is_real = fixtures and item.get_closest_marker("system") is not None
    return bool(is_real or item.get_closest_marker("models"))


def _rank(item: pytest.Item) -> int:
    if _needs_models(item):
        return 0
    layers = ("system", "integration", "unit")
    return next((n for n, one in enumerate(layers, 1) if item.get_closest_marker(one)), 4)


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_works():
    """Restore SIGINT: a shell makes background jobs ignore it, and their children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch):
    """Hide the developer's keys and `.env` from the tests, but not the model folder."""
    for name in HIDDEN.intersection(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("SKYDECK_LLM", "tiny")
    monkeypatch.setenv("SKYDECK_THREADS", "1")
    monkeypatch.setenv("SKYDECK_KEEP_LOADED_S", "0")  # no test shares models with another
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(scope="session")
def weights() -> Callable[[str], Path]:
    """Return a model's folder by name; downloads it if missing, and always verifies it."""
    from bot.models.store import ModelStore

    store = ModelStore(Settings(_env_file=None).skydeck_weights_dir)
    return lambda name: store.ensure([name])[name]


@pytest.fixture(scope="session")
def threads() -> int:
    """One thread per model, also in programs. Two wait for each other whenever the machine is busy,
    burn its cores in doing so, and are then ten times slower; tests must not depend on a quiet
    machine."""
    return 1


@pytest.fixture(scope="session")
def qwen(weights, threads) -> Iterator["object"]:
    """The small language model."""
    from bot.workers.qwen import Qwen

    model = Qwen(lambda: weights("qwen2.5-coder-0.5b") / "model.gguf", threads=threads)
    yield model
    asyncio.run(model.close())


@pytest.fixture(scope="session")
def penny(weights, qwen, threads) -> Iterator["object"]:
    """Penny with all her models."""
    from bot.clock import SystemClock
    from bot.workers.penny.handler import PennyHandler
    from bot.workers.penny.stt import Whisper
    from bot.workers.penny.tts import LocalVoices

    handler = PennyHandler(
        stt=Whisper(
            lambda: weights("whisper-tiny.en"),
            lambda: weights("whisper-base"),
            threads=threads,
        ),
        llm=qwen,
        tts=LocalVoices(weights),
        clock=SystemClock(),
    )
    yield handler
    asyncio.run(handler.close())


@pytest.fixture
def clips() -> Path:
    """Real speech; see `tests/clips/README.md` for the transcripts."""
    return CLIPS


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Keep long bytes out of test ids: compressed or random bytes differ between the processes of a
    run, which then disagree about the set of tests."""
    return argname if isinstance(val, bytes) and len(val) > 16 else None
