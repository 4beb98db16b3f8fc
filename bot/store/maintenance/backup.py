"""Backup and restore: everything in the database, into a file and out of it again.

A backup is read in one transaction: it shows one moment of the database, which others may use
meanwhile. A restore is one transaction that also changes the schema: whatever happens, the database
is afterwards either as it was or as in the backup.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from alembic import command
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    MetaData,
    Table,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.errors import BadInput, BadSettings, WrongUse
from bot.store.address import Address
from bot.store.database import APPLICATION, Database, translated
from bot.store.maintenance.archive import Header, Reader, Writer
from bot.store.maintenance.migrate import (
    PLACE_TOKEN,
    config_for,
    known_revisions,
    lock,
    make_private,
    must_be_known,
    revision_of,
)
from bot.store.repositories.recovery import RUN_KEPT_MS, Ending, JobStage
from bot.store.rows import columns_of
from bot.store.tables import PASSING, job_results, jobs, metadata, pulses

_LATELY_MS: Final = 60_000
"""Much longer than the pause between two reports: the machines' clocks may differ."""
_BATCH: Final = 500
_BATCH_BYTES: Final = 8 * 1024 * 1024

OnProgress = Callable[[int, int], object]
"""Called with the number of rows done, and of all rows."""


def ignore_progress(_done: int, _of: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    Attributes:
        rows: The number of restored rows.
        kept: The backup of what the database held before; None: it was empty.
        ended: The number of unfinished jobs whose results no service keeps any more.
    """

    rows: int
    kept: Path | None
    ended: int


async def backup(
    address: Address, file: Path, clock: Clock, *, on_progress: OnProgress = ignore_progress
) -> int:
    """Write everything in the database into a file. Returns how many rows.

    Raises:
        BadSettings: There is no database, or a newer skydeck wrote it.
        WrongUse: The file exists already.
        StoreFailed: The database cannot be read or the file not written; no file is left.
    """
    if address.file is not None and not address.file.exists():
        raise BadSettings(f"There is no database at {address.label} yet.")
    database = Database(address, migrating=True)
    engine = database.engine
    if not database.is_sqlite:  # SQLite's transactions see one moment anyway
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with translated(address):
            async with engine.begin() as connection:
                return await connection.run_sync(
                    partial(
                        _write, address=address, file=file, clock=clock, on_progress=on_progress
                    )
                )
    finally:
        await database.close()


async def restore(
    address: Address,
    file: Path,
    clock: Clock,
    *,
    replace: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> Restored:
    """Replace the database's contents by those of a backup, and bring its schema up to date.

    Jobs that were unfinished in the backup, and whose results no service keeps any more, are marked
    as ended: most of the requesters were told long ago.

    Args:
        address: The database, of either kind; created if it is missing.
        file: The backup.
        clock: Dates what is kept.
        replace: Whether contents may be replaced; they are saved beside `file` first.
        on_progress: Called as the restore progresses.

    Raises:
        BadInput: The file is not a backup, is damaged, or a newer skydeck made it.
        WrongUse: The database is not empty, or another skydeck uses it.
        BadSettings: The database cannot be used.
        StoreFailed: The database cannot be written; it is as it was.
    """
    archive = Reader(file)
    if archive.header.revision not in known_revisions():
        raise BadInput(
            f"{file} was made by a newer skydeck ({archive.header.version}).",
            hint="Restore it with that version.",
        )
    rows = archive.verify()
    if address.file is not None:
        with translated(address):
            make_private(address.file)
    database = Database(address, migrating=True)
    try:
        await must_be_unused(database)
        kept = await _keep(database, file, clock, replace=replace, on_progress=on_progress)
        try:
            async with database.writing() as connection:
                await connection.run_sync(lock)
                ended = await connection.run_sync(
                    partial(_load, archive=archive, rows=rows, clock=clock, on_progress=on_progress)
                )
        except BadInput:
            if kept is not None:  # the database is as it was
                kept.unlink()
            raise
        if database.is_sqlite:
            await database.pragma("journal_mode = WAL")
        return Restored(rows=rows, kept=kept, ended=ended)
    finally:
        await database.close()


# -- out of the database -------------------------------------------------------------------------


def _write(
    connection: Connection, address: Address, file: Path, clock: Clock, on_progress: OnProgress
) -> int:
    revision = revision_of(connection)
    if revision is None:
        raise BadSettings(f"There is no database at {address.label} yet.")
    must_be_known(revision, address)
    tables = _tables(connection)
    expected = sum(_count(connection, table) for table in tables)
    done = 0
    with Writer(file) as out:
        out.begin(
            Header(
                revision=revision,
                made_at_ms=int(clock.wall() * 1000),
                source=connection.dialect.name,
                version=version("skydeck"),
                tables={table.name: [c.name for c in _saved(table)] for table in tables},
                counters=_counters(connection, tables),
                expected=expected,
            )
        )
        for table in tables:
            columns = _saved(table)
            query = select(*columns).execution_options(yield_per=_BATCH)
            for row in connection.execute(query):
                out.add(table.name, [_clean(c, v) for c, v in zip(columns, row, strict=True)])
                done += 1
                if done % _BATCH == 0:
                    on_progress(done, expected)
    return done


def _tables(connection: Connection) -> list[Table]:
    """Our tables as they are in this database, each after those that it refers to.

    They are read from the database, so that an older schema can be saved as it is. Leases and the
    like mean nothing without their process, and are left out.
    """
    catalogue, holder = inspect(connection), MetaData()
    there = set(catalogue.get_table_names())
    lasting = [t.name for t in metadata.sorted_tables if not t.info.get(PASSING)]
    # Their columns alone: to reflect keys, indexes and constraints, too, takes six times as long.
    return [
        Table(name, holder, *map(_column, catalogue.get_columns(name)))
        for name in lasting
        if name in there
    ]


def _column(found: ReflectedColumn) -> Column[Any]:
    kind = found["type"]
    if isinstance(kind, JSON) and found["nullable"]:
        kind.none_as_null = True
    return Column(found["name"], kind, nullable=found["nullable"])


def _saved(table: Table) -> list[Column[Any]]:
    """The columns that a backup has."""
    lasting = columns_of(table.name)
    return [column for column in table.columns if column.name in lasting]


def _clean(column: Column[Any], value: Any) -> Any:
    """A value for a backup. Until schema 0008 a job's place could hold a token."""
    if column.table.name == jobs.name and column.name == jobs.c.place.name:
        return {key: held for key, held in value.items() if key != PLACE_TOKEN}
    return value


def _count(connection: Connection, table: Table) -> int:
    count: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return count


def _counters(connection: Connection, tables: list[Table]) -> dict[str, int]:
    """The last number that each table has given out: none may ever be given out again."""
    found = {}
    for table in tables:
        if (column := _counting(table.name)) is None:
            continue
        if connection.dialect.name == "sqlite":
            given = connection.execute(
                text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}
            ).scalar()
        else:
            sequence = _sequence(connection, table.name, column)
            row = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608
            given = row.last_value if row.is_called else 0
        highest = connection.execute(select(func.max(table.c[column]))).scalar()
        found[table.name] = max(given or 0, highest or 0)
    return found


