"""The servers' settings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar, Unpack

from pydantic import StrictBool, StrictInt, StrictStr, TypeAdapter, ValidationError
from sqlalchemy import delete, select, update

from bot.choices import Identity
from bot.clock import Clock
from bot.contract import Service
from bot.errors import TooLarge
from bot.store import tables
from bot.store.database import Database, uninterrupted
from bot.store.guild_cache import GuildCache
from bot.store.records import GuildChanges, GuildSettings

CHANNELS_LIMIT: Final = 500
"""The most channels of a server. Source: Discord's support pages, "Server limits"."""
_ROLES_LIMIT: Final = 250
_LANGUAGE_LIMIT: Final = 16
_MODULE_LIMIT: Final = 64
T = TypeVar("T")
_IDS: Final = TypeAdapter(frozenset[StrictInt])
_CHOICE: Final = TypeAdapter(StrictBool | None)
_MODULES: Final = TypeAdapter(dict[StrictStr, StrictStr])


class Guilds:
    """The servers' settings, cached for a moment."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._cache = GuildCache(clock, self._read)

    async def get(self, guild_id: int) -> GuildSettings:
        """The server's settings.

        Raises:
            StoreFailed: The database cannot be read.
        """
        return await self._cache.get(guild_id)

    async def _read(self, guild_id: int) -> GuildSettings:
        rows = await self._database.rows(_one(guild_id))
        return read(rows[0]) if rows else GuildSettings(guild_id=guild_id)

    @uninterrupted
    async def patch(self, guild_id: int, **changes: Unpack[GuildChanges]) -> GuildSettings:
        """Change some settings. Two changes at once, even from two processes, both take effect.

        Returns:
            The settings as they are now.

        Raises:
            TooLarge: More channels, roles or text than Discord itself has; nothing was written.
            StoreFailed: The database cannot be written.
        """
        table = tables.guilds
        default = self._database.insert(table).values(_write(GuildSettings(guild_id=guild_id)))
        try:
            async with self._database.writing() as connection:
                await connection.execute(default.on_conflict_do_nothing())
                found = await connection.execute(_one(guild_id).with_for_update())
                settings = replace(read(found.mappings().one()), **changes)
                check(settings)
                await connection.execute(
                    update(table).where(table.c.guild_id == guild_id).values(_write(settings))
                )
        finally:
            self._cache.forget(guild_id)
        return settings

    @uninterrupted
    async def reset(self, guild_id: int) -> None:
        """Restore the defaults.

        Raises:
            StoreFailed: The database cannot be written.
        """
        table = tables.guilds
        try:
            async with self._database.writing() as connection:
                await connection.execute(delete(table).where(table.c.guild_id == guild_id))
        finally:
            self._cache.forget(guild_id)


def _one(guild_id: int) -> Any:
    return select(tables.guilds).where(tables.guilds.c.guild_id == guild_id)


def read(row: Mapping[Any, Any]) -> GuildSettings:
    """The settings in a row.

    Raises:
        ValueError: `patch` cannot have written the row.
    """
    return GuildSettings(
        guild_id=row["guild_id"],
        language=row["language"],
        identity=None if row["identity"] is None else Identity(row["identity"]),
        allowed_channels=_read(_IDS, row, "allowed_channels"),
        allowed_roles=_read(_IDS, row, "allowed_roles"),
        default_modules={
            Service(service): module
            for service, module in _read(_MODULES, row, "default_modules").items()
        },
        # A backup from before schema 0017 has no such column.
        actions=_read(_CHOICE, {"actions": row.get("actions")}, "actions") is not False,
    )


def _read(model: TypeAdapter[T], row: Mapping[Any, Any], name: str) -> T:
    try:
        return model.validate_python(row[name])
    except ValidationError:
        raise ValueError(f"guilds.{name} is not what it should be") from None


def _write(settings: GuildSettings) -> dict[str, Any]:
    return {
        "guild_id": settings.guild_id,
        "language": settings.language,
        "identity": settings.identity,
        "allowed_channels": sorted(settings.allowed_channels),
        "allowed_roles": sorted(settings.allowed_roles),
        "default_modules": dict(settings.default_modules),
        "actions": None if settings.actions else False,
    }


def check(settings: GuildSettings) -> None:
    """Refuse settings that are larger than Discord allows.

    Raises:
        TooLarge: They are larger.
    """
    if len(settings.allowed_channels) > CHANNELS_LIMIT:
        raise TooLarge(f"More than {CHANNELS_LIMIT} channels.")
    if len(settings.allowed_roles) > _ROLES_LIMIT:
        raise TooLarge(f"More than {_ROLES_LIMIT} roles.")
    if len(settings.language or "") > _LANGUAGE_LIMIT:
        raise TooLarge("That is not a language code.")
    if any(len(module) > _MODULE_LIMIT for module in settings.default_modules.values()):
        raise TooLarge(f"The name of a module has at most {_MODULE_LIMIT} characters.")
