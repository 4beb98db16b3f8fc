"""What the doctor says about the database and the free disk space."""

import asyncio
import shutil
from pathlib import Path

from bot.clock import SystemClock
from bot.cluster.spec import Alone, read_shards
from bot.errors import StoreFailed
from bot.settings import Settings
from bot.store.address import Address
from bot.store.database import Database
from bot.store.maintenance.downgrade import revision
from bot.store.maintenance.migrate import head, must_be_known
from bot.store.pubsub import PubSub

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
    pooler = ", behind a pooler" if asyncio.run(_finds_pooler(address, is_shared)) else ""
    ignored = "".join(f"; {name} has no effect" for name in address.ignored)
    return f"{address.label}, {schema}{pooler}{ignored}"


async def _finds_pooler(address: Address, is_shared: bool) -> bool:
    """Whether there is one.

    Raises:
        BadSettings: There is one, it passes no signals on, and several processes need them.
    """
    if address.file is not None:
        return False
    database = Database(address, migrating=True)
    try:
        is_pooled = await database.finds_pooler()
        if is_pooled and is_shared:
            await PubSub(database, SystemClock()).check()
        return is_pooled
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
