"""Opens the database for whoever needs only some of its repositories, as most commands do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.errors import BadSettings, StoreFailed
from bot.money import Limits
from bot.store.address import Address
from bot.store.database import Database
from bot.store.maintenance.migrate import migrate
from bot.store.repositories.ledger import Ledger


@asynccontextmanager
async def open_database(url: str, clock: Clock) -> AsyncIterator[Database]:
    """Open the database, creating it or bringing its schema up to date.

    Args:
        url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`.
        clock: Waits while SQLite's file is in use.

    Raises:
        BadSettings: The URL cannot be used, the database does not answer, or a newer skydeck
            wrote it.
    """
    address = Address.parse(url)
    try:
        is_pooled = await migrate(address, clock)
    except StoreFailed as e:
        raise BadSettings(
            e.message, hint="Check its URL, and that it is running and writable."
        ) from e
    database = Database(address, is_pooled=is_pooled)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_ledger(url: str, clock: Clock, limits: Limits) -> AsyncIterator[Ledger]:
    """Open the database for its ledger alone.

    Raises:
        BadSettings: As for `open_database`.
    """
    async with open_database(url, clock) as database:
        yield Ledger(database, clock, limits)
