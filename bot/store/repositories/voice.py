"""Voices that people chose, and voice channels: consents, where the bot joins, transcripts."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import RowMapping, delete, select

from bot.store.database import Database, uninterrupted
from bot.store.limits import NAME_LIMIT_CHARS, storable
from bot.store.records import Consent, Minute, VoiceRoom
from bot.store.tables import chosen_voices, consents, minutes, voice_rooms

MINUTE_LIMIT_CHARS: Final = 4_000
"""The longest turn."""
MINUTES_LIMIT: Final = 5_000
"""How many turns of a channel are kept; then the oldest are deleted."""
ATTENTIONS: Final = ("auto", "always", "listen-only")
"""When the assistant may answer in a voice channel (`bot.voice_agent.Attention`)."""
VOICE_LIMIT_CHARS: Final = 64
"""The longest name of a voice."""
_WORD_LIMIT_CHARS: Final = 16
"""The longest Discord locale, and the longest name of an attention."""


class Consents:
    """Who agreed to be heard. Every method raises StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def get(self, guild_id: int, user_ids: Collection[int]) -> dict[int, Consent]:
        """These people's answers, by id; those who were never asked are missing."""
        query = select(consents).where(
            consents.c.guild_id == guild_id, consents.c.user_id.in_(list(user_ids))
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return {
            row["user_id"]: Consent(row["user_id"], row["agreed"], row["locale"], row["at_ms"])
            for row in rows
        }

    async def set(
        self, guild_id: int, user_id: int, *, agreed: bool, locale: str | None, at_ms: int
    ) -> None:
        """Replace a person's answer."""
        word = None if locale is None else storable(locale, _WORD_LIMIT_CHARS)
        person = {"guild_id": guild_id, "user_id": user_id}
        answer = {"agreed": agreed, "locale": word, "at_ms": at_ms}
        await self._database.upsert(consents, person | answer)

    @uninterrupted
    async def withdraw(self, guild_id: int, user_id: int) -> bool:
        """Delete a person's answer; False if there is none."""
        gone = delete(consents).where(
            consents.c.guild_id == guild_id, consents.c.user_id == user_id
        )
        async with self._database.writing() as connection:
            return bool((await connection.execute(gone)).rowcount)


class ChosenVoices:
    """The voice that answers a person. Every method raises StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_ids: Collection[int]) -> dict[int, str]:
        """These people's voices, by id; those who have chosen none are missing."""
        if not user_ids:
            return {}
        query = select(chosen_voices).where(chosen_voices.c.user_id.in_(list(user_ids)))
        return {row["user_id"]: row["voice"] for row in await self._database.rows(query)}

    async def choose(self, user_id: int, voice: str) -> None:
        """Replace a person's voice."""
        name = storable(voice, VOICE_LIMIT_CHARS)
        await self._database.upsert(chosen_voices, {"user_id": user_id, "voice": name})

    async def reset(self, user_id: int) -> None:
        """Let the language choose again."""
        theirs = chosen_voices.c.user_id == user_id
        await self._database.change(delete(chosen_voices).where(theirs))


class VoiceRooms:
    """One channel per server. Every method raises StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def all(self) -> list[VoiceRoom]:
        """The channels to join in all servers."""
        query = select(voice_rooms).order_by(voice_rooms.c.guild_id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [VoiceRoom(**row) for row in rows]

    async def set(self, room: VoiceRoom) -> None:
        """Replace the channel to join in a server."""
        row = asdict(room) | {"attention": storable(room.attention, _WORD_LIMIT_CHARS)}
        await self._database.upsert(voice_rooms, row)

    @uninterrupted
    async def delete(self, guild_id: int) -> bool:
        """Join no channel in a server; False if there was none to join."""
        gone = delete(voice_rooms).where(voice_rooms.c.guild_id == guild_id)
        async with self._database.writing() as connection:
            return bool((await connection.execute(gone)).rowcount)


class Minutes:
    """The transcripts. Every method raises StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def add(self, minute: Minute) -> None:
        """Keep a turn, and delete the oldest ones beyond `MINUTES_LIMIT`."""
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
        """The turns in a channel from `since_ms` on, oldest first.

        When people talk at once, their turns are transcribed in any order; this returns them in
        the order in which they were said.
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
        """Delete a channel's transcript. Returns how many turns."""
        gone = delete(minutes).where(*_here(guild_id, channel_id))
        async with self._database.writing() as connection:
            return int((await connection.execute(gone)).rowcount)

    @uninterrupted
    async def forget(self, guild_id: int, user_id: int) -> int:
        """Delete a person's turns in a server. Returns how many."""
        gone = delete(minutes).where(minutes.c.guild_id == guild_id, minutes.c.user_id == user_id)
        async with self._database.writing() as connection:
            return int((await connection.execute(gone)).rowcount)

    async def prune(self, *, before_ms: int) -> int:
        """Delete turns from before `before_ms`. Returns how many."""
        return await self._database.prune(minutes.c.minute_id, minutes.c.at_ms < before_ms)


def _here(guild_id: int, channel_id: int) -> tuple[Any, Any]:
    return minutes.c.guild_id == guild_id, minutes.c.channel_id == channel_id


def _minute(row: RowMapping) -> Minute:
    return Minute(**{name: value for name, value in row.items() if name != "minute_id"})
