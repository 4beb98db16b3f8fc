"""Both databases for real: SQLite files, and a PostgreSQL that this run starts where it can."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bot.choices import Mode
from bot.clock import SystemClock
from bot.contract import Service
from bot.store.address import Address
from bot.store.maintenance.migrate import head, migrate
from bot.store.records import Role, StoredMessage
from bot.store.repositories.recovery import Entry
from bot.store.store import Store
from tests.fakes.statements import rows_of

HELPER = Path(__file__).with_name("process.py")
START_MS = 1_800_000_000_000


class ManualClock:
    """A clock that stands still until the test moves it; a sleep moves it too."""

    def __init__(self) -> None:
        self.at_ms = START_MS

    def now(self) -> float:
        return self.at_ms / 1000

    def wall(self) -> float:
        return self.at_ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.at_ms += round(seconds * 1000)
        await asyncio.sleep(0)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    """A SQLite file with an up-to-date schema and nothing in it; to be copied."""
    file = tmp_path_factory.mktemp("store") / "template.db"
    asyncio.run(migrate(Address.parse(f"sqlite:///{file}"), SystemClock()))
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request) -> str:
    """Which database: a test that uses it runs on both, on PostgreSQL in the system layer."""
    return request.param


@pytest.fixture
def empty_url(kind, request, tmp_path) -> str:
    """A database without any table."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/new/skydeck.db"
    return asyncio.run(request.getfixturevalue("postgres").create())


@pytest.fixture
def url(kind, request, tmp_path) -> Iterator[str]:
    """A database with an up-to-date schema and nothing in it; its schema must stay as it is.

    Other tests use the same one on PostgreSQL. Whoever changes the schema takes `empty_url`.
    """
    if kind == "postgres":
        yield asyncio.run(request.getfixturevalue("postgres").clean())
        return
    file = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "skydeck.db")
    yield f"sqlite:///{file}"
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        assert found == [(head(),)], "the test changed the schema: it has to use empty_url"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def store(url, clock):
    async with Store.open(url, clock) as opened:
        yield opened


@pytest.fixture
def entry() -> Callable[..., Entry]:
    def make(**changes) -> Entry:
        fields = {
            "service": Service.FACTORY,
            "module": "BUILD",
            "endpoint_id": "ep1",
            "mode": Mode.STREAM,
            "user_id": 700_000_000_000_000_001,
            "channel_id": 800_000_000_000_000_001,
            "guild_id": 900_000_000_000_000_001,
            "deadline_ms": 60_000,
            "place": {"channel": "800000000000000001", "message": "5"},
            "title": "a page about otters",
        }
        return Entry(**fields | changes)

    return make


@pytest.fixture
def message() -> Callable[..., StoredMessage]:
    def make(message_id: int, **changes) -> StoredMessage:
        fields = {
            "message_id": message_id,
            "conversation_id": 1,
            "person_id": 7,
            "author_id": 7,
            "author_name": "Ada",
            "role": Role.USER,
            "content": f"words of {message_id}",
            "created_at_ms": START_MS + message_id,
        }
        return StoredMessage(**fields | changes)

    return make


@pytest.fixture
def process() -> Callable[..., subprocess.Popen]:
    """Starts `process.py` as a program of its own; what is still alive at the end is killed."""
    started: list[subprocess.Popen] = []

    def start(*words: str) -> subprocess.Popen:
        started.append(
            subprocess.Popen([sys.executable, HELPER, *words], stdout=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()
        one.stdout.close()


@pytest.fixture
def execute() -> Callable[[str, str], "asyncio.Future"]:
    """Runs one statement past the store."""

    async def run(url: str, statement: str) -> list[tuple]:
        [rows] = await rows_of(url, [statement])
        return rows

    return run
