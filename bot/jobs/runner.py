"""Runs jobs for people: each is recorded, sent, followed, and shown to its requester at the end.

    runner.register(GraceMessage, revive)    # who shows such a job again after a crash
    async with runner:
        await runner.perform(request, requester=requester, place=place, title="…", view=view)

The journal has a job from before it is sent until its requester has seen how it ended. Meanwhile
this process follows it (`bot.jobs.running_job`); if the process dies, the next one finds the job in
the journal, fetches its result by its id, and shows it in the same place (`bot.jobs.recovery`).
Nothing is ever submitted twice.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, Self

from pydantic import JsonValue

from bot.clock import Clock
from bot.contract import Request
from bot.errors import QuestionDeleted, SkydeckError, Stopping, StoreFailed
from bot.i18n import Words
from bot.jobs.place import JobPlace, answers_message
from bot.jobs.recovery import JobRecovery, P, Revive, kind_of
from bot.jobs.running_job import Interruption, JobContext, RunningJob
from bot.jobs.view import AdmissionGate, JobView, Requester, StepView
from bot.service_calls.client import ServiceClient
from bot.store.limits import REQUEST_LIMIT_BYTES
from bot.store.repositories.journal import Journal
from bot.store.repositories.recovery import Ending, Entry

log = logging.getLogger(__name__)

GOODBYE_S: Final = 20.0
"""How long a shutdown waits until every requester has been told."""

_KEPT_BYTES: Final = REQUEST_LIMIT_BYTES + 1024
"""From this size on, what is sent holds a request that the journal does not keep."""

Wanted = Callable[[], Awaitable[bool]]


class JobRunner:
    """Runs jobs from Discord. An async context manager.

    Args:
        outlive: See `JobContext`.

    Attributes:
        recovery: Takes over jobs whose process is gone.
    """

    def __init__(
        self, client: ServiceClient, journal: Journal, clock: Clock, *, outlive: bool
    ) -> None:
        self._context = JobContext(client, journal, clock, outlive)
        self.recovery = JobRecovery(self._context, self._launch)
        self._group = asyncio.TaskGroup()
        self._running: dict[int, RunningJob] = {}
        self._chores: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        leases = self._context.journal.leases.keep(self._lose)
        self._chores.append(self._group.create_task(leases))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
        await self._group.__aexit__(None, None, None)

    def register(
        self, place: type[P], revive: Revive[P], *, gate: AdmissionGate | None = None
    ) -> None:
        """Say who shows orphaned jobs that have such a place, and which gate such jobs pass."""
        self.recovery.register(place, revive)
        if gate is not None:
            self._context.gates[kind_of(place)] = gate

    def begin_recovery(self) -> None:
        """From now on, take over jobs whose process is gone: their messages can be shown now."""
        self._chores.append(self._group.create_task(self.recovery.run()))

    async def perform(
        self,
        request: Request,
        *,
        requester: Requester,
        place: JobPlace,
        title: str,
        view: JobView,
        reply_token: str | None = None,
        is_shown: bool = True,
        is_wanted: Wanted | None = None,
        interaction_id: int | None = None,
    ) -> Ending:
        """Run a job to its end, however it ends; by then the requester has seen the outcome.

        Where its kind has a gate, the journal has the job while it waits there. If the process dies
        meanwhile, the next one lets it wait again: it was never sent, so nothing is paid twice.

        Args:
            request: What to do.
            requester: Who asked for it.
            place: Where the job is shown; at most 4 KiB as JSON.
            title: One line for lists.
            view: Shows the job.
            reply_token: The interaction's token, when `view` answers the interaction only in
                `started`: with it the next process finds the answer. The journal deletes it as
                soon as there is an answer.
            is_shown: Whether the requester can already see that it has begun. If not, the job is
                sent only after `view.started`: a process that dies before that leaves no
                placeholder that stays forever, because the next process sends the job.
            is_wanted: Called once the journal has the job, before it is shown or sent: False when
                somebody does the same already. The job is then dropped without a word. It may also
                raise QuestionDeleted, with the same effect.
            interaction_id: The interaction that asks for it. Discord may send it to two processes
                of one bot; only one of them then does the job.

        Raises:
            SkydeckError: The job did not begin: it is too large, the journal cannot be written, or
                skydeck is stopping. Nothing was sent or shown.
        """
        self._check_open()
        client = self._context.client
        request = request.model_copy(update={"contract_id": str(uuid.uuid4())})
        endpoint = client.endpoint(request.target.service)
        size_bytes = client.check(request)
        entry = Entry(
            service=endpoint.service,
            module=request.target.module,
            endpoint_id=endpoint.id,
            mode=endpoint.mode,
            user_id=requester.user_id,
            channel_id=requester.channel_id,
            guild_id=requester.guild_id,
            place=place.to_json(),
            title=title,
            deadline_ms=int(endpoint.deadline_s * 1000),
            contract_id=request.contract_id,
            # Not even written as JSON if it will not be kept: that holds the event loop, and
            # megabytes for as long as the job runs.
            request=request.model_dump_json().encode() if size_bytes <= _KEPT_BYTES else None,
            interaction_id=interaction_id,
            reply_token=reply_token,
            waits=not is_shown or place.kind in self._context.gates,
        )
        # In the group, so that whoever closes us waits until the journal has been written.
        beginning = self._group.create_task(self._begin(entry, request, view, is_wanted))
        begun = await asyncio.shield(beginning)
        if begun is None:
            return Ending.CANCELLED
        if isinstance(begun, SkydeckError):
            raise begun
        return await asyncio.shield(begun)

    def stop(self, journal_id: int) -> bool:
        """Stop a job because a person said so; False when it has ended or runs elsewhere."""
        running = self._running.get(journal_id)
        return running is not None and running.interrupt(Interruption.STOPPED)

    def step_of(self, journal_id: int, words: Words) -> str:
        """The step that a job of this process is at, in words; empty: unknown."""
        running = self._running.get(journal_id)
        view = None if running is None else running.view
        return view.step(words) if isinstance(view, StepView) else ""

    def interrupt_all_of(self, user_id: int) -> list[RunningJob]:
        """Stop a person's jobs, without waiting until they have ended."""
        return self._stop_each(r for r in self._running.values() if r.user_id == user_id)

    async def stop_all_of(self, user_id: int) -> int:
        """Stop a person's jobs, and wait until they have seen it. Returns how many there were."""
        stopped = self.interrupt_all_of(user_id)
        await _wait_for(stopped)
        return len(stopped)

    def withdraw(self, which: Callable[[RunningJob], bool]) -> list[RunningJob]:
        """Stop jobs whose question was deleted, and take back what is shown of them."""
        chosen = [running for running in self._running.values() if which(running)]
        return [running for running in chosen if running.interrupt(Interruption.WITHDRAWN)]

    async def leave(self, guild_id: int) -> int:
        """Stop the jobs of a server that has removed the bot, and wait until they have ended.

        Answers to messages are withdrawn: the messages are out of reach. Somebody who waits for a
        command's job, such as a build, is told that it was stopped. Returns how many there were.
        """
        there = [running for running in self._running.values() if running.guild_id == guild_id]
        withdrawn = self.withdraw(lambda r: r in there and answers_message(r.place))
        stopped = self._stop_each(r for r in there if not answers_message(r.place))
        await _wait_for([*withdrawn, *stopped])
        return len(withdrawn) + len(stopped)

    async def wait_for(
        self, which: Callable[[Mapping[str, JsonValue]], bool], *, within_s: float
    ) -> None:
        """Wait until this process's jobs at certain places have ended, or until the time is up."""
        await _wait_for([r for r in self._running.values() if which(r.place)], within_s)

    async def close(self) -> None:
        """Stop or hand over the running jobs, tell their requesters, and release the leases."""
        context = self._context
        if context.is_closing:
            return
        context.is_closing = True
        running = list(self._running.values())
        for one in running:
            is_left = one.interrupt(Interruption.CLOSING)
            if is_left and context.outlive and one.job_id is not None:
                context.client.detach(one.job_id)  # the next process collects it
        await _wait_for(running)
        for chore in self._chores:
            chore.cancel()
        try:
            await context.journal.leases.release()
        except StoreFailed as e:
            log.warning("leases not released; they run out by themselves: %s", e)

    # -- how ---------------------------------------------------------------------------------

    async def _begin(
        self, entry: Entry, request: Request, view: JobView, is_wanted: Wanted | None
    ) -> asyncio.Task[Ending] | SkydeckError | None:
        """Record a job and start it; an error that prevents this is returned, not raised."""
        journal = self._context.journal
        try:
            journal_id, is_repeat = await journal.begin_once(entry)
            if self._context.is_closing:  # meanwhile: nobody would wait for it any more
                await journal.finished(journal_id, Ending.CANCELLED, Stopping.code)
                self._check_open()
            if not await self._is_wanted(journal_id, is_wanted, is_repeat=is_repeat):
                return None
        except SkydeckError as e:
            return e
        running = RunningJob(
            self._context,
            journal_id,
            entry.user_id,
            entry.guild_id,
            entry.place,
            view,
            waits=entry.waits,
            channel_id=entry.channel_id,
        )
        return self._launch(running, running.send(request))

    async def _is_wanted(
        self, journal_id: int, is_wanted: Wanted | None, *, is_repeat: bool
    ) -> bool:
        """Whether to do a job; if not, this ends it in the journal.

        Raises:
            StoreFailed: It cannot be known now. Whoever claims the job tries again.
        """
        journal = self._context.journal
        try:
            if not is_repeat and (is_wanted is None or await is_wanted()):
                return True
            await journal.finished(journal_id, Ending.CANCELLED, "repeated")
        except QuestionDeleted as e:
            await journal.withdrawn(journal_id, e.code)
        except StoreFailed:
            with contextlib.suppress(StoreFailed):
                await journal.leases.release([journal_id])
            raise
        return False

    def _launch(self, running: RunningJob, work: Awaitable[Ending]) -> asyncio.Task[Ending]:
        self._running[running.journal_id] = running
        running.task = self._group.create_task(self._guarded(running, work))
        return running.task

    async def _guarded(self, running: RunningJob, work: Awaitable[Ending]) -> Ending:
        """For a task of the group: an unexpected error must not end everybody else's jobs."""
        try:
            return await work
        except Exception:
            log.exception("job %d ended unexpectedly", running.journal_id)
            return Ending.FAILED
        finally:
            self._running.pop(running.journal_id, None)

    def _stop_each(self, which: Iterable[RunningJob]) -> list[RunningJob]:
        stopped = list(which)
        for running in stopped:
            running.interrupt(Interruption.STOPPED)
        return stopped

    def _lose(self, journal_id: int) -> None:
        """Leave a job to the process that has its lease now."""
        running = self._running.get(journal_id)
        if running is None:
            return
        if running.job_id is not None:
            self._context.client.detach(running.job_id)  # the other process follows it
        running.interrupt(Interruption.LOST)

    def _check_open(self) -> None:
        if self._context.is_closing:
            raise Stopping("skydeck is being stopped.")


async def _wait_for(running: list[RunningJob], within_s: float = GOODBYE_S) -> None:
    tasks = [one.task for one in running if one.task is not None]
    if tasks:
        await asyncio.wait(tasks, timeout=within_s)
