"""A person's data: export and deletion."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import JsonValue
from sqlalchemy import (
    Column,
    ColumnElement,
    RowMapping,
    Select,
    Table,
    and_,
    delete,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.money import Period, Scope
from bot.store.database import Database, uninterrupted
from bot.store.repositories.guilds import Guilds
from bot.store.repositories.personas import Personas
from bot.store.repositories.results import unpack
from bot.store.tables import (
    budgets,
    calls,
    chosen_voices,
    consents,
    job_requests,
    job_results,
    jobs,
    message_parts,
    message_sources,
    messages,
    minutes,
    purses,
    voice_rooms,
)

_EXPORTED: Final[dict[Table, tuple[str, ...]]] = {
    messages: (
        "message_id", "conversation_id", "parent_id", "guild_id", "person_id", "author_id",
        "author_name", "role", "content", "created_at_ms", "edited_at_ms",
    ),
    jobs: (
        "journal_id", "service", "module", "endpoint_id", "mode", "guild_id", "channel_id",
        "user_id", "place", "title", "deadline_ms", "created_at_ms", "stage", "contract_id",
        "interaction_id", "job_id", "submitted_at_ms", "finished_at_ms", "ending", "detail",
    ),
    consents: ("guild_id", "user_id", "agreed", "locale", "at_ms"),
    chosen_voices: ("user_id", "voice"),
    minutes: ("guild_id", "channel_id", "user_id", "name", "text", "at_ms"),
    calls: (
        "call_id", "at_ms", "state", "service", "module", "guild_id", "channel_id", "user_id",
        "reserved_micro_usd", "cost_micro_usd", "basis", "delay_ms", "execution_ms",
        "input_tokens", "output_tokens", "settled_at_ms", "expires_at_ms",
    ),
    voice_rooms: ("guild_id", "channel_id", "attention", "follow_user_id", "called_by"),
}  # fmt: skip
"""The columns that an export selects. A new column is exported only when it is named here."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many of each were deleted."""

    messages: int
    jobs: int
    minutes: int = 0


class Privacy:
    """Exports and deletes data. Every method raises StoreFailed when the database fails."""

    def __init__(
        self, database: Database, clock: Clock, guilds: Guilds, personas: Personas
    ) -> None:
        self._database = database
        self._clock = clock
        self._guilds = guilds
        self._personas = personas

    @uninterrupted
    async def export(self, user_id: int) -> dict[str, JsonValue]:
        """Everything that is stored about a person, as one JSON document.

        That is their messages, the assistant's answers, their jobs, their consents, the voice that
        they chose, their turns in transcripts, the cost of their calls, and the voice channels that
        the bot joins because of them. Ids are strings, as in Discord's own JSON: JavaScript's
        numbers are too small. Times are ISO 8601.
        """
        theirs = _theirs(user_id)
        async with self._database.reading() as connection:
            return {
                "user_id": str(user_id),
                "exported_at": _iso(int(self._clock.wall() * 1000)),
                "messages": await _messages(connection, theirs),
                "jobs": await _jobs(connection, user_id),
                "consents": await _rows(
                    connection,
                    select(*_exported(consents))
                    .where(consents.c.user_id == user_id)
                    .order_by(consents.c.guild_id),
                ),
                "chosen_voices": await _rows(
                    connection,
                    select(*_exported(chosen_voices)).where(chosen_voices.c.user_id == user_id),
                ),
                "minutes": await _rows(
                    connection,
                    select(*_exported(minutes))
                    .where(minutes.c.user_id == user_id)
                    .order_by(minutes.c.minute_id),
                ),
                "calls": await _rows(
                    connection,
                    select(*_exported(calls))
                    .where(calls.c.user_id == user_id)
                    .order_by(calls.c.at_ms),
                ),
                "voice_rooms": await _rows(
                    connection,
                    select(*_exported(voice_rooms))
                    .where(_because_of(user_id))
                    .order_by(voice_rooms.c.guild_id),
                ),
            }

    @uninterrupted
    async def forget(self, user_id: int) -> Forgotten:
        """Delete all of that, without a trace.

        That includes running jobs: cancel them first, or their results are lost. It includes other
        people's questions that hold their words; for the jobs of those, see
        `Conversations.holding_words_of`. After a restart the bot does not rejoin voice channels
        because of them. A copy of the file that a schema update made holds their messages until
        `Store.prune` finds it too old.

        Two sums stay. The cost of their calls remains in the books of the server and of the
        deployment, without their name. What they spent of a current budget remains until the period
        ends (`Ledger.prune`), because deleting it would refill the budget.
        """
        holding = select(message_sources.c.message_id).where(message_sources.c.author_id == user_id)
        gone = await self._delete(
            or_(_theirs(user_id), messages.c.message_id.in_(holding)),
            jobs.c.user_id == user_id,
            minutes.c.user_id == user_id,
            consents.c.user_id == user_id,
            _because_of(user_id),
        )
        theirs = chosen_voices.c.user_id == user_id
        await self._database.change(delete(chosen_voices).where(theirs))
        await self._make_nameless(Scope.USER, user_id)
        await self._database.scrub()
        return gone

    @uninterrupted
    async def _make_nameless(self, scope: Scope, owner: int) -> None:
        now_ms = int(self._clock.wall() * 1000)
        theirs = and_(purses.c.scope == scope, purses.c.scope_id == owner)
        running = or_(
            *(
                and_(purses.c.period == period, purses.c.starts_ms == period.start(now_ms))
                for period in Period
            )
        )
        whose = calls.c.user_id if scope is Scope.USER else calls.c.guild_id
        async with self._database.writing() as connection:
            await connection.execute(
                update(calls).where(whose == owner).values({whose.name: None, "channel_id": None})
            )
            await connection.execute(delete(purses).where(theirs, not_(running)))
            # The payer of a running call is forgotten, so its reservation counts as spent: else
            # people could get calls for free by being forgotten in time.
            await connection.execute(
                update(purses)
                .where(theirs)
                .values(
                    spent_micro_usd=purses.c.spent_micro_usd + purses.c.reserved_micro_usd,
                    reserved_micro_usd=0,
                )
            )
            if scope is Scope.GUILD:
                await connection.execute(delete(budgets).where(budgets.c.guild_id == owner))

    @uninterrupted
    async def forget_guild(self, guild_id: int) -> Forgotten:
        """Delete everything about a server that the bot has left, with its settings and personas.

        The same sums stay as for a person.
        """
        gone = await self._delete(
            messages.c.guild_id == guild_id,
            jobs.c.guild_id == guild_id,
            minutes.c.guild_id == guild_id,
            consents.c.guild_id == guild_id,
            voice_rooms.c.guild_id == guild_id,
        )
        await self._make_nameless(Scope.GUILD, guild_id)
        await self._guilds.reset(guild_id)
        await self._personas.reset(guild_id)
        await self._database.scrub()
        return gone

    @uninterrupted
    async def _delete(
        self,
        which_messages: ColumnElement[bool],
        which_jobs: ColumnElement[bool],
        which_minutes: ColumnElement[bool],
        which_consents: ColumnElement[bool],
        which_rooms: ColumnElement[bool],
    ) -> Forgotten:
        async with self._database.writing() as connection:
            said = await connection.execute(delete(messages).where(which_messages))
            asked = await connection.execute(delete(jobs).where(which_jobs))
            noted = await connection.execute(delete(minutes).where(which_minutes))
            await connection.execute(delete(consents).where(which_consents))
            await connection.execute(delete(voice_rooms).where(which_rooms))
            return Forgotten(said.rowcount, asked.rowcount, noted.rowcount)


