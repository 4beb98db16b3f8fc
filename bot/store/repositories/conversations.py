"""Remembered messages: reply chains and threads, as far back as fits a prompt."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database, uninterrupted
from bot.store.limits import CONTENT_LIMIT_CHARS, NAME_LIMIT_CHARS, PARTS_LIMIT, storable
from bot.store.records import Role, StoredMessage
from bot.store.tables import message_parts as parts
from bot.store.tables import message_sources as sources
from bot.store.tables import messages

MESSAGES_LIMIT: Final = 200
"""The most messages that `chain` and `thread` return."""


class Conversations:
    """The memory of all chats. Every method raises StoreFailed when the database fails.

    The id of any part of a message stands for the message.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def add(
        self, message: StoredMessage, *, points_at: Mapping[int, int] = MappingProxyType({})
    ) -> bool:
        """Remember a message; content beyond `CONTENT_LIMIT_CHARS` is cut.

        Args:
            message: The message.
            points_at: The other messages whose words it holds, and who wrote each.

        Returns:
            False if it was remembered already: the gateway repeats events after a reconnect.
        """
        values = asdict(message)
        del values["parts"]
        values["content"] = storable(message.content, CONTENT_LIMIT_CHARS)
        values["author_name"] = storable(message.author_name, NAME_LIMIT_CHARS)
        insert = self._database.insert(messages).values(values).on_conflict_do_nothing()
        async with self._database.writing() as connection:
            added = await connection.execute(insert)
            if added.rowcount == 0:
                return False
            await self._set_parts(connection, message.message_id, message.parts)
            rows = [
                {"message_id": message.message_id, "source_id": source_id, "author_id": author_id}
                for source_id, author_id in points_at.items()
            ]
            if rows:
                await connection.execute(self._database.insert(sources).values(rows))
            return True

    @uninterrupted
    async def get(self, message_id: int) -> StoredMessage | None:
        """A message; None if it is not remembered."""
        query = select(messages).where(messages.c.message_id == _whole(message_id))
        async with self._database.reading() as connection:
            found = await _collect(connection, query, CONTENT_LIMIT_CHARS)
        return found[0] if found else None

    @uninterrupted
    async def chain(self, message_id: int, *, budget_chars: int) -> tuple[StoredMessage, ...]:
        """A message, the message it replies to, and so on, as far back as fits.

        Returns:
            Oldest first. The newest is always included, cut if it alone exceeds the budget. The
            chain ends before the first older message that does not fit, at a message that is not
            remembered, or after `MESSAGES_LIMIT`.
        """
        async with self._database.reading() as connection:
            found = await _collect(connection, _upwards(message_id), budget_chars)
        return tuple(reversed(found))

    @uninterrupted
    async def thread(
        self, conversation_id: int, *, budget_chars: int, before: int | None = None
    ) -> tuple[StoredMessage, ...]:
        """The newest messages of a conversation that fit, oldest first, as `chain` chooses them.

        Args:
            conversation_id: Whose messages to return.
            budget_chars: How much text fits.
            before: Return only messages older than this one.
        """
        query = select(messages).where(messages.c.conversation_id == conversation_id)
        if before is not None:
            query = query.where(messages.c.message_id < before)
        query = query.order_by(messages.c.message_id.desc()).limit(MESSAGES_LIMIT)
        async with self._database.reading() as connection:
            found = await _collect(connection, query, budget_chars)
        return tuple(reversed(found))

    @uninterrupted
    async def edit(self, message_id: int, content: str, *, edited_at_ms: int) -> bool:
        """Replace the text of a message that a person edited; False if it is not remembered."""
        async with self._database.writing() as connection:
            return await _rewrite(connection, message_id, content, edited_at_ms) is not None

    @uninterrupted
    async def replace(
        self, message_id: int, content: str, *, parts: Sequence[int], edited_at_ms: int
    ) -> bool:
        """Replace a reply that was generated again; False if it is not remembered.

        Args:
            message_id: The reply's first message, which stays.
            content: The new text.
            parts: The further messages that hold it now.
            edited_at_ms: UTC epoch milliseconds.
        """
        async with self._database.writing() as connection:
            whole = await _rewrite(connection, message_id, content, edited_at_ms)
            if whole is None:
                return False
            await self._set_parts(connection, whole, parts)
            return True

    @uninterrupted
    async def delete(self, message_ids: Collection[int]) -> int:
        """Forget deleted messages, and those that hold their words. Returns how many.

        Any part stands for its reply.
        """
        async with self._database.writing() as connection:
            gone = 0
            for batch in _batches(message_ids):
                named = or_(
                    messages.c.message_id.in_(batch),
                    messages.c.message_id.in_(_holding(batch)),
                    messages.c.message_id.in_(
                        select(parts.c.message_id).where(parts.c.part_id.in_(batch))
                    ),
                )
                gone += (await connection.execute(delete(messages).where(named))).rowcount
            return gone

    @uninterrupted
    async def holding(self, message_ids: Collection[int]) -> frozenset[int]:
        """The questions that hold the words of any of these messages."""
        found: set[int] = set()
        async with self._database.reading() as connection:
            for batch in _batches(message_ids):
                found.update((await connection.execute(_holding(batch))).scalars())
        return frozenset(found)

    async def holding_words_of(self, user_id: int) -> frozenset[int]:
        """Other people's questions that hold this person's words, because they point at them."""
        query = (
            select(messages.c.message_id)
            .join(sources, sources.c.message_id == messages.c.message_id)
            .where(sources.c.author_id == user_id, messages.c.person_id != user_id)
        )
        rows = await self._database.rows(query)
        return frozenset(row["message_id"] for row in rows)

    @uninterrupted
    async def talks_with(self, message_ids: Collection[int]) -> dict[int, set[int]]:
        """The conversations with these messages, their parts or replies to them; whose each is.

        A message need not be remembered: what replies to it quotes it.
        """
        found: dict[int, set[int]] = {}
        async with self._database.reading() as connection:
            for batch in _batches(message_ids):
                query = _talks(
                    or_(
                        messages.c.message_id.in_(batch),
                        messages.c.parent_id.in_(batch),
                        messages.c.message_id.in_(
                            select(parts.c.message_id).where(parts.c.part_id.in_(batch))
                        ),
                    )
                )
                for conversation_id, person_id in await connection.execute(query):
                    found.setdefault(conversation_id, set()).add(person_id)
        return found

    async def talks_of(self, user_id: int) -> dict[int, set[int]]:
        """The conversations that a person takes part in, and whose each is."""
        found: dict[int, set[int]] = {}
        for row in await self._database.rows(_talks(messages.c.person_id == user_id)):
            found.setdefault(row["conversation_id"], set()).add(row["person_id"])
        return found

    @uninterrupted
    async def who_asked(self, message_ids: Collection[int]) -> frozenset[int]:
        """The people who wrote any of these messages to the assistant."""
        found: set[int] = set()
        async with self._database.reading() as connection:
            for batch in _batches(message_ids):
                query = select(messages.c.person_id).where(
                    messages.c.message_id.in_(batch), messages.c.role == Role.USER
                )
                found.update((await connection.execute(query)).scalars())
        return frozenset(found)

    async def of_person(self, user_id: int, guild_id: int | None) -> frozenset[int]:
        """What a person said on a server, or in direct messages, and the answers to it."""
        theirs = messages.c.person_id == user_id
        here = (
            messages.c.guild_id.is_(None) if guild_id is None else messages.c.guild_id == guild_id
        )
        query = select(messages.c.message_id).where(theirs, here)
        return frozenset(row["message_id"] for row in await self._database.rows(query))

    @uninterrupted
    async def delete_conversation(self, conversation_id: int) -> int:
        """Forget a conversation whose thread was deleted. Returns how many messages."""
        async with self._database.writing() as connection:
            gone = await connection.execute(
                delete(messages).where(messages.c.conversation_id == conversation_id)
            )
            return gone.rowcount

    async def prune(self, *, before_ms: int) -> int:
        """Forget messages from before `before_ms`. Returns how many."""
        return await self._database.prune(
            messages.c.message_id, messages.c.created_at_ms < before_ms
        )

    async def _set_parts(
        self, connection: AsyncConnection, message_id: int, part_ids: Sequence[int]
    ) -> None:
        await connection.execute(delete(parts).where(parts.c.message_id == message_id))
        if part_ids:
            rows = [{"part_id": p, "message_id": message_id} for p in part_ids[:PARTS_LIMIT]]
            insert = self._database.insert(parts).values(rows)
            await connection.execute(insert.on_conflict_do_nothing())


