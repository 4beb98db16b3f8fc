"""The job journal: every job is written before it is paid for, and none is lost or paid twice.

journal_id = await journal.begin(entry)      # before it is sent
...                                          # submit it
await journal.accepted(journal_id, job_id)   # the service has given it an id
...                                          # follow it, show the result
await journal.finished(journal_id, Ending.COMPLETED)
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import JsonValue
from sqlalchemy import Connection, delete, select, text, update

from bot.clock import Clock
from bot.contract import Service
from bot.store.database import Database
from bot.store.limits import LINE_LIMIT_CHARS, REQUEST_LIMIT_BYTES, storable
from bot.store.repositories.job_leases import JobLeases
from bot.store.repositories.job_results import JobResults, replace_result
from bot.store.repositories.job_rows import (
    ACCEPTED,
    ADDED,
    COLUMNS,
    ENDED,
    IS_OURS,
    KEPT,
    REQUEST,
    REQUESTED,
    SENDING,
    SHOWN,
    SHOWN_WAITING,
    UNKNOWN,
    job_of,
    place_column,
    row_of,
)
from bot.store.repositories.recovery import Ending, Entry, Job, JobStage
from bot.store.statement import Statement
from bot.store.tables import job_requests, jobs

_IDS: Final = frozenset({"kind", "channel", "message", "user", "guild", "host", "home", "question"})
"""The keys of a job's place that hold no words."""
_REPEATED_WITHIN: Final = 10_000
"""Discord repeats an interaction within seconds: so many jobs, and not all of a person's, are
searched for it."""
_LOCKED: Final = text("SELECT pg_advisory_xact_lock(CAST(:key AS BIGINT))")
_KNOWN: Final = Statement(
    "SELECT 1 FROM jobs WHERE user_id = :user AND interaction_id = :interaction "  # noqa: S608  (ours)
    f"AND journal_id > (SELECT MAX(journal_id) - {_REPEATED_WITHIN} FROM jobs) LIMIT 1"
)
_AT_ONCE: Final = 500
"""How many questions one query looks for."""
LIST_LIMIT: Final = 25
"""How many jobs a list shows (a Discord select menu holds as many)."""


