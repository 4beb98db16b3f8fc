"""The layers of the tests, and what every test may ask for: models (fetched once, as a user's
set-up would) and clips."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from tests.paths import CLIPS, TESTS

pytest_plugins = [
    "tests.discord_fixtures",
    "tests.fakes.postgres",
    "tests.guard",
    "tests.layers",
    "tests.report",
    "tests.virtual_audio.fixture",
    "tests.virtual_time",
]
# Where bytecode is not written (containers often ask for that), both processes of a run and each
# program that a test starts compile all of our source, and discord.py all cogs for each bot.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
MODELS = {"penny", "qwen", "weights"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]):
    """Where processes share the tests, those with large models are in one, and the longest begin.

    So no two models compete, and what is left for the end is small: both processes end together.
    """
    for item in items:
        group = "models" if _needs_models(item) else str(item.path.relative_to(TESTS))
        item.add_marker(pytest.mark.xdist_group(group))
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _needs_models(item: pytest.Item) -> bool:
    fixtures = MODELS & set(getattr(item, "fixturenames", ()))
    # In the integration layer somebody scripted answers to these names.
    is_real = fixtures and item.get_closest_marker("system") is not None
    return bool(is_real or item.get_closest_marker("models"))


def _turn(item: pytest.Item) -> int:
    if _needs_models(item):
        return 0
    layers = ("system", "integration", "unit")
    return next((n for n, one in enumerate(layers, 1) if item.get_closest_marker(one)), 4)


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_works():
    """A shell starts what runs in its background deaf to SIGINT, and its children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    """No key and no `.env` of whoever runs the tests reaches them; the weights' folder does."""
    for name in Settings.model_fields:
        if name != "skydeck_weights_dir":
            monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(scope="session")
def weights() -> Callable[[str], Path]:
    """The folder of a model by name: fetched when missing, verified always."""
    from bot.models.store import ModelStore

    store = ModelStore(Settings(_env_file=None).skydeck_weights_dir)
    return lambda name: store.ensure([name])[name]


@pytest.fixture(scope="session")
def threads() -> int:
    """For a model's work: one. Two wait for each other whenever anything else is busy, and are then
    ten times slower; tests must not depend on a quiet machine."""
    return 1


@pytest.fixture(scope="session")
def qwen(weights, threads) -> Iterator["object"]:
    """The small language model, loaded once."""
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
        ears=Whisper(
            lambda: weights("whisper-tiny.en"),
            lambda: weights("whisper-base"),
            threads=threads,
        ),
        brain=qwen,
        mouth=LocalVoices(lambda: weights("piper-joe")),
        clock=SystemClock(),
    )
    yield handler
    asyncio.run(handler.close())


@pytest.fixture
def clips() -> Path:
    """Real speech; `tests/clips/README.md` says what is said."""
    return CLIPS


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long bytes are no name for a test: what is compressed or random differs in each process of a
    run, and then the processes do not agree on which tests there are."""
    return argname if isinstance(val, bytes) and len(val) > 16 else None
