"""What the doctor says about the database and the free disk space."""

import asyncio
import shutil
from pathlib import Path

from bot.errors import StoreFailed
from bot.settings import Settings
from bot.store.address import Address
from bot.store.maintenance.downgrade import revision
from bot.store.maintenance.migrate import head, must_be_known

_MIN_FREE_BYTES = 200_000_000


def database_state(settings: Settings) -> str:
    """Say where the database is, and which schema it has.

    Raises:
        BadSettings: The URL cannot be used, or a newer skydeck wrote the database.
        StoreFailed: The database does not answer.
    """
    address = Address.parse(settings.skydeck_database_url.get_secret_value())
    found = asyncio.run(revision(address))
    if found is None:
        return f"{address.label}, created at the first start"
    must_be_known(found, address)
    behind = "" if found == head() else f", upgraded to {head()} at the next start"
    return f"{address.label}, schema {found}{behind}"


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