class Journal:
    """All jobs, as one process sees them. Every method raises StoreFailed when the database fails.

    Args:
        clock: Dates everything.
        owner: See `JobLeases`.
        lease_ms: See `JobLeases`.

    Attributes:
        leases: Which process follows which job.
        results: Results that nobody has seen yet.
    """

    def __init__(self, database: Database, clock: Clock, *, owner: str, lease_ms: int) -> None:
        self._database = database
        self._clock = clock
        self.leases = JobLeases(database, clock, owner=owner, lease_ms=lease_ms)
        self.results = JobResults(database)

    # -- the life of one job -----------------------------------------------------------------

    async def begin(self, entry: Entry) -> int:
        """Record a job before it is sent. It is on disk when this returns.

        Returns:
            The job's number. If this is cancelled, the journal still has the job; nobody
            renews its lease, so a process claims it later and its user is told.

        Raises:
            TooLarge: The place is too large; nothing was written.
        """
        return (await self.begin_once(entry))[0]

    async def begin_once(self, entry: Entry) -> tuple[int, bool]:
        """As `begin`. Also returns whether an earlier job answers the same interaction."""
        values = row_of(entry) | self.leases.fresh() | {"created_at_ms": self._now()}

        def work(connection: Connection) -> tuple[int, bool]:
            is_repeat = entry.interaction_id is not None and self._is_known(connection, entry)
            [[journal_id]] = ADDED.rows(connection, values)
            if entry.request is not None and len(entry.request) <= REQUEST_LIMIT_BYTES:
                REQUESTED.each(connection, [{"journal_id": journal_id, "contract": entry.request}])
            return journal_id, is_repeat

        journal_id, is_repeat = await self._database.write(work)
        self.leases.held.add(journal_id)  # not before: nobody follows the job of a cancelled call
        return journal_id, is_repeat

    def _is_known(self, connection: Connection, entry: Entry) -> bool:
        """Whether the journal has the entry's interaction; who asks next waits for our answer."""
        if not self._database.is_sqlite:  # where a transaction that writes is alone anyway
            connection.execute(_LOCKED, {"key": entry.interaction_id})
        asked = {"user": entry.user_id, "interaction": entry.interaction_id}
        return bool(_KNOWN.rows(connection, asked))

    async def shown(
        self, journal_id: int, place: Mapping[str, JsonValue], *, waits: bool = False
    ) -> bool:
        """Note where a message now shows the job; its reply token has served its purpose.

        Where the bot is only a guest it stays: nothing else edits the message there. A job that
        `waits` stays at its gate; any other is sent next. Returns whether the job is still ours.

        Raises:
            TooLarge: The place is too large.
        """
        change = SHOWN_WAITING if waits else SHOWN
        needs_reply = place.get("is_guest") is True
        return await self._change(
            change, journal_id, place=place_column(place), needs_reply=needs_reply
        )

    async def sending(self, journal_id: int) -> bool:
        """Note that a waiting job is sent next. Returns whether it is still ours."""
        return await self._change(SENDING, journal_id)

    async def accepted(self, journal_id: int, job_id: str) -> bool:
        """Note the service's id; the first one stays. Returns whether the job is still ours.

        The id is noted even when another process has claimed the job meanwhile.
        """
        values = {"job_id": storable(job_id, 200), "submitted_at_ms": self._now()}
        which = self.leases.ours(journal_id)

        def work(connection: Connection) -> bool:
            ACCEPTED.count(connection, {"journal_id": journal_id} | values)
            return bool(IS_OURS.rows(connection, which))

        return await self._database.write(work)

    async def unknown(self, journal_id: int) -> bool:
        """Note that the connection broke while the job was submitted.

        Tell the user, then call `finished` with `Ending.UNKNOWN`. Returns whether it is still ours.
        """
        return await self._change(UNKNOWN, journal_id)

    async def keep(self, journal_id: int, result: bytes, place: Mapping[str, JsonValue]) -> bool:
        """Keep how the job ended, and where, until it can be shown.

        A job that was stopped while it waited does not wait any more: nobody may send it. Returns
        whether it is still ours.

        Raises:
            TooLarge: The place is too large.
        """
        until = self.leases.fresh()["lease_until_ms"]
        return await self._put(
            KEPT, journal_id, result, place=place_column(place), lease_until_ms=until
        )

    async def finished(self, journal_id: int, ending: Ending, detail: str = "") -> bool:
        """Note how the job ended, once the user has seen it.

        If this raises, the job is still ours: try again, or release its lease, so that another
        process tells the user.

        Returns:
            False when it was not ours to end: another process has claimed it, it ended before, or
            the requester's data was deleted.
        """
        return await self._end(journal_id, JobStage.FINISHED, ending, detail, None)

    async def undelivered(
        self, journal_id: int, ending: Ending, detail: str, result: bytes
    ) -> bool:
        """Keep how the job ended, since nothing can show it now. See also `finished`."""
        return await self._end(journal_id, JobStage.UNDELIVERED, ending, detail, result)

    async def withdrawn(self, journal_id: int, detail: str) -> bool:
        """Note that a job's question was deleted, and forget its words. See also `finished`."""
        ended = await self._end(journal_id, JobStage.FINISHED, Ending.CANCELLED, detail, None)
        await self.forget_words([journal_id])
        return ended

    async def forget_words(self, journal_ids: Collection[int]) -> None:
        """Forget the words of jobs whose question was deleted; what they cost is kept."""
        these = jobs.c.journal_id.in_(journal_ids)
        shown = select(jobs.c.journal_id, jobs.c.place)
        requests = job_requests.c.journal_id.in_(journal_ids)

        def work(connection: Connection) -> None:
            ended = connection.execute(shown.where(these, jobs.c.stage == JobStage.FINISHED))
            for journal_id, place in ended.all():
                ids = {key: place[key] for key in _IDS & place.keys()}
                one = update(jobs).where(jobs.c.journal_id == journal_id)
                connection.execute(one.values(place=ids))
            connection.execute(update(jobs).where(these).values(title=""))
            connection.execute(delete(job_requests).where(requests))

        await self._database.write(work)

    async def forget_histories(self, talks: Mapping[int, Collection[int]]) -> None:
        """Forget what jobs were sent in these conversations, with the words before each question.

        A job that may still have to be sent keeps it.

        Args:
            talks: The people of each conversation, whose jobs these are.
        """
        conversation = jobs.c.place["conversation"].as_string()
        people = sorted({person for some in talks.values() for person in some})
        ids = [str(one) for one in talks]
        for begin in range(0, len(ids), _AT_ONCE):
            sent = select(jobs.c.journal_id).where(
                jobs.c.user_id.in_(people),
                jobs.c.stage.not_in((JobStage.WAITING, JobStage.WRITTEN)),
                conversation.in_(ids[begin : begin + _AT_ONCE]),
            )
            await self._database.change(
                delete(job_requests).where(job_requests.c.journal_id.in_(sent))
            )

    async def _end(
        self, journal_id: int, stage: JobStage, ending: Ending, detail: str, result: bytes | None
    ) -> bool:
        with self.leases.ending(journal_id):
            return await self._put(
                ENDED,
                journal_id,
                result,
                stage=stage,
                ending=ending,
                detail=storable(detail, LINE_LIMIT_CHARS),
                finished_at_ms=self._now(),
            )

    async def _put(
        self, change: Statement, journal_id: int, result: bytes | None, **values: Any
    ) -> bool:
        """Change a job that this process follows, and its kept result."""
        values |= self.leases.ours(journal_id)

        def work(connection: Connection) -> bool:
            if change.count(connection, values) != 1:
                return False
            replace_result(connection, journal_id, result)
            return True

        return await self._database.write(work)

    async def _change(self, change: Statement, journal_id: int, **values: Any) -> bool:
        values |= self.leases.ours(journal_id)
        return await self._database.write(lambda connection: change.count(connection, values)) == 1

    # -- reading -----------------------------------------------------------------------------

    async def get(self, journal_id: int) -> Job | None:
        """A job by its number; None when there is none (any more)."""
        query = select(*COLUMNS).where(jobs.c.journal_id == journal_id)
        rows = await self._database.rows(query)
        return job_of(rows[0]) if rows else None

    async def request(self, journal_id: int) -> bytes | None:
        """The contract of a job as JSON; None when it was too large to keep."""
        rows = await self._database.read(
            lambda connection: REQUEST.rows(connection, {"journal_id": journal_id})
        )
        return rows[0][0] if rows else None

    async def listing(
        self,
        *,
        user_id: int | None = None,
        guild_id: int | None = None,
        service: Service | None = None,
        unfinished: bool = False,
        stage: JobStage | None = None,
        since_ms: int | None = None,
        limit: int = LIST_LIMIT,
    ) -> list[Job]:
        """The newest jobs that match every given argument, newest first.

        With `since_ms`: those that ended since then, but none whose words are forgotten.
        """
        query = select(*COLUMNS).order_by(jobs.c.journal_id.desc()).limit(limit)
        wanted = (
            (jobs.c.user_id, user_id),
            (jobs.c.guild_id, guild_id),
            (jobs.c.service, service),
            (jobs.c.stage, stage),
        )
        for column, value in wanted:
            if value is not None:
                query = query.where(column == value)
        if unfinished:
            query = query.where(jobs.c.finished_at_ms.is_(None))
        if since_ms is not None:
            query = query.where(jobs.c.finished_at_ms >= since_ms, jobs.c.title != "")
        return [job_of(row) for row in await self._database.rows(query)]

    async def asked_in(self, channel_id: int) -> list[Job]:
        """The jobs that people asked for in a channel, oldest first."""
        query = select(*COLUMNS).where(jobs.c.channel_id == channel_id)
        rows = await self._database.rows(query.order_by(jobs.c.journal_id))
        return [job_of(row) for row in rows]

    async def answering(
        self, question_ids: Collection[int], *, user_ids: Collection[int]
    ) -> list[Job]:
        """These people's jobs that answer any of these questions."""
        asked = jobs.c.place["question"].as_string()
        found: list[Job] = []
        questions = [str(one) for one in question_ids]
        for begin in range(0, len(questions), _AT_ONCE):
            query = select(*COLUMNS).where(
                jobs.c.user_id.in_(list(user_ids)), asked.in_(questions[begin : begin + _AT_ONCE])
            )
            found += [job_of(row) for row in await self._database.rows(query)]
        return found

    async def prune(self, *, before_ms: int) -> int:
        """Delete jobs that ended before `before_ms`. Returns how many."""
        return await self._database.prune(jobs.c.journal_id, jobs.c.finished_at_ms < before_ms)

    def _now(self) -> int:
        return int(self._clock.wall() * 1000)
