"""A PostgreSQL of our own, for as long as the tests run."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from bot.clock import SystemClock
from bot.store.address import Address
from bot.store.maintenance.migrate import migrate
from bot.store.tables import metadata
from tests.ports import free_port

SHARED = "shared"
_INITDB = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "--no-instructions")
_numbers = count(1)


@dataclass
class Server:
    """A PostgreSQL of our own.

    Attributes:
        port: Where it listens, on loopback.
        binaries: PostgreSQL's programs.
        folder: Its home.
    """

    port: int
    binaries: Path
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it takes connections some moments later."""
        options = [
            "fsync=off",
            "full_page_writes=off",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.folder}",
        ]
        self.process = subprocess.Popen(
            [self.binaries / "postgres", "-D", f"{self.folder}/data", "-p", str(self.port)]
            + [word for option in options for word in ("-c", option)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,
            **_account(),
        )

    def stop(self) -> None:
        """Shut it down fast: whoever is connected is cut off."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
            self.process = None

    def signal(self, number: int) -> None:
        """Send a signal to it and all its helpers (each has a process group of its own)."""
        if self.process is None:
            return
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for pid in (self.process.pid, *map(int, children.split())):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def until_up(self, within_s: float = 60.0) -> None:
        """Wait until it takes connections."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                connection = await asyncpg.connect(self.url("postgres"))
            except (OSError, asyncpg.CannotConnectNowError):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.05)
            else:
                await connection.close()
                return

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


def _may_run() -> bool:
    try:
        return os.getuid() != 0 or bool(pwd.getpwnam("postgres"))
    except KeyError:
        return False


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server with one migrated database."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    if not _may_run():
        pytest.skip("PostgreSQL refuses to run as root, and there is no account 'postgres'")
    with running(binaries) as server:
        asyncio.run(_prepare(server))
        yield server


@contextmanager
def running(binaries: Path | None = None) -> Iterator[Server]:
    """A server without a database of ours, until the block ends.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    binaries = binaries or _binaries()
    if binaries is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    account = _account()
    with tempfile.TemporaryDirectory(prefix="skydeck-pg-") as folder:
        if account:
            shutil.chown(folder, "postgres", "postgres")
        subprocess.run(
            [binaries / "initdb", *_INITDB, "-D", f"{folder}/data"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            **account,
        )
        server = Server(free_port(), binaries, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


async def _prepare(server: Server) -> None:
    await server.until_up()
    connection = await asyncpg.connect(server.url("postgres"))
    await connection.execute(f"CREATE DATABASE {SHARED} TEMPLATE template0")
    await connection.close()
    await migrate(Address.parse(server.url(SHARED)), SystemClock())
