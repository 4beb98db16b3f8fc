"""Leases on jobs: which process follows a job, and who takes it over when that process dies.

A process holds a lease on each of its jobs and renews it (`keep`). When it dies the lease runs out,
and `claim` gives the job to exactly one process: this one after its restart, or another. Leases
compare the wall clocks of the processes, which must agree to well under `lease_ms`.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final, Never

from sqlalchemy import Connection, Executable, TextClause, select, text, update

from bot.clock import Clock
from bot.errors import StoreFailed
from bot.store.database import Database
from bot.store.repositories.job_rows import COLUMNS, OURS, job_of
from bot.store.repositories.recovery import Job, Recovered, decide
from bot.store.tables import jobs

log = logging.getLogger(__name__)

JOB_LEASE_MS: Final = 10_000
"""How long after a process's last sign of life its jobs are taken over."""
CLAIM_LIMIT: Final = 100
"""One `claim` returns at most this many jobs; the next, or another process, claims the rest."""
_AHEAD_LEASES: Final = 3
"""No process writes a lease that ends more than this many lease times from now."""
_RENEW_BATCH: Final = 1000
MAX_REPLY_TOKEN_AGE_MS: Final = 15 * 60_000
"""Discord accepts an interaction's token for this long; then it is only one more secret to keep."""
CLEAR_REPLY_TOKENS_EVERY_S: Final = 60.0


class JobLeases:
    """The leases of one process. Every method raises StoreFailed when the database fails.

    Args:
        clock: Dates everything.
        owner: The name of this process; no other process ever had it.
        lease_ms: How long after a process's last sign of life its jobs are taken over.

    Attributes:
        held: The jobs that this process follows.
    """

    def __init__(self, database: Database, clock: Clock, *, owner: str, lease_ms: int) -> None:
        self._database = database
        self._clock = clock
        self._owner = owner
        self._lease_ms = lease_ms
        self.held: set[int] = set()
        self._ending: set[int] = set()

    def fresh(self) -> dict[str, Any]:
        """The columns of a lease that this process takes now."""
        return {"lease_owner": self._owner, "lease_until_ms": self._now() + self._lease_ms}

    def ours(self, journal_id: int) -> dict[str, Any]:
        """What a statement with `job_rows.OURS` needs to know of one job and this process."""
        return {"journal_id": journal_id, "owner": self._owner}

    def _is_ours(self) -> TextClause:
        return text(OURS).bindparams(owner=self._owner)

    async def claim(self, *, limit: int = CLAIM_LIMIT) -> list[Recovered]:
        """Take over orphaned jobs, oldest first; each goes to one caller only.

        Call this at the start and every few seconds: after a crash, the lease of the process
        that died runs out only a few seconds after the next one has started.
        """
        before = frozenset(self.held)
        found = await self._claim(self._now(), limit)
        # After a long sleep our own leases may have run out, though we still follow those jobs, or
        # did until their ends were written, just after they were found.
        new = [job for job in found if job.journal_id not in before | self.held]
        self.held.update(job.journal_id for job in new)
        return [Recovered(job, decide(job)) for job in new]

    async def _claim(self, now_ms: int, limit: int) -> list[Job]:
        # A lease that far ahead comes from a clock that was later set back; until it ran out,
        # nobody could take over its job.
        ahead_ms = now_ms + _AHEAD_LEASES * self._lease_ms
        ran_out = (jobs.c.lease_until_ms <= now_ms) | (jobs.c.lease_until_ms > ahead_ms)
        orphaned = (
            select(jobs.c.journal_id)
            .where(jobs.c.finished_at_ms.is_(None), ran_out)
            .order_by(jobs.c.lease_until_ms, jobs.c.journal_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )

        def work(connection: Connection) -> list[Job]:
            ids = connection.execute(orphaned).scalars().all()
            claimed = connection.execute(
                update(jobs)
                .where(jobs.c.journal_id.in_(ids))
                .values(**self.fresh())
                .returning(*COLUMNS, jobs.c.reply_token)
            )
            return sorted((job_of(row) for row in claimed.mappings()), key=lambda j: j.journal_id)

        return await self._database.write(work)

    async def renew(self) -> frozenset[int]:
        """Renew the leases on all our jobs that have not ended.

        Returns:
            Jobs that are no longer ours: this process was silent for too long and another one
            claimed them, or the requester's data was deleted. Stop following them.
        """
        held = sorted(self.held)
        kept: set[int] = set()
        for start in range(0, len(held), _RENEW_BATCH):
            batch = held[start : start + _RENEW_BATCH]
            change = (
                update(jobs)
                .where(jobs.c.journal_id.in_(batch), self._is_ours())
                .values(lease_until_ms=self._now() + self._lease_ms)
                .returning(jobs.c.journal_id)
            )
            kept.update(await self._database.write(_ids_of(change)))
        # A job that ended meanwhile, or is ending, leaves `held` by itself, and is not lost.
        lost = (frozenset(held) - kept) & (self.held - self._ending)
        self.held -= lost
        return lost

    async def keep(self, on_lost: Callable[[int], None]) -> Never:
        """Renew the leases, and clear expired reply tokens, until this is cancelled.

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
                log.warning("another process has claimed job %d", journal_id)
                on_lost(journal_id)

    async def release(self, journal_ids: Collection[int] | None = None) -> None:
        """Let others claim our jobs at once; None means all of them. For an orderly shutdown."""
        given = self.held - self._ending if journal_ids is None else self.held & set(journal_ids)
        ids = list(given)
        self.held.difference_update(ids)
        await self._database.change(
            update(jobs)
            .where(jobs.c.journal_id.in_(ids), self._is_ours())
            .values(lease_owner=None, lease_until_ms=0)
        )

    @contextmanager
    def ending(self, journal_id: int) -> Iterator[None]:
        """A context in which the end of a job is written; then this process follows it no more.

        Until then the job is held, since a `claim` at this moment must not take it for orphaned.
        After a StoreFailed it stays held: nothing was written.
        """
        is_written = True
        self._ending.add(journal_id)
        try:
            yield
        except StoreFailed:
            is_written = False
            raise
        finally:
            self._ending.discard(journal_id)
            if is_written:
                self.held.discard(journal_id)

    async def clear_reply_tokens(self) -> int:
        """Clear every expired token, whichever process has the job. Returns how many."""
        change = (
            update(jobs)
            .where(
                jobs.c.finished_at_ms.is_(None),  # a job's end has cleared its token
                jobs.c.reply_token.is_not(None),
                jobs.c.created_at_ms <= self._now() - MAX_REPLY_TOKEN_AGE_MS,
            )
            .values(reply_token=None)
        )
        return await self._database.change(change)

    def _now(self) -> int:
        return int(self._clock.wall() * 1000)


def _ids_of(change: Executable) -> Callable[[Connection], list[int]]:
    """Carry out a change, and return what it returns."""
    return lambda connection: list(connection.execute(change).scalars())
