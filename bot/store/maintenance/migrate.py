"""Brings a database to the schema of this version when the store opens.

One transaction reads the version and makes every change, and takes the database's own lock first:
of two processes that start at once, one migrates and the other finds it done. A process that is
killed in the middle leaves the old schema.
"""

import sqlite3
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from bot.clock import Clock
from bot.errors import BadSettings
from bot.store.address import Address
from bot.store.database import BUSY_TIMEOUT_MS, Database, translated

if TYPE_CHECKING:  # Alembic is slow to import, and most databases have the newest schema
    from alembic.config import Config

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
PLACE_TOKEN: Final = "answer"  # noqa: S105  (the name of a field)
"""The key of an interaction's token in a job's place, before schema 0008."""
_POSTGRES_LOCK: Final = 0x5C1DEC  # any number, but the same in every skydeck
_WAL_RETRY_S: Final = 0.05
_VERSIONS: Final = "alembic_version"
"""Alembic's table, which has the revision."""


async def migrate(address: Address, clock: Clock) -> bool:
    """Create the schema or bring it up to date. Returns whether it is behind a pooler.

    Before an existing SQLite file is changed it is copied to `FILE.REVISION.bak` beside it.

    Raises:
        BadSettings: A newer skydeck wrote the database.
        StoreFailed: The database cannot be used.
    """
    database = Database(address, migrating=True)
    try:
        with translated(address):
            if address.file is not None:
                make_private(address.file)
                await _switch_to_wal(database, clock)
            await database.write(partial(_upgrade, address=address))
            return await database.finds_pooler()
    finally:
        await database.close()


@cache
def head() -> str:
    """The newest revision that this version knows, by the names of its files: `v0017_actions`."""
    return max(file.name for file in MIGRATIONS.glob("versions/v[0-9]*.py"))[1:].partition("_")[0]


def backup_of(file: Path, revision: str) -> Path:
    """The copy of `file` that is made before its schema leaves `revision`."""
    return file.with_name(f"{file.name}.{revision}.bak")


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database that others may be using; `target` appears complete or not at all.

    The copy holds no interaction tokens.
    """
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    make_private(part)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(part)) as new:
        old.backup(new)
        _clear_tokens(new)
    part.replace(target)


def _clear_tokens(copy: sqlite3.Connection) -> None:
    columns = {name for _, name, *_ in copy.execute("PRAGMA table_info(jobs)")}
    copy.execute("PRAGMA secure_delete = ON")
    if "place" in columns:
        copy.execute(
            "UPDATE jobs SET place = json_remove(place, :key) "
            "WHERE json_extract(place, :key) NOTNULL",
            {"key": f"$.{PLACE_TOKEN}"},
        )
    if "reply_token" in columns:
        copy.execute("UPDATE jobs SET reply_token = NULL WHERE reply_token NOTNULL")
    copy.commit()


def make_private(file: Path) -> None:
    """Make the file ours alone before it holds personal data; SQLite's log inherits that."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.touch(mode=0o600, exist_ok=True)


async def _switch_to_wal(database: Database, clock: Clock) -> None:
    """Turn on the write-ahead log, which the file remembers.

    The switch needs exclusive access and, unlike other statements, does not wait for it.
    """
    deadline = clock.now() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            await database.pragma("journal_mode = WAL")
        except sqlite3.OperationalError:
            if clock.now() > deadline:
                raise
            await clock.sleep(_WAL_RETRY_S)
        else:
            return


def lock(connection: Connection) -> None:
    """Keep others from changing the schema until the transaction ends."""
    if connection.dialect.name != "sqlite":  # whose transaction began with the write lock
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})


def _upgrade(connection: Connection, address: Address) -> None:
    lock(connection)
    current = revision_of(connection)
    newest = head()
    if current == newest:
        return
    if current is not None:
        must_be_known(current, address)
        if address.file is not None:
            copy_sqlite(address.file, backup_of(address.file, current))
    from alembic import command  # noqa: PLC0415

    command.upgrade(config_for(connection), newest)


def revision_of(connection: Connection) -> str | None:
    """The revision of a database's schema; None: skydeck did not create it."""
    if not inspect(connection).has_table(_VERSIONS):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}"))  # noqa: S608
    revision: str | None = found.scalar_one_or_none()
    return revision


@cache
def known_revisions() -> tuple[str, ...]:
    """All revisions that this version knows, oldest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    walk = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(script.revision for script in walk)[::-1]


def must_be_known(revision: str, address: Address) -> None:
    """Refuse a schema that this version does not know.

    Raises:
        BadSettings: A newer skydeck wrote it.
    """
    if revision not in known_revisions():
        raise BadSettings(
            f"The database ({address.label}) was written by a newer skydeck (schema {revision}).",
            hint="Update skydeck, or take the database back with the newer one first: "
            f"skydeck database to {head()}",
        )


def config_for(connection: Connection) -> "Config":
    """The configuration with which Alembic's commands use a connection, in its transaction."""
    config = _config()
    config.attributes["connection"] = connection
    return config


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
