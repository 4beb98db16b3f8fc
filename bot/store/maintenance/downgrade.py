"""Takes a database to an older schema, so that an older skydeck can use it again."""

from functools import partial
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from bot.clock import Clock
from bot.errors import BadSettings, WrongUse
from bot.sanitize import quoted
from bot.store.address import Address
from bot.store.database import Database
from bot.store.maintenance.backup import OnProgress, backup, ignore_progress, must_be_unused
from bot.store.maintenance.migrate import (
    config_for,
    known_revisions,
    lock,
    must_be_known,
    revision_of,
)


async def revision(address: Address) -> str | None:
    """The revision of a database's schema; None: skydeck did not create it.

    Raises:
        StoreFailed: The database cannot be read.
    """
    if address.file is not None and not address.file.exists():
        return None
    database = Database(address, migrating=True)
    try:
        async with database.reading() as connection:
            return await connection.run_sync(revision_of)
    finally:
        await database.close()


async def revise(
    address: Address,
    to: str,
    clock: Clock,
    *,
    keep: Path,
    on_progress: OnProgress = ignore_progress,
) -> int:
    """Change the schema to a revision, older or newer, in one transaction.

    An older schema may lack a place for some data, which is deleted: so everything is saved first.

    Args:
        address: The database to change.
        to: The revision to change it to.
        clock: Dates the backup.
        keep: The backup's file.
        on_progress: Called as the backup progresses.

    Returns:
        The number of rows in the backup.

    Raises:
        WrongUse: There is no such revision, or another skydeck uses the database.
        BadSettings: There is no database, or a newer skydeck wrote it.
        StoreFailed: The database cannot be changed or not be saved; it is as it was.
    """
    if to not in known_revisions():
        raise WrongUse(
            f"There is no schema {quoted(to)}.",
            hint=f"The schemas are {', '.join(known_revisions())}.",
        )
    current = await revision(address)
    if current is None:
        raise BadSettings(f"There is no database at {address.label} yet.")
    must_be_known(current, address)
    database = Database(address, migrating=True)
    try:
        await must_be_unused(database)
        saved = await backup(address, keep, clock, on_progress=on_progress)
        async with database.writing() as connection:
            await connection.run_sync(lock)
            await connection.run_sync(partial(_move, to=to))
    finally:
        await database.close()
    return saved


def _move(connection: Connection, to: str) -> None:
    known = known_revisions()
    current = revision_of(connection)
    back = current in known and known.index(to) < known.index(current)
    (command.downgrade if back else command.upgrade)(config_for(connection), to)
