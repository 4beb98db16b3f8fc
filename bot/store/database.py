"""Connections and transactions, the same for SQLite and PostgreSQL."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    Executable,
    RowMapping,
    Table,
    create_engine,
    delete,
    event,
    func,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from bot.errors import BadSettings, StoreFailed
from bot.reasons import reason_of
from bot.store.address import Address
from bot.store.sqlite_thread import SqliteThread

if TYPE_CHECKING:  # slow to import
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

BUSY_TIMEOUT_MS: Final = 10_000
"""How long a writer waits for another process to finish writing to the SQLite file."""
CONNECT_S: Final = 10.0
"""How long a connection may take, unless the URL says otherwise."""
CLOSING_S: Final = 10.0
"""How long `close` waits for running transactions, which take milliseconds."""
PRUNE_BATCH: Final = 1000
"""How many rows one transaction deletes, so that others wait briefly for the write lock."""
APPLICATION: Final = "skydeck"
"""PostgreSQL lists our connections under this name, so a restore sees whether a bot is running."""
_LOOK_EVERY_S: Final = 0.01
_BEGIN: Final = "skydeck_begin"
_REASON_LIMIT: Final = 200
_MIN_SQLITE: Final = (3, 35)  # RETURNING

_SQLITE_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    # With a WAL, NORMAL keeps every commit if the process is killed, and an intact file if the
    # power fails (https://sqlite.org/pragma.html#pragma_synchronous). FULL would add an fsync,
    # a few milliseconds, before every paid call.
    "PRAGMA synchronous = NORMAL",
    # Overwrite a deleted message instead of only unlinking it.
    "PRAGMA secure_delete = ON",
)


def uninterrupted(
    method: Callable[P, Coroutine[Any, Any, R]],
) -> Callable[P, Coroutine[Any, Any, R]]:
    """Finish a method that uses the database before a cancellation reaches its caller.

    aiosqlite works in a thread that a cancellation does not reach: the statement continues, its
    connection is closed around it, and SQLite keeps such a connection, and its write lock, until
    Python has collected the statement as garbage. A transaction takes milliseconds and is bounded
    by the timeouts above. Waiting for its end also makes certain whether it was done.
    """

    @wraps(method)
    async def whole(*args: P.args, **kwargs: P.kwargs) -> R:
        # Not a TaskGroup: that would pass the cancellation on to the work.
        return await finish(asyncio.ensure_future(method(*args, **kwargs)))

    return whole


async def finish(work: "asyncio.Future[R]") -> R:
    """Wait for `work` to its end, even if the caller is cancelled meanwhile."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        while not work.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([work])
        if not work.cancelled() and work.exception() is not None:
            log.warning("a cancelled call had failed: %s", work.exception())
        raise


