"""Voice channels: who agreed to be heard, where the bot is to be, and minutes of what was said."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import RowMapping, delete, func, select

from bot.store.database import Database, uninterrupted
from bot.store.limits import NAME_LIMIT_CHARS, storable
from bot.store.records import Consent, Minute, VoiceRoom
from bot.store.tables import consents, minutes, voice_rooms

MINUTE_LIMIT_CHARS: Final = 4_000
"""The longest single turn; more is not said in one."""
MINUTES_LIMIT: Final = 5_000
"""How many turns of a channel are kept; the oldest give way."""
PRUNE_BATCH: Final = 500
"""How many turns one transaction prunes, so that nobody waits long to write."""
ATTENTIONS: Final = ("auto", "always", "listen-only")
"""When the assistant may answer in a voice channel (`bot.voice_agent.Attention`)."""
_WORD_LIMIT_CHARS: Final = 16
"""The longest Discord locale, and the longest name of an attention."""


class Consents:
    """Who agreed to be heard. Every method raises StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def get(self, guild_id: int, user_ids: Collection[int]) -> dict[int, Consent]:
        """What these people have said, by id; those who were never asked are missing."""
        query = select(consents).where(
            consents.c.guild_id == guild_id, consents.c.user_id.in_(list(user_ids))
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return {
            row["user_id"]: Consent(row["user_id"], row["agreed"], row["locale"], row["at_ms"])
            for row in rows
        }

    @uninterrupted
    async def set(
        self, guild_id: int, user_id: int, *, agreed: bool, locale: str | None, at_ms: int
    ) -> None:
        """Note what a person says; it takes the place of what they said before."""
        word = None if locale is None else storable(locale, _WORD_LIMIT_CHARS)
        changes = {"agreed": agreed, "locale": word, "at_ms": at_ms}
        row = {"guild_id": guild_id, "user_id": user_id, **changes}
        insert = self._database.insert(consents).values(row)
        async with self._database.writing() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["guild_id", "user_id"], set_=changes)
            )

    @uninterrupted
    async def withdraw(self, guild_id: int, user_id: int) -> bool:
        """As if they had never been asked; False when they had not been."""
        gone = delete(consents).where(
            consents.c.guild_id == guild_id, consents.c.user_id == user_id
        )
        async with self._database.writing() as connection:
            return bool((await connection.execute(gone)).rowcount)


class VoiceRooms:
    """One for each server. Every method raises StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def get(self, guild_id: int) -> VoiceRoom | None:
        """Where to be in a server; None is nowhere."""
        query = select(voice_rooms).where(voice_rooms.c.guild_id == guild_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else VoiceRoom(**row)

    @uninterrupted
    async def all(self) -> list[VoiceRoom]:
        """Where to be everywhere, by server."""
        query = select(voice_rooms).order_by(voice_rooms.c.guild_id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [VoiceRoom(**row) for row in rows]

    @uninterrupted
    async def set(self, room: VoiceRoom) -> None:
        """Note where to be; it takes the place of what stood there."""
        row = asdict(room) | {"attention": storable(room.attention, _WORD_LIMIT_CHARS)}
        insert = self._database.insert(voice_rooms).values(row)
        async with self._database.writing() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["guild_id"], set_=row)
            )

    @uninterrupted
    async def delete(self, guild_id: int) -> bool:
        """Nowhere; False when it was to be nowhere."""
        gone = delete(voice_rooms).where(voice_rooms.c.guild_id == guild_id)
        async with self._database.writing() as connection:
            return bool((await connection.execute(gone)).rowcount)


class Minutes:
    """What was said. Every method raises StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def add(self, minute: Minute) -> None:
        """Keep a turn; the oldest beyond `MINUTES_LIMIT` go."""
        row = asdict(minute) | {
            "name": storable(minute.name, NAME_LIMIT_CHARS),
            "text": storable(minute.text, MINUTE_LIMIT_CHARS),
        }
        here = _here(minute.guild_id, minute.channel_id)
        surplus = (
            select(minutes.c.minute_id)
            .where(*here)
            .order_by(minutes.c.minute_id.desc())
            .offset(MINUTES_LIMIT)
            .limit(1)
            .scalar_subquery()
        )
        async with self._database.writing() as connection:
            await connection.execute(self._database.insert(minutes).values(row))
            await connection.execute(delete(minutes).where(*here, minutes.c.minute_id <= surplus))

    @uninterrupted
    async def get(self, guild_id: int, channel_id: int, *, since_ms: int = 0) -> list[Minute]:
        """What was said in a channel from `since_ms` on, oldest first.

        Turns of people who talk at once are recognised in any order; this is the order in which
        they were said.
        """
        query = (
            select(minutes)
            .where(*_here(guild_id, channel_id), minutes.c.at_ms >= since_ms)
            .order_by(minutes.c.at_ms, minutes.c.minute_id)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [_minute(row) for row in rows]

    @uninterrupted
    async def clear(self, guild_id: int, channel_id: int) -> int:
        """Forget what was said in a channel; how many turns."""
        gone = delete(minutes).where(*_here(guild_id, channel_id))
        async with self._database.writing() as connection:
            return int((await connection.execute(gone)).rowcount)

    @uninterrupted
    async def forget(self, guild_id: int, user_id: int) -> int:
        """Forget what a person said in a server; how many turns."""
        gone = delete(minutes).where(minutes.c.guild_id == guild_id, minutes.c.user_id == user_id)
        async with self._database.writing() as connection:
            return int((await connection.execute(gone)).rowcount)

    @uninterrupted
    async def prune(self, *, before_ms: int) -> int:
        """Forget what is older than `before_ms`, in small steps; how many turns."""
        old = select(minutes.c.minute_id).where(minutes.c.at_ms < before_ms).limit(PRUNE_BATCH)
        gone = 0
        while True:
            async with self._database.writing() as connection:
                step = await connection.execute(delete(minutes).where(minutes.c.minute_id.in_(old)))
            gone += step.rowcount
            if step.rowcount < PRUNE_BATCH:
                return gone

    @uninterrupted
    async def count(self, guild_id: int, channel_id: int) -> int:
        """How many turns of a channel are kept."""
        query = select(func.count()).where(*_here(guild_id, channel_id))
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())


def _here(guild_id: int, channel_id: int) -> tuple[Any, Any]:
    return minutes.c.guild_id == guild_id, minutes.c.channel_id == channel_id


def _minute(row: RowMapping) -> Minute:
    return Minute(**{name: value for name, value in row.items() if name != "minute_id"})
