"""Both databases for real: SQLite files, and a PostgreSQL that this run starts where it can."""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from bot.clock import SystemClock
from bot.contract import Service
from bot.settings import Mode
from bot.store import Entry, Role, Store, StoredMessage
from bot.store.address import Address
from bot.store.migrate import migrate
from bot.store.tables import metadata

HELPER = Path(__file__).with_name("process.py")
SHARED = "shared"
START_MS = 1_800_000_000_000
_INITDB = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "--no-instructions")
_numbers = count(1)


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


@dataclass
class Server:
    """A PostgreSQL of our own."""

    port: int

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    async def create(self) -> str:
        """A new database; its URL."""
        name = f"db{next(_numbers)}"
        await self._execute("postgres", f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    async def clean(self) -> str:
        """The one database that tests share, emptied: new ones would be half a gigabyte."""
        statements = [f"DELETE FROM {table};" for table in metadata.tables]
        statements.append("ALTER SEQUENCE jobs_journal_id_seq RESTART")
        await self._execute(SHARED, " ".join(statements))
        return self.url(SHARED)

    async def _execute(self, database: str, statement: str) -> None:
        connection = await asyncpg.connect(self.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def _binaries() -> Path | None:
    on_path = shutil.which("initdb")
    places = [Path(on_path)] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return places[0].resolve().parent if places else None


def _account() -> dict[str, object]:
    """PostgreSQL refuses to run as root; Debian's package brings an account for it."""
    if os.getuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server with one migrated database."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    account = _account()
    with tempfile.TemporaryDirectory(prefix="skydeck-pg-") as folder:
        if account:
            shutil.chown(folder, "postgres", "postgres")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        subprocess.run(
            [binaries / "initdb", *_INITDB, "-D", f"{folder}/data"],
            check=True,
            **quiet,
            **account,
        )
        server = Server(_free_port())
        options = [
            "fsync=off",
            "full_page_writes=off",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={folder}",
        ]
        process = subprocess.Popen(
            [binaries / "postgres", "-D", f"{folder}/data", "-p", str(server.port)]
            + [word for option in options for word in ("-c", option)],
            **quiet,
            **account,
        )
        try:
            asyncio.run(_prepare(server))
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown
            process.wait(10)


async def _prepare(server: Server) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            connection = await asyncpg.connect(server.url("postgres"))
        except (OSError, asyncpg.CannotConnectNowError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            break
    await connection.execute(f"CREATE DATABASE {SHARED} TEMPLATE template0")
    await connection.close()
    await migrate(Address.parse(server.url(SHARED)), SystemClock())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    """A SQLite file with an up-to-date schema and nothing in it; to be copied."""
    file = tmp_path_factory.mktemp("store") / "template.db"
    asyncio.run(migrate(Address.parse(f"sqlite:///{file}"), SystemClock()))
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request) -> str:
    """Which database: a test that uses it runs on both."""
    return request.param


@pytest.fixture
def empty_url(kind, request, tmp_path) -> str:
    """A database without any table."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/new/skydeck.db"
    return asyncio.run(request.getfixturevalue("postgres").create())


@pytest.fixture
def url(kind, request, tmp_path) -> str:
    """A database with an up-to-date schema and nothing in it; its schema must stay as it is."""
    if kind == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        return f"sqlite:///{shutil.copy(template, tmp_path / 'skydeck.db')}"
    return asyncio.run(request.getfixturevalue("postgres").clean())


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
        if url.startswith("sqlite"):
            connection = sqlite3.connect(url.removeprefix("sqlite:///"))
            try:
                rows = connection.execute(statement).fetchall()
                connection.commit()
                return rows
            finally:
                connection.close()
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return run
