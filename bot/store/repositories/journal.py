"""The job journal: every job is written before it is paid for, and none is lost or paid twice.

    journal_id = await journal.begin(entry)      # before it is sent
    ...                                          # hand it in
    await journal.accepted(journal_id, job_id)   # the service has given it an id
    ...                                          # follow it, show the result
    await journal.finished(journal_id, Ending.COMPLETED)

A process holds a lease on each of its jobs and renews it (`keep_leases`). When it dies the lease
runs out, and `claim` gives the job to exactly one process, this one after its restart or another.
Leases compare the wall clocks of the processes: they must agree to well under `lease_ms`.
"""

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Never

from pydantic import JsonValue
from sqlalchemy import Case, Delete, RowMapping, case, delete, func, select, update

from bot.choices import Mode
from bot.clock import Clock
from bot.contract import Service
from bot.errors import StoreFailed, TooLarge
from bot.store.database import Database, uninterrupted
from bot.store.maintenance.limits import (
    LINE_LIMIT_CHARS,
    PLACE_LIMIT_BYTES,
    REPLY_TOKEN_LIMIT_CHARS,
    REQUEST_LIMIT_BYTES,
    storable,
)
from bot.store.repositories.conversations import PRUNE_BATCH
from bot.store.repositories.recovery import Ending, Entry, Job, JobStage, Recovered, decide
from bot.store.tables import job_requests, job_results, jobs

log = logging.getLogger(__name__)

CLAIM_LIMIT: Final = 100
"""How many jobs one `claim` takes at most; what is left is for the next, or for others."""
_AHEAD_LEASES: Final = 3
"""A lease that ends later than so many from now is no lease."""
LIST_LIMIT: Final = 25
"""How many jobs a list shows (a Discord select menu holds as many)."""
MAX_REPLY_TOKEN_AGE_MS: Final = 15 * 60_000
"""How long Discord honours an interaction's token; after that it is only a secret less to keep."""
CLEAR_REPLY_TOKENS_EVERY_S: Final = 60.0

_SHOWN: Final = tuple(jobs.c[name] for name in Job.__slots__ if name != "reply_token")
"""All that `get` and `listing` read."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Ends of jobs that a user does not know of.

    Attributes:
        total: How many.
        unannounced: Of how many they have not even heard that they are kept.
    """

    total: int
    unannounced: int


