"""Orphaned jobs: those whose process is gone are claimed from the journal, and ended here."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Never, TypeVar

from bot.contract import Request
from bot.errors import QuestionDeleted, Stopping, StoreFailed
from bot.jobs.outcomes import Outcome
from bot.jobs.place import JobPlace
from bot.jobs.running_job import JobContext, RunningJob
from bot.jobs.view import JobView, NoView, WithdrawableView
from bot.store.repositories.recovery import Ending, Job, Recovered, Recovery

log = logging.getLogger(__name__)

CLAIM_EVERY_S: Final = 1.0
"""The pause between two searches for orphaned jobs."""

P = TypeVar("P", bound=JobPlace)

Revive = Callable[[Job, P], Awaitable[JobView | None]]
"""Makes the view of a job that another process began; None when its message is gone.

An OSError or TimeoutError means that it has to be tried again later."""


@dataclass(slots=True)
class JobRecovery:
    """Takes over jobs whose process is gone.

    Attributes:
        launch: Runs a job's work in a task of this process.
    """

    context: JobContext
    launch: Callable[[RunningJob, Awaitable[Ending]], object]
    _revivers: dict[str, Callable[[Job], Awaitable[JobView | None]]] = field(default_factory=dict)

    def register(self, place: type[P], revive: Revive[P]) -> None:
        """From now on, use `revive` to make the views of orphaned jobs with such a place."""

        async def read_and_revive(job: Job) -> JobView | None:
            return await revive(job, place.model_validate(job.place))

        self._revivers[kind_of(place)] = read_and_revive

    async def run(self) -> Never:
        """Look for orphaned jobs, and take them over, until this is cancelled."""
        while True:
            try:
                found = await self.context.journal.leases.claim()
            except StoreFailed as e:
                log.warning("the journal cannot be searched for orphaned jobs: %s", e)
                found = []
            for recovered in found:
                await self._resume(recovered)
            await self.context.clock.sleep(CLAIM_EVERY_S)

    async def view_of(self, job: Job) -> JobView | None:
        """The view of a job that this process did not begin; None: nobody can make it.

        Raises:
            OSError, TimeoutError: Discord does not answer now.
        """
        revive = self._revivers.get(str(job.place.get("kind")))
        if revive is None:
            log.warning("job %d: nobody can show it", job.journal_id)
            return None
        try:
            return await revive(job)
        except (OSError, TimeoutError):
            raise
        except Exception:
            log.exception("job %d: its place cannot be read", job.journal_id)
            return None

    async def kept_outcome(self, job: Job) -> Outcome | None:
        """The outcome that a job's requester has not seen; None: the journal has none."""
        try:
            result = await self.context.journal.results.get(job.journal_id)
            return None if result is None else await asyncio.to_thread(Outcome.unpack, result)
        except (StoreFailed, ValueError):
            log.warning("job %d: the outcome in the journal cannot be read", job.journal_id)
            return None

    async def _resume(self, recovered: Recovered) -> None:
        job, journal = recovered.job, self.context.journal
        log.info("job %d is orphaned: %s", job.journal_id, recovered.action)
        try:
            view = await self.view_of(job)
            is_gone = not await _is_wanted(view, job)
        except (OSError, TimeoutError):
            log.warning("job %d: its message cannot be looked up yet", job.journal_id)
            await journal.leases.release([job.journal_id])
            return
        if view is None:
            if job.job_id is None:
                await journal.finished(job.journal_id, Ending.UNKNOWN, "no_place")
                return
            view = NoView()
        running = RunningJob(
            self.context,
            job.journal_id,
            job.user_id,
            job.guild_id,
            job.place,
            view,
            job_id=job.job_id,
            waits=recovered.action is Recovery.SEND,
            channel_id=job.channel_id,
            is_gone=is_gone,
        )
        self.launch(running, await self._rest_of(running, recovered))

    async def _rest_of(self, running: RunningJob, recovered: Recovered) -> Awaitable[Ending]:
        """The work that remains for an orphaned job."""
        job = recovered.job
        if running.is_gone and recovered.action is not Recovery.COLLECT:
            return running.end(Outcome(error=QuestionDeleted("The question was deleted.")))
        outcome = await self.kept_outcome(job)
        if outcome is not None:
            outcome.restore_draft(running.view)
            return running.end(outcome)
        if recovered.action is Recovery.COLLECT:
            return running.collect(job)
        if recovered.action is not Recovery.SEND:
            return running.report_unknown(job)
        request = await self._request_of(job)
        if request is None:
            error = Stopping("skydeck was stopped before this was sent.")
            return running.end(Outcome(error=error))
        return running.send(request)

    async def _request_of(self, job: Job) -> Request | None:
        """The request of a job that was never sent; None when it is lost, or no longer wanted."""
        age_ms = self.context.clock.wall() * 1000 - job.created_at_ms
        if age_ms > job.deadline_ms:
            return None
        try:
            contract = await self.context.journal.request(job.journal_id)
            return None if contract is None else Request.model_validate_json(contract)
        except StoreFailed:
            return None
        except ValueError:
            log.warning("job %d: its request cannot be read", job.journal_id)
            return None


async def _is_wanted(view: object, job: Job) -> bool:
    """Whether a job's question is still there; yes if that cannot be known.

    Raises:
        OSError, TimeoutError: Discord does not answer now.
    """
    try:
        return not isinstance(view, WithdrawableView) or await view.is_wanted(job)
    except (OSError, TimeoutError):
        raise
    except Exception:
        log.exception("job %d: its question cannot be looked up", job.journal_id)
        return True


def kind_of(place: type[JobPlace]) -> str:
    """The kind of the jobs that have such a place."""
    return str(place.model_fields["kind"].default)