class Database:
    """One database, its pool, and its transactions.

    Args:
        migrating: Open it for changing the schema: one connection, and no foreign keys, which
            SQLite would enforce while a table is being rebuilt.
        is_pooled: Whether a pooler such as PgBouncer may be between us and PostgreSQL. It gives
            each transaction to another of its connections, so nothing may be kept on one: prepared
            statements then have no name and last for one execution.
    """

    def __init__(
        self, address: Address, *, migrating: bool = False, is_pooled: bool = True
    ) -> None:
        self.address = address
        self.is_sqlite = address.file is not None
        self.is_pooled = is_pooled and not self.is_sqlite
        self._is_migrating = migrating
        # SQLite allows one writer at a time. A lock is fair and quick; its busy handler polls.
        self._turn = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._is_closed = False
        self._writer = self._reader = self._long_reader = None
        if self.is_sqlite:
            self._writer = self._thread(begin="IMMEDIATE")
            self._reader = self._thread(begin="DEFERRED")
            self._long_reader = self._thread(begin="DEFERRED")

    @cached_property
    def engine(self) -> "AsyncEngine":
        """For what goes statement by statement. On SQLite, who can do without starts sooner."""
        return _engine(self.address, migrating=self._is_migrating, is_pooled=self.is_pooled)

    def _thread(self, *, begin: str) -> SqliteThread:
        foreign_keys = not self._is_migrating
        return SqliteThread(_sqlite_engine(self.address, begin=begin, foreign_keys=foreign_keys))

    # -- a transaction as one function ---------------------------------------------------------

    async def read(self, work: Callable[[Connection], R], *, long: bool = False) -> R:
        """Run `work`, a function that only reads, in a transaction.

        On SQLite it runs in a thread, from its first statement to its last. What reads for `long`
        has a thread of its own, so that nobody else has to wait for it.

        Raises:
            StoreFailed: The database cannot be used.
        """
        with translated(self.address):
            thread = self._long_reader if long else self._reader
            if thread is not None:
                self.check_open()
                return await finish(thread.run(work))
            return await finish(asyncio.ensure_future(self._run(work)))

    async def write(self, work: Callable[[Connection], R]) -> R:
        """Run `work` in a transaction that writes: committed at its end, as `writing` is.

        On SQLite it runs in a thread, from its first statement to its last. A cancellation reaches
        the caller only after its end.

        Raises:
            StoreFailed: The database cannot be used; nothing was written.
        """
        with translated(self.address):
            async with self._turn:
                if self._writer is not None:
                    self.check_open()
                    return await finish(self._writer.run(work))
                return await finish(asyncio.ensure_future(self._run(work)))

    async def _run(self, work: Callable[[Connection], R]) -> R:
        self.check_open()
        async with self.engine.begin() as connection:
            return await connection.run_sync(work)

    async def rows(self, query: Executable, *, long: bool = False) -> Sequence[RowMapping]:
        """The rows of one query; see `read`.

        Raises:
            StoreFailed: The database cannot be used.
        """

        def work(connection: Connection) -> Sequence[RowMapping]:
            return connection.execute(query).mappings().all()

        return await self.read(work, long=long)

    async def change(self, statement: Executable) -> int:
        """Carry out one statement. Returns how many rows it has changed.

        Raises:
            StoreFailed: The database cannot be used; nothing was written.
        """

        def work(connection: Connection) -> int:
            return cast("CursorResult[Any]", connection.execute(statement)).rowcount

        return await self.write(work)

    # -- statement by statement ----------------------------------------------------------------

    @asynccontextmanager
    async def reading(self) -> "AsyncIterator[AsyncConnection]":
        """A transaction that only reads.

        Raises:
            StoreFailed: The database cannot be used.
        """
        with translated(self.address):
            self.check_open()
            async with self.engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> "AsyncIterator[AsyncConnection]":
        """A transaction that writes: committed at the end, rolled back on any exception.

        On SQLite it takes the write lock at once. A transaction that reads first and writes later
        cannot wait for the lock: SQLite fails it, because what it read may be outdated.

        Raises:
            StoreFailed: The database cannot be used; nothing was written.
        """
        with translated(self.address):
            async with self._turn:
                self.check_open()
                immediate = self.engine.execution_options(**{_BEGIN: "IMMEDIATE"})
                async with immediate.begin() as connection:
                    yield connection

    async def finds_pooler(self) -> bool:
        """Whether a pooler is between us and PostgreSQL.

        A pooler tells each client an invented process number to cancel its queries with.

        Raises:
            StoreFailed: The database cannot be used.
        """
        if self.is_sqlite:
            return False
        async with self.reading() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            at_work = (await connection.execute(select(func.pg_backend_pid()))).scalar_one()
            return bool(driver.get_server_pid() != at_work)

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """An INSERT with ON CONFLICT, which both databases have and standard SQL lacks."""
        if self.is_sqlite:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  (slow to import)

        return postgresql.insert(table)

    async def upsert(self, table: Table, row: Mapping[str, Any]) -> None:
        """Insert a row, or replace the values of the row with the same primary key.

        Raises:
            StoreFailed: The database cannot be used; nothing was written.
        """
        keys = [column.name for column in table.primary_key]
        changes = {name: value for name, value in row.items() if name not in keys}
        insert = self.insert(table).values(row)
        await self.change(insert.on_conflict_do_update(index_elements=keys, set_=changes))

    @uninterrupted
    async def prune(self, key: Column[Any], old: ColumnElement[bool]) -> int:
        """Delete old rows of the key's table in small steps. Returns how many.

        Raises:
            StoreFailed: The database cannot be used; some steps may be done.
        """
        step = select(key).where(old).limit(PRUNE_BATCH)
        gone = 0
        while True:
            deleted = await self.change(delete(key.table).where(key.in_(step)))
            gone += deleted
            if deleted < PRUNE_BATCH:
                return gone

    @uninterrupted
    async def scrub(self) -> None:
        """Merge SQLite's write-ahead log into the file, so that deleted text leaves the disk.

        If another process is reading at this moment, that happens at the next checkpoint.
        """
        if not self.is_sqlite:
            return
        with translated(self.address):
            async with self._turn:
                await self.pragma("wal_checkpoint(TRUNCATE)")

    async def pragma(self, statement: str) -> None:
        """Run one of SQLite's PRAGMA statements, outside any transaction.

        Raises:
            sqlite3.Error: SQLite refused it.
            StoreFailed: The database is closed.
        """
        self.check_open()
        if self._writer is not None:
            await finish(self._writer.pragma(statement))

    @uninterrupted
    async def close(self) -> None:
        """Close every connection, after those in use have been returned to the pool.

        The pool forgets a connection in use: only the garbage collector would close it, some day.
        From now on the database is refused to everybody, since nobody would close it again.
        """
        if self._is_closed:
            return
        self._is_closed = True
        engine = self.__dict__.get("engine")  # None: nobody has used it
        pool = None if engine is None else engine.pool
        deadline_s = CLOSING_S
        while isinstance(pool, QueuePool) and pool.checkedout() and deadline_s > 0:
            deadline_s -= _LOOK_EVERY_S
            await asyncio.sleep(_LOOK_EVERY_S)
        for thread in (self._writer, self._reader, self._long_reader):
            if thread is not None:
                await thread.close()
        if engine is not None:
            await engine.dispose()

    def check_open(self) -> None:
        """Call this right before `engine` gives a connection, with nothing to wait for in between.

        Raises:
            StoreFailed: The database is closed.
        """
        if self._is_closed:
            raise StoreFailed(f"The database ({self.address.label}) is closed.")


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Raise the drivers' errors as StoreFailed, without any stored text in the message."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as e:
        raise StoreFailed(
            f"The database ({address.label}) failed: {_reason(e)}.",
            hint="Check that it is running, reachable, and has room.",
        ) from e