def _counting(name: str) -> str | None:
    """The column that numbers a table's rows, if one does."""
    column = metadata.tables[name].autoincrement_column
    return None if column is None else column.name


def _sequence(connection: Connection, table: str, column: str) -> str:
    name: str = connection.execute(
        text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table, "column": column}
    ).scalar_one()
    return name


# -- into the database ---------------------------------------------------------------------------


async def must_be_unused(database: Database) -> None:
    """Refuse while another skydeck has the database open.

    Raises:
        WrongUse: One has.
    """
    if database.is_sqlite:
        try:
            await database.pragma("journal_mode = DELETE")  # needs the file for itself
        except sqlite3.Error as e:
            if "locked" not in str(e):
                with translated(database.address):
                    raise
            raise _in_use(database.address) from None
        return
    is_pooled = await database.finds_pooler()
    async with database.reading() as connection:
        others = await (_running_bots if is_pooled else _other_connections)(connection)
    if others:
        raise _in_use(database.address)


async def _other_connections(connection: AsyncConnection) -> int:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = :name AND pid <> pg_backend_pid()"
    )
    return int((await connection.execute(query, {"name": APPLICATION})).scalar_one())


async def _running_bots(connection: AsyncConnection) -> int:
    """How many processes have reported lately, by the database's clock.

    A pooler keeps connections open long after the bots that used them have ended.
    """
    if not await connection.run_sync(lambda c: inspect(c).has_table(pulses.name)):
        return 0
    now_ms = func.extract("epoch", func.now()) * 1000
    query = select(func.count()).where(func.abs(now_ms - pulses.c.at_ms) < _LATELY_MS)
    return int((await connection.execute(query)).scalar_one())


def _in_use(address: Address) -> WrongUse:
    return WrongUse(f"A skydeck is using {address.label}.", hint="Stop the bot, then try again.")


