"""One job that this process follows: sent or collected, shown while it runs, and ended."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from pydantic import JsonValue

from bot.choices import Mode
from bot.clock import Clock
from bot.contract import Request, Response
from bot.contract.recordings import clips_of
from bot.errors import (
    JobCancelled,
    QuestionDeleted,
    Restarted,
    SkydeckError,
    Stopping,
    StoreFailed,
    SubmissionUnknown,
)
from bot.jobs.edit_throttle import EditThrottle
from bot.jobs.outcomes import Outcome
from bot.jobs.view import AdmissionGate, JobView, Undeliverable
from bot.money import Call, Payer
from bot.runpod.models import Update
from bot.service_calls import recordings
from bot.service_calls.client import ServiceClient
from bot.store.repositories.journal import Journal
from bot.store.repositories.recovery import Ending, Job

log = logging.getLogger(__name__)

NOTED_WITHIN_S: Final = 5.0
"""How long a slow process has to note a job's id before the requester is told it is unknown."""
SHOW_AGAIN_S: Final = 15.0
"""The pause before a failed attempt to show a result is repeated."""
_MIN_COLLECT_S: Final = 60.0
_FIRST_REFRESH_S: Final = 0.05

Sent = AbstractAsyncContextManager[AsyncIterator[Update] | None]
"""Entering it sends a job, or follows a sent one; None: another process has the job."""


class Interruption(Enum):
    """Why a running job's task was cancelled."""

    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    CLOSING = "closing"