def _talks(which: ColumnElement[bool]) -> Select[Any]:
    """SQL for the conversations with any of some messages, and the people whose those are."""
    those = select(messages.c.conversation_id).where(which)
    columns = (messages.c.conversation_id, messages.c.person_id)
    return select(*columns).where(columns[0].in_(those)).distinct()


def _holding(message_ids: Sequence[int]) -> Select[Any]:
    """SQL for the messages that hold the words of any of these."""
    return select(sources.c.message_id).where(sources.c.source_id.in_(message_ids))


def _whole(message_id: int) -> Any:
    """SQL for the message that `message_id` names, itself or as one of its parts."""
    owner = select(parts.c.message_id).where(parts.c.part_id == message_id).scalar_subquery()
    return func.coalesce(owner, literal(message_id, messages.c.message_id.type))


def _upwards(message_id: int) -> Select[Any]:
    """SQL for the chain above a message, newest first.

    A reply is always newer than the message it replies to, and Discord's ids grow with time:
    demanding that makes the walk end whatever the rows hold.
    """
    ids = (messages.c.message_id, messages.c.parent_id)
    start = select(*ids, literal(1).label("depth")).where(ids[0] == _whole(message_id))
    walk = start.cte("walk", recursive=True)
    owner = select(parts.c.message_id).where(parts.c.part_id == walk.c.parent_id).scalar_subquery()
    step = select(*ids, walk.c.depth + 1).where(
        ids[0] == func.coalesce(owner, walk.c.parent_id),
        ids[0] < walk.c.message_id,
        walk.c.depth < MESSAGES_LIMIT,
    )
    walk = walk.union_all(step)
    query = select(messages).join(walk, walk.c.message_id == messages.c.message_id)
    return query.order_by(walk.c.depth)


