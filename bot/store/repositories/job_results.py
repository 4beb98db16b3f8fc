"""Results that the requesters of the jobs have not seen yet."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from bot.store.database import Database
from bot.store.repositories.job_rows import MISSED, RESULT_ADDED, RESULT_DELETED
from bot.store.repositories.recovery import JobStage
from bot.store.tables import job_results, jobs


@dataclass(frozen=True, slots=True)
class Missed:
    """How many results a user has not seen.

    Attributes:
        unannounced: How many of those the user has not even been told about.
    """

    total: int
    unannounced: int


class JobResults:
    """The kept results. Every method raises StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, journal_id: int) -> bytes | None:
        """A job's result; None if none is kept."""
        query = select(job_results.c.result).where(job_results.c.journal_id == journal_id)
        rows = await self._database.rows(query)
        return rows[0]["result"] if rows else None

    async def missed(self, user_id: int) -> Missed:
        """Count the results that a user has not seen."""
        found = await self._database.read(
            lambda connection: MISSED.rows(connection, {"user_id": user_id})
        )
        counts = {bool(announced): number for announced, number in found}
        return Missed(sum(counts.values()), counts.get(False, 0))

    async def announced(self, user_id: int) -> None:
        """Note that a user has been told about the results that are waiting for them."""
        theirs = select(jobs.c.journal_id).where(
            jobs.c.user_id == user_id, jobs.c.stage == JobStage.UNDELIVERED
        )
        change = (
            update(job_results)
            .where(job_results.c.journal_id.in_(theirs), job_results.c.announced.is_(False))
            .values(announced=True)
        )
        await self._database.change(change)

    async def seen(self, journal_id: int) -> bool:
        """Note that the user has seen how the job ended. Returns whether that is new."""
        change = (
            update(jobs)
            .where(jobs.c.journal_id == journal_id, jobs.c.stage == JobStage.UNDELIVERED)
            .values(stage=JobStage.FINISHED)
        )

        def work(connection: Connection) -> bool:
            replace_result(connection, journal_id, None)
            return connection.execute(change).rowcount == 1

        return await self._database.write(work)


def replace_result(connection: Connection, journal_id: int, result: bytes | None) -> None:
    """Delete a job's kept result, and keep a new one if there is one."""
    RESULT_DELETED.count(connection, {"journal_id": journal_id})
    if result is not None:
        RESULT_ADDED.each(connection, [{"journal_id": journal_id, "result": result}])