@dataclass(slots=True)
class JobContext:
    """What all jobs of this process share.

    Attributes:
        outlive: Whether jobs continue when this process ends (on RunPod they do): a shutdown then
            leaves those with an id, and those that wait, to the next process; it cancels all others
            and tells their requesters.
        is_closing: Whether this process is shutting down.
    """

    client: ServiceClient
    journal: Journal
    clock: Clock
    outlive: bool
    is_closing: bool = False
    gates: dict[str, AdmissionGate] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class RunningJob:
    """Follows a job to its end, however it ends.

    Attributes:
        place: The document in the journal.
        job_id: The service's id, once it is known.
        waits: Whether the journal has the job as waiting, so that nobody has sent it.
        channel_id: Where it was asked for; it may be shown elsewhere.
        is_gone: Whether its question was deleted before this process followed it.
    """

    context: JobContext
    journal_id: int
    user_id: int
    guild_id: int | None
    place: Mapping[str, JsonValue]
    view: JobView
    job_id: str | None = None
    waits: bool = False
    channel_id: int = 0
    is_gone: bool = False
    task: asyncio.Task[Ending] | None = None
    _interruption: Interruption | None = None
    _has_begun: bool = False
    _is_ending: bool = False
    _can_take_back: bool = False  # leaving its call before it has an id cancels that

    def interrupt(self, why: Interruption) -> bool:
        """Interrupt it; False when it is ending by itself, or was interrupted before."""
        if self._is_ending or self._interruption is not None or self.task is None:
            return False
        self._interruption = why
        if self._has_begun:  # else it would never run, and so never end
            self.task.cancel()
        return True

    # -- the ways of a job -------------------------------------------------------------------

    async def send(self, request: Request) -> Ending:
        """Show the job, send it when its turn has come, and follow it to its end."""
        return await self._follow_to_end(self._submitted(request), begins=True)

    async def collect(self, job: Job) -> Ending:
        """Follow a job that another process sent to its end."""
        return await self._follow_to_end(self._collected(job))

    async def report_unknown(self, job: Job) -> Ending:
        """Say what became of the job, unless its process was only slow.

        A process whose machine stands still for longer than its leases last is taken for dead. When
        it continues, it still notes the id that the service gave the job.
        """
        context = self.context
        try:
            self._begin()
            await context.clock.sleep(NOTED_WITHIN_S)
            known = await context.journal.get(job.journal_id)
        except asyncio.CancelledError:
            _resume_after_cancel()
            error = self._error_of_interruption()
            return await self.end(Outcome(error=error)) if error else Ending.UNKNOWN
        except StoreFailed:
            known = None
        if known is not None and known.job_id is not None:
            self.job_id = known.job_id
            return await self.collect(known)
        return await self.end(Outcome(error=await self._error_of_death(job)))

    async def _error_of_death(self, job: Job) -> SkydeckError:
        """The error of a job that has no id: did anything of it outlive its process?

        Services on this machine died with it. Of several recordings, each is heard by a call of its
        own before the job's own is sent: its answer was not begun.
        """
        if not self.context.outlive or await self._has_several_recordings(job):
            return Restarted("skydeck stopped while it worked on this.")
        return SubmissionUnknown("skydeck stopped while it was submitting this.")

    async def _has_several_recordings(self, job: Job) -> bool:
        """Whether that is known; the journal does not keep large requests."""
        try:
            asked = await self.context.journal.request(job.journal_id)
            return asked is not None and bool(clips_of(Request.model_validate_json(asked)))
        except (StoreFailed, ValueError):
            return False

    async def end(self, outcome: Outcome) -> Ending:
        """Show the outcome; when that fails for now, the job stays open for another attempt.

        An outcome that nothing can show is kept in the journal, where the requester can ask for it.
        """
        self._is_ending = True
        journal = self.context.journal
        ending, detail = outcome.ending
        try:
            is_seen = await self._show(outcome)
            if isinstance(outcome.error, QuestionDeleted):
                await journal.withdrawn(self.journal_id, detail)
            elif is_seen or isinstance(outcome.error, JobCancelled):  # whoever stopped it knows
                await journal.finished(self.journal_id, ending, detail)
            else:
                result = await asyncio.to_thread(outcome.pack)
                await journal.undelivered(self.journal_id, ending, detail, result)
        except (SkydeckError, OSError, TimeoutError) as e:
            log.warning("job %d: it cannot be ended yet: %s", self.journal_id, type(e).__name__)
            await self._show_again_later(outcome)
        return ending

    # -- how ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        """From now on, an interruption cancels the task.

        Raises:
            CancelledError: It was interrupted before the task ran.
        """
        self._has_begun = True
        if self._interruption is not None:
            raise asyncio.CancelledError

    async def _follow_to_end(self, call: Sent, *, begins: bool = False) -> Ending:
        try:
            self._begin()
            if begins and not await self._start():
                return Ending.UNKNOWN  # another process has it now, and sends it
            outcome = await self._follow(call)
            if self.is_gone:
                outcome = Outcome(error=_deleted())
        except asyncio.CancelledError:
            _resume_after_cancel()
            outcome = Outcome(error=self._error_of_interruption())
        except SkydeckError as e:
            outcome = Outcome(error=e)
        except Exception:
            log.exception("job %d broke off unexpectedly", self.journal_id)
            outcome = Outcome(error=SkydeckError("It broke off unexpectedly."))
        if outcome.error is None and outcome.response is None:
            return Ending.UNKNOWN  # another process has it, or will have
        return await self.end(outcome)

    async def _start(self) -> bool:
        """Show the job to its requester. Returns whether it is still ours."""
        place = await self.view.started(self.journal_id)
        if place is None:
            return True
        self.place = place.to_json()
        self.waits = self._gate is not None
        return await self.context.journal.shown(self.journal_id, self.place, waits=self.waits)

    async def _follow(self, call: Sent) -> Outcome:
        last: Response | None = None
        so_far = ""
        try:
            async with EditThrottle(self.view.refresh) as refreshing:
                if not self.is_gone:
                    # The job may have to wait, for its turn or for its service. If not, it is sent
                    # before its message gets a button.
                    asyncio.get_running_loop().call_later(_FIRST_REFRESH_S, refreshing.hurry)
                async with call as updates:
                    if updates is None:
                        return Outcome()
                    async for update in updates:
                        if self.job_id is None and update.job_id is not None:
                            # The journal learns the job's id before anybody else does.
                            self.job_id = update.job_id
                            await self.context.journal.accepted(self.journal_id, update.job_id)
                        last = update.response or last
                        so_far += _partial_text(update.response)
                        if self.is_gone and _is_unfinished(update):
                            raise _deleted()  # leaving the call cancels the job
                        self.view.update(update)
                        if self.job_id is not None:
                            refreshing.hurry()
        except SkydeckError as e:
            return Outcome(error=e, so_far=so_far)
        return Outcome(response=last)

    def _error_of_interruption(self) -> SkydeckError | None:
        """The error to show the requester; None if there is none, because the job continues."""
        if self._interruption is Interruption.STOPPED:
            return JobCancelled("It was stopped.")
        if self._interruption is Interruption.WITHDRAWN:
            return _deleted()
        if self._interruption is Interruption.CLOSING and not self._goes_on:
            return Stopping("skydeck was stopped while it worked on this.")
        return None

    @property
    def _goes_on(self) -> bool:
        """Whether the next process can follow the job, or send it, or has to say what is unknown.

        The calls before a job's own, which hear several recordings, are in no journal: they are
        cancelled, and so is a submission whose answer has not arrived.
        """
        return self.context.outlive and (self.job_id is not None or not self._can_take_back)

    async def _show(self, outcome: Outcome) -> bool:
        """Show the outcome. Returns whether the requester sees it now.

        Raises:
            SkydeckError, OSError, TimeoutError: It has to be tried again.
        """
        try:
            await outcome.show_in(self.view)
        except Undeliverable as e:
            log.warning("job %d: nothing can show its end: %s", self.journal_id, e)
        except (SkydeckError, OSError, TimeoutError):
            raise
        except Exception:
            log.exception("job %d: its end could not be shown", self.journal_id)
        else:
            return True
        return False

    async def _show_again_later(self, outcome: Outcome) -> None:
        context = self.context
        try:
            # A service keeps its result for half an hour; Discord may be away for longer.
            result = await asyncio.to_thread(outcome.pack)
            await context.journal.keep(self.journal_id, result, self.place)
        except StoreFailed as e:
            log.warning("job %d: its end is not in the journal: %s", self.journal_id, e)
        if not context.is_closing:
            await context.clock.sleep(SHOW_AGAIN_S)
        await context.journal.leases.release([self.journal_id])

    @property
    def _gate(self) -> AdmissionGate | None:
        return self.context.gates.get(str(self.place.get("kind")))

    def _admitted(self, *, is_sent: bool) -> AbstractAsyncContextManager[None]:
        gate = self._gate
        if gate is None:
            return nullcontext()
        return gate(self.journal_id, user_id=self.user_id, guild_id=self.guild_id, is_sent=is_sent)

    @asynccontextmanager
    async def _submitted(self, request: Request) -> AsyncIterator[AsyncIterator[Update] | None]:
        """The call of a job that is sent when its turn has come."""
        context = self.context
        async with self._admitted(is_sent=False):
            if self.waits and not await context.journal.sending(self.journal_id):
                yield None
                return
            mode = context.client.endpoint(request.target.service).mode
            self._can_take_back = mode is not Mode.RUNSYNC
            try:
                async with recordings.submit(context.client, request) as updates:
                    yield updates
            except SubmissionUnknown:
                await context.journal.unknown(self.journal_id)
                raise

    @asynccontextmanager
    async def _collected(self, job: Job) -> AsyncIterator[AsyncIterator[Update]]:
        """The call of a job that another process sent."""
        deadline_s = max(job.deadline_ms / 1000, _MIN_COLLECT_S)
        client = self.context.client
        async with (
            self._admitted(is_sent=True),
            client.collect(
                job.job_id or "", _call_of(job), deadline_s=deadline_s, mode=job.mode
            ) as call,
        ):
            yield call


def _deleted() -> QuestionDeleted:
    return QuestionDeleted("The question was deleted.")


def _is_unfinished(update: Update) -> bool:
    return update.response is None or update.response.is_partial


def _partial_text(response: Response | None) -> str:
    return response.text if response is not None and response.is_partial else ""


def _call_of(job: Job) -> Call:
    """The call that the job was submitted with, so that its cost is recorded once."""
    return Call(
        call_id=job.contract_id or f"journal-{job.journal_id}",
        service=job.service,
        module=job.module,
        payer=Payer(user_id=job.user_id, guild_id=job.guild_id, channel_id=job.channel_id),
        deadline_ms=job.deadline_ms,
    )


def _resume_after_cancel() -> None:
    """Undo the cancellation of this task: it was on purpose, and the task has more to do."""
    task = asyncio.current_task()
    while task is not None and task.uncancel():
        pass
