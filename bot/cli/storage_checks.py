"""What the doctor says about the database and the free disk space."""

import asyncio
import shutil
from pathlib import Path

from sqlalchemy import func, select

from bot.clock import SystemClock
from bot.cluster.spec import Alone, read_shards
from bot.errors import StoreFailed
from bot.settings import Settings
from bot.store.address import Address
from bot.store.database import Database
from bot.store.maintenance.downgrade import revision
from bot.store.maintenance.migrate import head, must_be_known
from bot.store.pubsub import PubSub

_SKEW_S = 3.0
"""Processes that share a database compare their clocks in leases of ten seconds."""
_MIN_FREE_BYTES = 200_000_000


def database_state(settings: Settings) -> str:
    """Say where the database is, which schema it has, and what is between it and us.

    Raises:
        BadSettings: The URL cannot be used, a newer skydeck wrote the database, or a pooler does
            not do what several processes need.
        StoreFailed: The database does not answer.
    """
    address = Address.parse(settings.skydeck_database_url.get_secret_value())
    found = asyncio.run(revision(address))
    if found is None:
        schema = "created at the first start"
    else:
        must_be_known(found, address)
        behind = "" if found == head() else f", upgraded to {head()} at the next start"
        schema = f"schema {found}{behind}"
    is_shared = not isinstance(read_shards(settings.skydeck_shards), Alone)
    is_pooled, ahead_s = asyncio.run(_look(address, is_shared))
    pooler = ", behind a pooler" if is_pooled else ""
    skew = f"; this machine's clock differs from its clock by {ahead_s:+.0f} s"
    ignored = "".join(f"; {name} has no effect" for name in address.ignored)
    return f"{address.label}, {schema}{pooler}{ignored}" + (skew if abs(ahead_s) >= _SKEW_S else "")


async def _look(address: Address, is_shared: bool) -> tuple[bool, float]:
    """Whether there is a pooler, and how far this machine's clock is ahead of the database's.

    Raises:
        BadSettings: A pooler passes no signals on, and several processes need them.
    """
    if address.file is not None:
        return False, 0.0
    database = Database(address, migrating=True)
    try:
        is_pooled = await database.finds_pooler()
        if is_pooled and is_shared:
            await PubSub(database, SystemClock()).check()
        async with database.reading() as connection:
            now = func.extract("epoch", func.clock_timestamp())
            database_s = float((await connection.execute(select(now))).scalar_one())
        return is_pooled, SystemClock().wall() - database_s
    finally:
        await database.close()


def free_space(settings: Settings) -> str:
    """Say how much space is free on the disks that skydeck writes to.

    Raises:
        BadSettings: The database's URL cannot be used.
        StoreFailed: There is too little: on a full disk the journal, and so the bot, would stop.
    """
    address = Address.parse(settings.skydeck_database_url.get_secret_value())
    places = (address.file, settings.skydeck_weights_dir, settings.skydeck_voice_keep_dir)
    free = {path: shutil.disk_usage(_folder_of(path)).free for path in places if path is not None}
    tightest = min(free, key=lambda path: free[path])
    if free[tightest] < _MIN_FREE_BYTES:
        raise StoreFailed(
            f"only {free[tightest] // 1_000_000} MB are free for {tightest}",
            hint="Free some space, or move its folder to another disk.",
        )
    return f"{free[tightest] / 1e9:.1f} GB free"


def _folder_of(path: Path) -> Path:
    """The folder that a path is in, or the nearest one above it that exists."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())
