"""Jobs for people: written down before they are sent, followed, stopped, ended in their sight.

    runner.register("factory", revive)       # who shows such a job again after a crash
    async with runner:
        await runner.perform(request, asker=asker, place=place, title="…", show=show)

A job is in the journal from before it is sent until its person has seen how it ended. Between the
two this process follows it; if the process dies, the next one (or another) finds it there, gets its
result under its id, and shows it in the same place. Nothing is ever handed in a second time.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Final, Self

from bot.clock import Clock
from bot.contract import Request, Response
from bot.errors import (
    JobCancelled,
    SkydeckError,
    Stopping,
    StoreFailed,
    SubmissionUnknown,
)
from bot.jobs.endings import Followed, ending_of, not_known
from bot.jobs.outcome import packed, unpacked
from bot.jobs.telling import remind, show_end
from bot.jobs.throttle import Throttle
from bot.jobs.view import AdmissionGate, JobView, NoView, Place, Requester, Revive, Undeliverable
from bot.money import Call, Payer
from bot.service_calls.call import ServiceCall
from bot.service_calls.client import ServiceClient
from bot.store.repositories.journal import Journal
from bot.store.repositories.recovery import Ending, Entry, Job, Recovered, Recovery

log = logging.getLogger(__name__)

CLAIM_EVERY_S: Final = 1.0
"""How often jobs are looked for whose process is gone."""
GOODBYE_S: Final = 20.0
"""How long a shutdown waits until everybody has been told."""
NOTED_WITHIN_S: Final = 5.0
"""How long a job without an id is waited for before its person is told that it is not known."""
SHOW_AGAIN_S: Final = 15.0
"""How long after a failed attempt to show a result it is tried again."""


Wanted = Callable[[], Awaitable[bool]]
Sent = AbstractAsyncContextManager[ServiceCall | None]
"""Entering it sends a job or follows a sent one; None: another process has it."""


class _Reason(Enum):
    """Why a running job's task was cancelled."""

    STOPPED = "stopped"
    LOST = "lost"
    CLOSING = "closing"


@dataclass(slots=True, eq=False)
class _Running:
    """A job that this process follows."""

    journal_id: int
    user_id: int
    guild_id: int | None
    place: Place
    show: JobView
    job_id: str | None = None
    waits: bool = False
    task: asyncio.Task[Ending] | None = None
    reason: _Reason | None = None
    is_ending: bool = False

    def cancel(self, reason: _Reason) -> bool:
        """Interrupt it; False when it is ending by itself, or was interrupted before."""
        if self.is_ending or self.reason is not None or self.task is None:
            return False
        self.reason = reason
        self.task.cancel()
        return True