def _exported(table: Table) -> list[Column[Any]]:
    return [table.c[name] for name in _EXPORTED[table]]


def _theirs(user_id: int) -> ColumnElement[bool]:
    return or_(messages.c.person_id == user_id, messages.c.author_id == user_id)


def _because_of(user_id: int) -> ColumnElement[bool]:
    return or_(voice_rooms.c.called_by == user_id, voice_rooms.c.follow_user_id == user_id)


async def _rows(connection: AsyncConnection, query: Select[Any]) -> list[JsonValue]:
    return [_readable(row) for row in (await connection.execute(query)).mappings()]


async def _messages(connection: AsyncConnection, theirs: ColumnElement[bool]) -> list[JsonValue]:
    said = select(*_exported(messages)).where(theirs).order_by(messages.c.message_id)
    parts = (
        select(message_parts.c.part_id, message_parts.c.message_id)
        .join(messages, messages.c.message_id == message_parts.c.message_id)
        .where(theirs)
        .order_by(message_parts.c.part_id)
    )
    points_at = (
        select(message_sources.c.source_id, message_sources.c.message_id)
        .join(messages, messages.c.message_id == message_sources.c.message_id)
        .where(theirs)
        .order_by(message_sources.c.source_id)
    )
    part_ids = await _by_message(connection, parts)
    source_ids = await _by_message(connection, points_at)
    return [
        _readable(row)
        | {
            "parts": part_ids.get(row["message_id"], []),
            "points_at": source_ids.get(row["message_id"], []),
        }
        for row in (await connection.execute(said)).mappings()
    ]


async def _by_message(
    connection: AsyncConnection, query: Select[Any]
) -> dict[int, list[JsonValue]]:
    """The ids in the first column, as text, by the message in the second."""
    found: dict[int, list[JsonValue]] = {}
    for other_id, message_id in await connection.execute(query):
        found.setdefault(message_id, []).append(str(other_id))
    return found


async def _jobs(connection: AsyncConnection, user_id: int) -> list[JsonValue]:
    asked = (
        select(*_exported(jobs), job_requests.c.contract, job_results.c.result)
        .outerjoin(job_requests, job_requests.c.journal_id == jobs.c.journal_id)
        .outerjoin(job_results, job_results.c.journal_id == jobs.c.journal_id)
        .where(jobs.c.user_id == user_id)
        .order_by(jobs.c.journal_id)
    )
    found: list[JsonValue] = []
    for row in (await connection.execute(asked)).mappings():
        job = _readable(row)
        job["request"] = _request(row["contract"])
        job["result"] = _result(row["result"])
        found.append(job)
    return found


def _readable(row: RowMapping) -> dict[str, JsonValue]:
    document: dict[str, JsonValue] = {}
    for name, value in row.items():
        if name in {"contract", "result"}:
            continue
        if name.endswith("at_ms"):
            document[name.removesuffix("_ms")] = None if value is None else _iso(value)
        elif name.endswith(("_id", "_by")) and isinstance(value, int):
            document[name] = str(value)
        else:
            document[name] = value
    return document


def _request(contract: bytes | None) -> JsonValue:
    if contract is None:
        return None
    try:
        value: JsonValue = json.loads(contract)
    except ValueError:
        return contract.decode("utf-8", "replace")
    return value


def _result(kept: bytes | None) -> JsonValue:
    """How a job ended, if nothing could show that."""
    try:
        return None if kept is None else unpack(kept)
    except ValueError:
        return None


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