class Journal:
    """All jobs, as one process sees them. Every method raises StoreFailed when the database fails.

    Args:
        database: Where.
        clock: Whose wall clock dates everything.
        owner: A name of this process that no other ever had.
        lease_ms: How long after a process's last sign of life its jobs are taken over.
    """

    def __init__(self, database: Database, clock: Clock, *, owner: str, lease_ms: int) -> None:
        self._database = database
        self._clock = clock
        self._owner = owner
        self._lease_ms = lease_ms
        self._held: set[int] = set()

    # -- the life of one job -----------------------------------------------------------------

    async def begin(self, entry: Entry) -> int:
        """Write a job down before it is handed in. It is on disk when this returns.

        Returns:
            Its number. If this is cancelled the job is in the journal all the same; nobody renews
            its lease, so it is claimed later and the user is told.

        Raises:
            TooLarge: The place is too large; nothing was written.
        """
        journal_id = await self._write(entry)
        self._held.add(journal_id)  # not before: nobody follows the job of a cancelled call
        return journal_id

    @uninterrupted
    async def _write(self, entry: Entry) -> int:
        stage = JobStage.WAITING if entry.waits else JobStage.WRITTEN
        values = _row(entry) | {"created_at_ms": self._now(), "stage": stage}
        async with self._database.writing() as connection:
            added = await connection.execute(
                jobs.insert().values(**values, **self._lease()).returning(jobs.c.journal_id)
            )
            journal_id: int = added.scalar_one()
            if entry.request is not None and len(entry.request) <= REQUEST_LIMIT_BYTES:
                await connection.execute(
                    job_requests.insert().values(journal_id=journal_id, contract=entry.request)
                )
        return journal_id

    @uninterrupted
    async def accepted(self, journal_id: int, job_id: str) -> bool:
        """Note the service's id, the first one for good. Returns whether the job is still ours.

        The id is kept even when another process has taken the job over meanwhile.
        """
        change = (
            update(jobs)
            .where(jobs.c.journal_id == journal_id, jobs.c.job_id.is_(None))
            .values(
                job_id=storable(job_id, 200),
                submitted_at_ms=self._now(),
                stage=case(
                    (jobs.c.finished_at_ms.is_(None), JobStage.ACCEPTED), else_=jobs.c.stage
                ),
            )
        )
        async with self._database.writing() as connection:
            await connection.execute(change)
            mine = await connection.execute(
                select(jobs.c.journal_id).where(jobs.c.journal_id == journal_id, self._mine())
            )
            return mine.first() is not None

    async def unknown(self, journal_id: int) -> bool:
        """Note that the line broke while the job was handed in. Returns whether it is still ours.

        Tell the user, then call `finished` with `Ending.UNKNOWN`.
        """
        return await self._change(journal_id, stage=JobStage.UNKNOWN)

    async def shown(
        self, journal_id: int, place: Mapping[str, JsonValue], *, waits: bool = False
    ) -> bool:
        """Note where a message now shows the job; its reply token has served its purpose.

        A job that `waits` stays at its gate; any other is sent next. Returns whether the job is
        still ours.

        Raises:
            TooLarge: The place is too large.
        """
        stage = jobs.c.stage if waits else _leaves_waiting()
        return await self._change(journal_id, place=_place(place), reply_token=None, stage=stage)

    async def sending(self, journal_id: int) -> bool:
        """Note that a waiting job is sent next. Returns whether it is still ours."""
        return await self._change(journal_id, stage=_leaves_waiting())

    @uninterrupted
    async def is_repeat(self, journal_id: int, entry: Entry) -> bool:
        """Whether an earlier job answers the same interaction."""
        if entry.interaction_id is None:
            return False
        earlier = select(jobs.c.journal_id).where(
            jobs.c.user_id == entry.user_id,
            jobs.c.interaction_id == entry.interaction_id,
            jobs.c.journal_id < journal_id,
        )
        async with self._database.reading() as connection:
            return (await connection.execute(earlier.limit(1))).first() is not None

    async def finished(self, journal_id: int, ending: Ending, detail: str = "") -> bool:
        """Note how the job ended, once the user has seen it.

        When this raises, the job is still ours: try again, or `release` it to be told again.

        Returns:
            False when it was not ours to end: another process took it over, it has ended
            before, or its person's data were deleted.
        """
        return await self._end(journal_id, JobStage.FINISHED, ending, detail, None)

    async def undelivered(
        self, journal_id: int, ending: Ending, detail: str, result: bytes
    ) -> bool:
        """Note how the job ended, and keep it: the user cannot be told now. Else as `finished`."""
        return await self._end(journal_id, JobStage.UNDELIVERED, ending, detail, result)

    async def keep(self, journal_id: int, result: bytes, place: Mapping[str, JsonValue]) -> bool:
        """Keep how the job ended, and where, until showing it succeeds. Whether it is still ours.

        A job that was stopped while it waited does not wait any more: nobody may send it.

        Raises:
            TooLarge: The place is too large.
        """
        values = self._lease() | {"place": _place(place), "stage": _leaves_waiting()}
        return await self._put(journal_id, result, **values)

    async def _end(
        self, journal_id: int, stage: JobStage, ending: Ending, detail: str, result: bytes | None
    ) -> bool:
        held = journal_id in self._held
        self._held.discard(journal_id)  # before: a renewal at this moment must not miss it
        try:
            return await self._put(
                journal_id,
                result,
                stage=stage,
                ending=ending,
                detail=storable(detail, LINE_LIMIT_CHARS),
                finished_at_ms=self._now(),
                lease_owner=None,
                reply_token=None,
            )
        except StoreFailed:
            if held:
                self._held.add(journal_id)
            raise

    @uninterrupted
    async def _put(self, journal_id: int, result: bytes | None, **values: Any) -> bool:
        """Change a job of ours, and what is kept of its end."""
        change = update(jobs).where(jobs.c.journal_id == journal_id, self._mine()).values(**values)
        async with self._database.writing() as connection:
            if (await connection.execute(change)).rowcount != 1:
                return False
            await connection.execute(_drop_result(journal_id))
            if result is not None:
                await connection.execute(
                    job_results.insert().values(
                        journal_id=journal_id, result=result, announced=False
                    )
                )
        return True

    # -- what could not be told --------------------------------------------------------------

    @uninterrupted
    async def result(self, journal_id: int) -> bytes | None:
        """What is kept of a job's end; None: nothing."""
        query = select(job_results.c.result).where(job_results.c.journal_id == journal_id)
        async with self._database.reading() as connection:
            result: bytes | None = (await connection.execute(query)).scalar_one_or_none()
        return result

    @uninterrupted
    async def missed(self, user_id: int) -> Missed:
        """What a user has not been told of their jobs' ends."""
        query = (
            select(job_results.c.announced, func.count())
            .join(jobs, jobs.c.journal_id == job_results.c.journal_id)
            .where(jobs.c.user_id == user_id, jobs.c.stage == JobStage.UNDELIVERED)
            .group_by(job_results.c.announced)
        )
        async with self._database.reading() as connection:
            counts = {row[0]: row[1] for row in await connection.execute(query)}
        return Missed(sum(counts.values()), counts.get(False, 0))

    @uninterrupted
    async def announced(self, user_id: int) -> None:
        """Note that a user has been told that results wait for them."""
        theirs = select(jobs.c.journal_id).where(
            jobs.c.user_id == user_id, jobs.c.stage == JobStage.UNDELIVERED
        )
        change = (
            update(job_results)
            .where(job_results.c.journal_id.in_(theirs), job_results.c.announced.is_(False))
            .values(announced=True)
        )
        async with self._database.writing() as connection:
            await connection.execute(change)

    @uninterrupted
    async def seen(self, journal_id: int) -> bool:
        """Note that the user has seen how the job ended; whether that was new."""
        change = (
            update(jobs)
            .where(jobs.c.journal_id == journal_id, jobs.c.stage == JobStage.UNDELIVERED)
            .values(stage=JobStage.FINISHED)
        )
        async with self._database.writing() as connection:
            await connection.execute(_drop_result(journal_id))
            return (await connection.execute(change)).rowcount == 1

    # -- jobs that were left behind ----------------------------------------------------------

    async def claim(self, *, limit: int = CLAIM_LIMIT) -> list[Recovered]:
        """Take over jobs whose process is gone, oldest first; each goes to one caller only.

        To be called at the start and every few seconds: after a crash the lease of the process
        that died runs out only some seconds after the next one has started.

        Args:
            limit: How many at most.
        """
        found = await self._take(self._now(), limit)
        # After a long sleep our own leases may have run out while we follow those jobs still.
        new = [job for job in found if job.journal_id not in self._held]
        self._held.update(job.journal_id for job in new)
        return [Recovered(job, decide(job)) for job in new]

    @uninterrupted
    async def _take(self, now_ms: int, limit: int) -> list[Job]:
        # Nobody writes a lease so far ahead: it is of a clock that has been set back since, and
        # would keep its job from everybody until then.
        ahead_ms = now_ms + _AHEAD_LEASES * self._lease_ms
        ran_out = (jobs.c.lease_until_ms <= now_ms) | (jobs.c.lease_until_ms > ahead_ms)
        left = (
            select(jobs.c.journal_id)
            .where(jobs.c.finished_at_ms.is_(None), ran_out)
            .order_by(jobs.c.lease_until_ms, jobs.c.journal_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        async with self._database.writing() as connection:
            ids = (await connection.execute(left)).scalars().all()
            taken = await connection.execute(
                update(jobs)
                .where(jobs.c.journal_id.in_(ids))
                .values(**self._lease())
                .returning(*_SHOWN, jobs.c.reply_token)
            )
            return sorted((_job(row) for row in taken.mappings()), key=lambda j: j.journal_id)

    @uninterrupted
    async def renew(self) -> frozenset[int]:
        """Renew the leases on all our jobs that have not ended.

        Returns:
            Those that are no longer ours, because this process was silent for too long and
            another took them, or their person's data were deleted: stop following them.
        """
        held = sorted(self._held)
        kept: set[int] = set()
        for start in range(0, len(held), PRUNE_BATCH):
            batch = held[start : start + PRUNE_BATCH]
            change = (
                update(jobs)
                .where(jobs.c.journal_id.in_(batch), self._mine())
                .values(lease_until_ms=self._now() + self._lease_ms)
                .returning(jobs.c.journal_id)
            )
            async with self._database.writing() as connection:
                kept.update((await connection.execute(change)).scalars())
        # A job that ended meanwhile has left `_held` by itself, and is not lost.
        lost = (frozenset(held) - kept) & self._held
        self._held -= lost
        return lost

    async def keep_leases(self, on_lost: Callable[[int], None]) -> Never:
        """Renew the leases for as long as this runs; meant for the application's TaskGroup.

        Tokens that Discord honours no more are cleared meanwhile.

        Args:
            on_lost: Called with each job that is no longer ours.
        """
        clear_at = self._clock.now()
        while True:
            await self._clock.sleep(self._lease_ms / 3000)
            try:
                if self._clock.now() >= clear_at:
                    clear_at = self._clock.now() + CLEAR_REPLY_TOKENS_EVERY_S
                    await self.clear_reply_tokens()
                lost = await self.renew()
            except StoreFailed as e:
                log.warning("leases not renewed: %s", e)
                continue
            for journal_id in lost:
                log.warning("job %d was taken over by another process", journal_id)
                on_lost(journal_id)

    @uninterrupted
    async def release(self, journal_ids: Collection[int] | None = None) -> None:
        """Let others take our jobs over at once; None means all. For an orderly shutdown."""
        given = self._held if journal_ids is None else self._held & set(journal_ids)
        ids = list(given)
        self._held.difference_update(ids)
        async with self._database.writing() as connection:
            await connection.execute(
                update(jobs)
                .where(jobs.c.journal_id.in_(ids), self._mine())
                .values(lease_owner=None, lease_until_ms=0)
            )

    @uninterrupted
    async def clear_reply_tokens(self) -> int:
        """Clear every token that has expired, whoever has the job. Returns how many."""
        change = (
            update(jobs)
            .where(
                jobs.c.finished_at_ms.is_(None),  # an end has cleared it
                jobs.c.reply_token.is_not(None),
                jobs.c.created_at_ms <= self._now() - MAX_REPLY_TOKEN_AGE_MS,
            )
            .values(reply_token=None)
        )
        async with self._database.writing() as connection:
            return (await connection.execute(change)).rowcount

    # -- looking -----------------------------------------------------------------------------

    @uninterrupted
    async def get(self, journal_id: int) -> Job | None:
        """One job; None when there is none of that number (any more)."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(*_SHOWN).where(jobs.c.journal_id == journal_id))
            row = found.mappings().one_or_none()
        return None if row is None else _job(row)

    @uninterrupted
    async def request(self, journal_id: int) -> bytes | None:
        """The contract of a job as JSON; None when it was too large to keep."""
        query = select(job_requests.c.contract).where(job_requests.c.journal_id == journal_id)
        async with self._database.reading() as connection:
            contract: bytes | None = (await connection.execute(query)).scalar_one_or_none()
        return contract

    @uninterrupted
    async def listing(
        self,
        *,
        user_id: int | None = None,
        guild_id: int | None = None,
        service: Service | None = None,
        unfinished: bool = False,
        stage: JobStage | None = None,
        limit: int = LIST_LIMIT,
    ) -> list[Job]:
        """The newest jobs that fit all that is given, newest first."""
        query = select(*_SHOWN).order_by(jobs.c.journal_id.desc()).limit(limit)
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
        async with self._database.reading() as connection:
            return [_job(row) for row in (await connection.execute(query)).mappings()]

    @uninterrupted
    async def prune(self, *, before_ms: int) -> int:
        """Forget jobs that ended before `before_ms`, in small steps. Returns how many."""
        old = select(jobs.c.journal_id).where(jobs.c.finished_at_ms < before_ms).limit(PRUNE_BATCH)
        gone = 0
        while True:
            async with self._database.writing() as connection:
                step = await connection.execute(delete(jobs).where(jobs.c.journal_id.in_(old)))
            gone += step.rowcount
            if step.rowcount < PRUNE_BATCH:
                return gone

    # -- small parts -------------------------------------------------------------------------

    def _now(self) -> int:
        return int(self._clock.wall() * 1000)

    def _lease(self) -> dict[str, Any]:
        return {"lease_owner": self._owner, "lease_until_ms": self._now() + self._lease_ms}

    def _mine(self) -> Any:
        return (jobs.c.lease_owner == self._owner) & jobs.c.finished_at_ms.is_(None)

    @uninterrupted
    async def _change(self, journal_id: int, **values: Any) -> bool:
        change = update(jobs).where(jobs.c.journal_id == journal_id, self._mine()).values(**values)
        async with self._database.writing() as connection:
            return (await connection.execute(change)).rowcount == 1


def _leaves_waiting() -> Case[Any]:
    return case((jobs.c.stage == JobStage.WAITING, JobStage.WRITTEN), else_=jobs.c.stage)


def _drop_result(journal_id: int) -> Delete:
    return delete(job_results).where(job_results.c.journal_id == journal_id)


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "service": entry.service,
        "module": entry.module,
        "endpoint_id": entry.endpoint_id,
        "mode": entry.mode,
        "guild_id": entry.guild_id,
        "channel_id": entry.channel_id,
        "user_id": entry.user_id,
        "place": _place(entry.place),
        "title": storable(entry.title, LINE_LIMIT_CHARS),
        "deadline_ms": entry.deadline_ms,
        "contract_id": entry.contract_id,
        "interaction_id": entry.interaction_id,
        "detail": "",
        "reply_token": _token(entry.reply_token),
    }


def _token(token: str | None) -> str | None:
    """One that is too long is none of Discord's, and half a token opens nothing."""
    return token if token is None or len(token) <= REPLY_TOKEN_LIMIT_CHARS else None


def _place(place: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    if len(json.dumps(place := dict(place))) > PLACE_LIMIT_BYTES:
        raise TooLarge(f"The place of an answer has at most {PLACE_LIMIT_BYTES} bytes.")
    return place


def _job(row: RowMapping) -> Job:
    values = {name: row[name] for name in Job.__slots__ if name in row}
    return Job(
        **values
        | {
            "service": Service(row["service"]),
            "mode": Mode(row["mode"]),
            "stage": JobStage(row["stage"]),
            "ending": None if row["ending"] is None else Ending(row["ending"]),
        }
    )