async def _collect(
    connection: AsyncConnection, query: Select[Any], budget_chars: int
) -> list[StoredMessage]:
    """Read rows, newest first, until the budget is used; fetch no more than that."""
    found: list[StoredMessage] = []
    async with connection.stream(query) as result:
        async for row in result.mappings():
            message = _read(row)
            if len(message.content) > budget_chars:
                if not found:
                    found.append(replace(message, content=message.content[:budget_chars]))
                break
            budget_chars -= len(message.content)
            found.append(message)
    return await _with_parts(connection, found)


async def _with_parts(
    connection: AsyncConnection, found: list[StoredMessage]
) -> list[StoredMessage]:
    by_message: dict[int, list[int]] = {m.message_id: [] for m in found}
    query = select(parts).where(parts.c.message_id.in_(by_message)).order_by(parts.c.part_id)
    for row in (await connection.execute(query)).mappings():
        by_message[row["message_id"]].append(row["part_id"])
    return [replace(m, parts=tuple(by_message[m.message_id])) for m in found]


async def _rewrite(
    connection: AsyncConnection, message_id: int, content: str, edited_at_ms: int
) -> int | None:
    change = (
        update(messages)
        .where(messages.c.message_id == _whole(message_id))
        .values(content=storable(content, CONTENT_LIMIT_CHARS), edited_at_ms=edited_at_ms)
        .returning(messages.c.message_id)
    )
    whole: int | None = (await connection.execute(change)).scalar_one_or_none()
    return whole


def _read(row: RowMapping) -> StoredMessage:
    return StoredMessage(**{**row, "role": Role(row["role"])})


def _batches(ids: Iterable[int], size: int = 500) -> Iterable[list[int]]:
    everything = list(ids)
    return (everything[i : i + size] for i in range(0, len(everything), size))