def _reason(error: BaseException) -> str:
    """The driver's first line, without the statement and its values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    text = reason_of(cause).strip() or type(cause).__name__
    # asyncpg's errors come as "<class '…'>: words"
    return text.splitlines()[0].rpartition(">: ")[2][:_REASON_LIMIT].rstrip(".")


def _engine(address: Address, *, migrating: bool, is_pooled: bool) -> "AsyncEngine":
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415  (slow to import)

    options: dict[str, Any] = {"hide_parameters": True}
    if migrating:
        options["poolclass"] = NullPool
    else:
        options |= {"pool_size": 4, "max_overflow": 12, "pool_timeout": 30.0}
    if address.file is None:
        options["connect_args"] = _for_asyncpg(
            address, command_timeout_s=None if migrating else 30.0, is_pooled=is_pooled
        )
        return create_async_engine(address.url, pool_pre_ping=True, **options)
    engine = create_async_engine(address.url, **options)
    _prepare_sqlite(engine.sync_engine, foreign_keys=not migrating)
    return engine


def _sqlite_engine(address: Address, *, begin: str, foreign_keys: bool) -> Engine:
    """For a thread that has one connection, and begins each transaction the same way.

    Raises:
        BadSettings: This Python's SQLite is too old.
    """
    if sqlite3.sqlite_version_info < _MIN_SQLITE:
        raise BadSettings(
            f"SQLite {sqlite3.sqlite_version} is too old; skydeck needs 3.35.",
            hint="Use a newer Python build, or PostgreSQL.",
        )
    engine = create_engine(
        address.url.set(drivername="sqlite"),
        poolclass=StaticPool,
        connect_args={"check_same_thread": False},
        hide_parameters=True,
    )
    _prepare_sqlite(engine, foreign_keys=foreign_keys)
    return engine.execution_options(**{_BEGIN: begin})


def _for_asyncpg(
    address: Address, *, command_timeout_s: float | None, is_pooled: bool
) -> dict[str, Any]:
    """Keyword arguments for SQLAlchemy's dialect and for `asyncpg.connect`."""
    settings = {**address.driver.get("server_settings", {}), "application_name": APPLICATION}
    arguments = {"timeout": CONNECT_S, "command_timeout": command_timeout_s, **address.driver}
    arguments["server_settings"] = settings
    if is_pooled:
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": str,  # no name: nothing stays on a foreign connection
        }
    return arguments


def _prepare_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    """Set up each connection, and begin transactions explicitly.

    The driver begins a transaction only at the first INSERT, so schema changes would be outside it.
    """

    @event.listens_for(engine, "connect")
    def _connected(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (*_SQLITE_PRAGMAS, f"PRAGMA foreign_keys = {int(foreign_keys)}"):
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get(_BEGIN, "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")