@dataclass(slots=True)
class JobRunner:
    """Runs jobs from Discord. An async context manager.

    Attributes:
        client: The services.
        journal: Where every job stands.
        clock: Time.
        outlive: Whether jobs go on when this process ends (on RunPod they do): a shutdown then
            leaves them to the next process, else it cancels them and tells their people.
    """

    client: ServiceClient
    journal: Journal
    clock: Clock
    outlive: bool
    _group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)
    _running: dict[int, _Running] = field(default_factory=dict)
    _revivers: dict[str, Revive] = field(default_factory=dict)
    _gates: dict[str, AdmissionGate] = field(default_factory=dict)
    _chores: list[asyncio.Task[None]] = field(default_factory=list)
    _is_closing: bool = False

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._chores.append(self._group.create_task(self.journal.keep_leases(self._lost)))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
        await self._group.__aexit__(None, None, None)

    def register(self, kind: str, revive: Revive, *, gate: AdmissionGate | None = None) -> None:
        """Say who shows jobs whose place has this `kind` again, and whether they take turns."""
        self._revivers[kind] = revive
        if gate is not None:
            self._gates[kind] = gate

    def begin_recovery(self) -> None:
        """From now on, take over jobs whose process is gone; the faces can be shown now."""
        self._chores.append(self._group.create_task(self._recover()))

    async def perform(
        self,
        request: Request,
        *,
        asker: Requester,
        place: Place,
        title: str,
        show: JobView,
        reply_token: str | None = None,
        is_shown: bool = True,
        is_wanted: Wanted | None = None,
        interaction_id: int | None = None,
    ) -> Ending:
        """Run a job to its end, whatever the end is; the person has then seen it.

        Where its kind has a gate it is in the journal while it waits there. If the process dies
        meanwhile the next one lets it wait again: it was never sent, so nothing is paid twice.

        Args:
            request: What to do.
            asker: For whom.
            place: What `register`ed revivers need to show it again; at most 4 KiB, with a `kind`.
            title: One line for lists.
            show: Its face.
            reply_token: Of the interaction, when `show` answers it only in `started`: with it the
                next process finds the answer. The journal forgets it as soon as it is answered.

            is_shown: Whether its person sees already that it is worked on. If not, `show.started`
                lets them see it, and only then is it sent: a process that dies before leaves
                nobody with a working line that stays for ever, for the next one sends it.
            is_wanted: Asked once the job is in the journal, and before it is shown or sent: False
                when somebody does the same already, and this one is dropped without a word.
            interaction_id: Of the interaction that asks for it: two processes of one bot may both
                be told of it, and then only one does it.

        Raises:
            SkydeckError: It was not begun: it is too large, the journal cannot be written, or
                skydeck is stopping. Nothing was sent, and `show` knows nothing of it.
        """
        self._check_open()
        request = request.model_copy(update={"contract_id": str(uuid.uuid4())})
        endpoint = self.client.endpoint(request.target.service)
        self.client.check(request)
        entry = Entry(
            service=endpoint.service,
            module=request.target.module,
            endpoint_id=endpoint.id,
            mode=endpoint.mode,
            user_id=asker.user_id,
            channel_id=asker.channel_id,
            guild_id=asker.guild_id,
            place=place,
            title=title,
            deadline_ms=int(endpoint.deadline_s * 1000),
            contract_id=request.contract_id,
            request=request.model_dump_json().encode(),
            interaction_id=interaction_id,
            reply_token=reply_token,
            waits=not is_shown or self._gate_of(place) is not None,
        )
        # In the group, so that whoever closes us waits until the journal has been written.
        beginning = self._group.create_task(self._begin(entry, request, show, is_wanted))
        begun = await asyncio.shield(beginning)
        if begun is None:
            return Ending.CANCELLED
        if isinstance(begun, SkydeckError):
            raise begun
        return await asyncio.shield(begun)

    async def _begin(
        self, entry: Entry, request: Request, show: JobView, is_wanted: Wanted | None
    ) -> asyncio.Task[Ending] | SkydeckError | None:
        """Write a job down and set out; what keeps it from that is returned, not raised."""
        try:
            journal_id = await self.journal.begin(entry)
            if self._is_closing:  # meanwhile: nobody would wait for it any more
                await self.journal.finished(journal_id, Ending.CANCELLED, Stopping.code)
                self._check_open()
            if not await self._is_wanted(journal_id, entry, is_wanted):
                return None
        except SkydeckError as e:
            return e
        running = _Running(
            journal_id, entry.user_id, entry.guild_id, entry.place, show, waits=entry.waits
        )
        call = self._submitted(running, request)
        return self._launch(running, self._see_through(running, call, begins=True))

    async def _is_wanted(self, journal_id: int, entry: Entry, is_wanted: Wanted | None) -> bool:
        """Whether a job is to be done; else it is put away.

        Raises:
            StoreFailed: It cannot be known now. Another try will be made when its lease is over.
        """
        try:
            is_repeat = await self.journal.is_repeat(journal_id, entry)
            if not is_repeat and (is_wanted is None or await is_wanted()):
                return True
            await self.journal.finished(journal_id, Ending.CANCELLED, "repeated")
        except StoreFailed:
            with contextlib.suppress(StoreFailed):
                await self.journal.release([journal_id])
            raise
        return False

    def stop(self, journal_id: int) -> bool:
        """Stop a job because a person said so; False when it has ended or runs elsewhere."""
        running = self._running.get(journal_id)
        return running is not None and running.cancel(_Reason.STOPPED)

    async def stop_all_of(self, user_id: int) -> int:
        """Stop a person's jobs and wait until they have been told; how many there were."""
        return await self._stop_all(r for r in self._running.values() if r.user_id == user_id)

    async def stop_all_on(self, guild_id: int) -> int:
        """The same for the jobs of a server that the bot was put out of."""
        return await self._stop_all(r for r in self._running.values() if r.guild_id == guild_id)

    async def _stop_all(self, which: Iterable[_Running]) -> int:
        stopped = list(which)
        for running in stopped:
            self.stop(running.journal_id)
        await self._wait_for(stopped)
        return len(stopped)

    async def close(self) -> None:
        """Stop or hand over what runs, tell everybody, and let the journal's leases go."""
        if self._is_closing:
            return
        self._is_closing = True
        if self.outlive:
            self.client.detach()
        running = list(self._running.values())
        for one in running:
            one.cancel(_Reason.CLOSING)
        await self._wait_for(running)
        for chore in self._chores:
            chore.cancel()
        try:
            await self.journal.release()
        except StoreFailed as e:
            log.warning("leases not released; they run out by themselves: %s", e)

    # -- one job -----------------------------------------------------------------------------

    def _launch(
        self, running: _Running, work: "asyncio.Future[Ending] | Awaitable[Ending]"
    ) -> asyncio.Task[Ending]:
        self._running[running.journal_id] = running
        running.task = self._group.create_task(self._guarded(running, work))
        return running.task

    async def _guarded(self, running: _Running, work: Awaitable[Ending]) -> Ending:
        """For a task of the group: an unexpected error must not end everybody else's jobs."""
        try:
            return await work
        except Exception:
            log.exception("job %d ended in an unexpected way", running.journal_id)
            return Ending.FAILED
        finally:
            self._running.pop(running.journal_id, None)

    async def _see_through(self, running: _Running, call: Sent, *, begins: bool = False) -> Ending:
        """Follow a job and show its end; the journal then forgets that it was open."""
        try:
            if begins and not await self._start(running):
                return Ending.UNKNOWN  # another process has it now, and sends it
            followed = await self._follow(running, call)
        except asyncio.CancelledError:
            _resume_after_cancel()
            followed = Followed(error=self._why(running))
        except SkydeckError as e:
            followed = Followed(error=e)
        except Exception:
            log.exception("job %d broke off in an unexpected way", running.journal_id)
            followed = Followed(error=SkydeckError("It broke off in an unexpected way."))
        if followed.error is None and followed.response is None:
            return Ending.UNKNOWN  # another process has it, or will have
        return await self._tell(running, followed)

    async def _start(self, running: _Running) -> bool:
        """Let the job be seen; whether it is still ours."""
        place = await running.show.started(running.journal_id)
        if place is None:
            return True
        running.place = place
        running.waits = self._gate_of(place) is not None
        return await self.journal.shown(running.journal_id, place, waits=running.waits)

    def _why(self, running: _Running) -> SkydeckError | None:
        """What to tell a person whose job was interrupted; None: nothing, it goes on."""
        if running.reason is _Reason.STOPPED:
            return JobCancelled("It was stopped.")
        if running.reason is _Reason.CLOSING and not self.outlive:
            return Stopping("skydeck was stopped while it worked on this.")
        return None

    async def _follow(self, running: _Running, call: Sent) -> Followed:
        show = running.show
        last: Response | None = None
        so_far = ""
        try:
            async with Throttle(show.refresh, self.clock) as pace:
                pace.hurry()  # it may have to wait for its turn before the first update
                async with call as updates:
                    if updates is None:
                        return Followed()
                    async for update in updates:
                        if running.job_id is None and update.job_id is not None:
                            # The journal learns the job's id before anybody else does.
                            running.job_id = update.job_id
                            await self.journal.accepted(running.journal_id, update.job_id)
                        last = update.response or last
                        so_far += _words_of(update.response)
                        show.update(update)
                        pace.hurry()
        except SkydeckError as e:
            return Followed(error=e, so_far=so_far)
        return Followed(response=last)

    async def _tell(self, running: _Running, followed: Followed) -> Ending:
        """Show the end; when that cannot be done now, the job stays open for another attempt.

        When it can be shown nowhere it is kept, for its person to ask for it.
        """
        running.is_ending = True
        ending, detail = ending_of(followed)
        try:
            is_known = await self._is_shown(running, followed)
            if is_known or isinstance(followed.error, JobCancelled):  # whoever stopped it knows
                await self.journal.finished(running.journal_id, ending, detail)
            else:
                result = await asyncio.to_thread(packed, followed)
                await self.journal.undelivered(running.journal_id, ending, detail, result)
        except (SkydeckError, OSError, TimeoutError) as e:
            log.warning("job %d: it cannot be ended yet: %s", running.journal_id, type(e).__name__)
            await self._try_again_later(running, followed)
        return ending

    async def _is_shown(self, running: _Running, followed: Followed) -> bool:
        """Show the end; whether its person sees it now.

        Raises:
            SkydeckError, OSError, TimeoutError: It is to be tried again.
        """
        try:
            await show_end(running.show, followed)
        except Undeliverable as e:
            log.warning("job %d: its end can be shown nowhere: %s", running.journal_id, e)
        except (SkydeckError, OSError, TimeoutError):
            raise
        except Exception:
            log.exception("job %d: its end could not be shown", running.journal_id)
        else:
            return True
        return False

    async def _try_again_later(self, running: _Running, followed: Followed) -> None:
        try:
            # A service keeps its result for half an hour; Discord may be away for longer.
            result = await asyncio.to_thread(packed, followed)
            await self.journal.keep(running.journal_id, result, running.place)
        except StoreFailed as e:
            log.warning("job %d: its end is not written down: %s", running.journal_id, e)
        if not self._is_closing:
            await self.clock.sleep(SHOW_AGAIN_S)
        await self.journal.release([running.journal_id])

    def _check_open(self) -> None:
        if self._is_closing:
            raise Stopping("skydeck is being stopped.")

    def _gate_of(self, place: Place) -> AdmissionGate | None:
        return self._gates.get(str(place.get("kind")))

    def _turn(self, running: _Running, *, is_sent: bool) -> AbstractAsyncContextManager[None]:
        gate = self._gate_of(running.place)
        if gate is None:
            return nullcontext()
        return gate(
            running.journal_id,
            user_id=running.user_id,
            guild_id=running.guild_id,
            is_sent=is_sent,
        )

    @asynccontextmanager
    async def _submitted(
        self, running: _Running, request: Request
    ) -> AsyncIterator[ServiceCall | None]:
        """The call of a job that is sent when its turn has come; None: another process sends it."""
        async with self._turn(running, is_sent=False):
            if running.waits and not await self.journal.sending(running.journal_id):
                yield None
                return
            try:
                async with self.client.submit(request) as call:
                    yield call
            except SubmissionUnknown:
                await self.journal.unknown(running.journal_id)
                raise

    @asynccontextmanager
    async def _collected(self, running: _Running, job: Job) -> AsyncIterator[ServiceCall]:
        """The call of a job that another process has sent."""
        deadline_s = max(job.deadline_ms / 1000, 60.0)
        async with (
            self._turn(running, is_sent=True),
            self.client.collect(
                job.job_id or "", _call_of(job), deadline_s=deadline_s, mode=job.mode
            ) as call,
        ):
            yield call

    # -- jobs that were left behind ----------------------------------------------------------

    async def _recover(self) -> None:
        while True:
            try:
                found = await self.journal.claim()
            except StoreFailed as e:
                log.warning("no look for jobs that were left behind: %s", e)
                found = []
            for recovered in found:
                await self._resume(recovered)
            await self.clock.sleep(CLAIM_EVERY_S)

    async def _resume(self, recovered: Recovered) -> None:
        job = recovered.job
        log.info("job %d was left behind: %s", job.journal_id, recovered.action)
        try:
            show = await self.face_of(job)
        except (OSError, TimeoutError):
            log.warning("job %d: its place cannot be looked at yet", job.journal_id)
            await self.journal.release([job.journal_id])
            return
        if show is None:
            if job.job_id is None:
                await self.journal.finished(job.journal_id, Ending.UNKNOWN, "no_place")
                return
            show = NoView()
        running = _Running(
            job.journal_id,
            job.user_id,
            job.guild_id,
            job.place,
            show,
            job.job_id,
            waits=recovered.action is Recovery.SEND,
        )
        self._launch(running, await self._rest_of(running, recovered))

    async def _rest_of(self, running: _Running, recovered: Recovered) -> Awaitable[Ending]:
        """What is still to be done for a job that was left behind."""
        job = recovered.job
        followed = await self.kept(job)
        if followed is not None:
            remind(running.show, followed)
            return self._tell(running, followed)
        if recovered.action is Recovery.COLLECT and job.job_id is not None:
            return self._see_through(running, self._collected(running, job))
        if recovered.action is not Recovery.SEND:
            return self._see_unknown(running, job)
        request = await self._request_of(job)
        if request is None:
            error = Stopping("skydeck was stopped before this was sent.")
            return self._tell(running, Followed(error=error))
        return self._see_through(running, self._submitted(running, request), begins=True)

    async def kept(self, job: Job) -> Followed | None:
        """How a job ended, when that is known and its person is not."""
        try:
            result = await self.journal.result(job.journal_id)
            return None if result is None else await asyncio.to_thread(unpacked, result)
        except (StoreFailed, ValueError):
            log.warning("job %d: what is kept of its end cannot be read", job.journal_id)
            return None

    async def _see_unknown(self, running: _Running, job: Job) -> Ending:
        """Tell that a job may be running, unless who handed it in was only slow.

        A process whose machine stands still for longer than its leases last is taken for dead. When
        it goes on it still notes the id that the service has given it.
        """
        try:
            await self.clock.sleep(NOTED_WITHIN_S)
            known = await self.journal.get(job.journal_id)
        except asyncio.CancelledError:
            _resume_after_cancel()
            error = self._why(running)
            return await self._tell(running, Followed(error=error)) if error else Ending.UNKNOWN
        except StoreFailed:
            known = None
        if known is not None and known.job_id is not None:
            running.job_id = known.job_id
            return await self._see_through(running, self._collected(running, known))
        return await self._tell(running, Followed(error=not_known()))

    async def _request_of(self, job: Job) -> Request | None:
        """What a job that was never sent asks for; None when it is not known or not wanted now."""
        age_ms = self.clock.wall() * 1000 - job.created_at_ms
        if age_ms > job.deadline_ms:
            return None
        try:
            contract = await self.journal.request(job.journal_id)
        except StoreFailed:
            return None
        try:
            return None if contract is None else Request.model_validate_json(contract)
        except ValueError:
            log.warning("job %d: what it asks for cannot be read", job.journal_id)
            return None

    async def face_of(self, job: Job) -> JobView | None:
        """The face of a job that this process does not know; None: nobody can make it.

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

    def _lost(self, journal_id: int) -> None:
        running = self._running.get(journal_id)
        if running is None:
            return
        if running.job_id is not None:
            self.client.detach(running.job_id)  # whoever has it now follows it
        running.cancel(_Reason.LOST)

    @staticmethod
    async def _wait_for(running: list[_Running]) -> None:
        tasks = [one.task for one in running if one.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=GOODBYE_S)


def _words_of(response: Response | None) -> str:
    return response.text if response is not None and response.is_partial else ""


def _call_of(job: Job) -> Call:
    """The call that a job was handed in with, so that its cost is booked once."""
    return Call(
        call_id=job.contract_id or f"journal-{job.journal_id}",
        service=job.service,
        module=job.module,
        payer=Payer(user_id=job.user_id, guild_id=job.guild_id, channel_id=job.channel_id),
        deadline_ms=job.deadline_ms,
    )


def _resume_after_cancel() -> None:
    """This task was cancelled on purpose, and has something left to say."""
    task = asyncio.current_task()
    while task is not None and task.uncancel():
        pass