async def _keep(
    database: Database, file: Path, clock: Clock, *, replace: bool, on_progress: OnProgress
) -> Path | None:
    """Save the database's contents, if there are any.

    Raises:
        WrongUse: There are, and they may not be replaced.
        BadSettings: A newer skydeck wrote them.
    """
    address = database.address
    async with database.reading() as connection:
        revision = await connection.run_sync(revision_of)
        rows = await connection.run_sync(lambda c: sum(_count(c, t) for t in _tables(c)))
    if revision is not None:
        must_be_known(revision, address)
    if not rows:
        return None
    if not replace:
        raise WrongUse(
            f"{address.label} is not empty ({rows} rows).",
            hint="--yes replaces its contents, after saving them beside the backup.",
        )
    kept = file.with_name(f"{file.name}.before-{int(clock.wall())}")
    await backup(address, kept, clock, on_progress=on_progress)
    return kept


def _load(
    connection: Connection, archive: Reader, rows: int, clock: Clock, on_progress: OnProgress
) -> int:
    header = archive.header
    config = config_for(connection)
    if revision_of(connection) is not None:
        command.downgrade(config, "base")  # drops only our own tables in this database
    command.upgrade(config, header.revision)
    tables = {table.name: table for table in _tables(connection)}
    for name, columns in header.tables.items():
        if name not in tables or not set(columns) <= set(tables[name].columns.keys()):
            raise BadInput(f"The backup has a table {name} that schema {header.revision} lacks.")
    done = 0
    for name, batch in _batches(archive):
        columns = header.tables[name]
        with _fitting(name):
            connection.execute(
                insert(tables[name]), [dict(zip(columns, values, strict=True)) for values in batch]
            )
        done += len(batch)
        on_progress(done, rows)
    for name, given in header.counters.items():
        _count_on(connection, name, given)
    if connection.dialect.name == "sqlite":  # which checks no reference while the schema changes
        _must_refer(connection)
    command.upgrade(config, "head")
    return _end_old_jobs(connection, int(clock.wall() * 1000))


@contextmanager
def _fitting(name: str) -> Iterator[None]:
    """Blame the file, not the database, for rows that contradict each other."""
    try:
        yield
    except (IntegrityError, DataError):
        raise _contradictory(name) from None


def _must_refer(connection: Connection) -> None:
    lost = connection.execute(text("PRAGMA foreign_key_check")).first()
    if lost is not None:
        raise _contradictory(lost[0])


def _contradictory(name: str) -> BadInput:
    return BadInput(
        f"The backup's rows of {name} are contradictory or incomplete.",
        hint="Use another one; nothing was changed.",
    )


def _batches(archive: Reader) -> Iterator[tuple[str, list[list[Any]]]]:
    """Batches of rows, each of one table."""
    group: list[list[Any]] = []
    name, weight = "", 0
    for table, values in archive.rows():
        if group and (table != name or len(group) == _BATCH or weight > _BATCH_BYTES):
            yield name, group
            group, weight = [], 0
        name = table
        group.append(values)
        weight += sum(len(value) for value in values if isinstance(value, (str, bytes)))
    if group:
        yield name, group


def _count_on(connection: Connection, name: str, given: int) -> None:
    column = _counting(name)
    if column is None or given < 1:
        return
    if connection.dialect.name == "sqlite":
        values = {"name": name, "given": given}
        if not metadata.tables[name].dialect_options["sqlite"]["autoincrement"]:
            return  # SQLite continues from the highest row
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :given)"), values)
    else:
        sequence = _sequence(connection, name, column)
        connection.execute(
            text("SELECT setval(CAST(:sequence AS regclass), :given)"),
            {"sequence": sequence, "given": given},
        )


def _end_old_jobs(connection: Connection, now_ms: int) -> int:
    """Services keep a result for half an hour; showing older jobs would overwrite their answers."""
    gone = jobs.c.created_at_ms + jobs.c.deadline_ms + RUN_KEPT_MS < now_ms
    ended = connection.execute(
        update(jobs)
        .where(
            jobs.c.finished_at_ms.is_(None),
            gone,
            jobs.c.journal_id.not_in(select(job_results.c.journal_id)),  # those can still be shown
        )
        .values(
            stage=JobStage.FINISHED,
            ending=Ending.EXPIRED,
            detail="restored",
            finished_at_ms=now_ms,
            lease_owner=None,
            reply_token=None,
        )
    )
    return ended.rowcount
