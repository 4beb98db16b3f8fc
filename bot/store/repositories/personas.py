"""Who the assistant is in the servers and their channels."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select

from bot.clock import Clock
from bot.errors import TooLarge
from bot.languages import LANGUAGES
from bot.persona import NO_PERSONA, SERVER, Persona, as_instructions, check_name
from bot.store.database import Database, uninterrupted
from bot.store.guild_cache import GuildCache
from bot.store.limits import storable
from bot.store.repositories.guilds import CHANNELS_LIMIT
from bot.store.repositories.voice import VOICE_LIMIT_CHARS
from bot.store.tables import personas


class Personas:
    """The personas by server and channel, cached for a moment."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._cache = GuildCache(clock, self._read)

    async def of(self, guild_id: int) -> Mapping[int, Persona]:
        """A server's personas by channel, its own under `SERVER`; without those that are empty.

        Raises:
            StoreFailed: They cannot be read.
        """
        return await self._cache.get(guild_id)

    async def at(self, guild_id: int, channel_id: int) -> Persona:
        """The persona in a channel: what it leaves empty is as in its server.

        Raises:
            StoreFailed: It cannot be read.
        """
        chosen = await self.of(guild_id)
        return chosen.get(channel_id, NO_PERSONA).over(chosen.get(SERVER, NO_PERSONA))

    @uninterrupted
    async def set(self, guild_id: int, channel_id: int, persona: Persona) -> None:
        """Replace the persona of a channel or, with `SERVER`, of the server; an empty one is none.

        Raises:
            TooLarge: The server has one for more channels than Discord allows.
            ValueError: Its name or its language is none.
            StoreFailed: It cannot be written.
        """
        is_here = personas.c.channel_id == channel_id
        of_server = personas.c.guild_id == guild_id
        values = _write(persona)
        is_empty = not any(values.values())
        row = {"guild_id": guild_id, "channel_id": channel_id, **values}
        keys = ["guild_id", "channel_id"]
        insert = self._database.insert(personas).values(row)
        try:
            async with self._database.writing() as connection:
                if is_empty:
                    await connection.execute(delete(personas).where(of_server, is_here))
                    return
                others = select(func.count()).where(of_server, ~is_here)
                if (await connection.execute(others)).scalar_one() > CHANNELS_LIMIT:
                    raise TooLarge(f"More than {CHANNELS_LIMIT} channels.")
                await connection.execute(
                    insert.on_conflict_do_update(index_elements=keys, set_=values)
                )
        finally:
            self._cache.forget(guild_id)

    @uninterrupted
    async def reset(self, guild_id: int) -> None:
        """Delete a server's personas, all of them.

        Raises:
            StoreFailed: They cannot be deleted.
        """
        try:
            async with self._database.writing() as connection:
                await connection.execute(delete(personas).where(personas.c.guild_id == guild_id))
        finally:
            self._cache.forget(guild_id)

    async def _read(self, guild_id: int) -> Mapping[int, Persona]:
        query = select(personas).where(personas.c.guild_id == guild_id)
        return {row["channel_id"]: _persona(row) for row in await self._database.rows(query)}


def check(row: Mapping[Any, Any]) -> None:
    """Refuse a row that `set` cannot have written.

    Raises:
        ValueError: It is one.
        KeyError: It lacks a column.
    """
    written = _write(persona := _persona(row))
    if not persona or any(written[name] != row[name] for name in written):
        raise ValueError("personas has what nobody can have chosen")


def _persona(row: Mapping[Any, Any]) -> Persona:
    return Persona(
        name=row["name"],
        instructions=row["instructions"],
        language=row["language"],
        voice=row["voice"],
    )


def _write(persona: Persona) -> dict[str, str]:
    if persona.name and (problem := check_name(persona.name)):
        raise ValueError(f"personas.name is no name ({problem})")
    if persona.language and persona.language not in LANGUAGES:
        raise ValueError("personas.language is none of the languages")
    return {
        "name": persona.name,
        "instructions": as_instructions(persona.instructions),
        "language": persona.language,
        "voice": storable(persona.voice, VOICE_LIMIT_CHARS),
    }
