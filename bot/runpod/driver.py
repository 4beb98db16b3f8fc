"""Drives flows: does what they ask, and looks after the jobs that their callers have left."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine
from dataclasses import dataclass
from typing import Final, TypeVar

from bot.clock import Clock
from bot.runpod.flow.job import accepted_id, cancel
from bot.runpod.models import (
    Flow,
    HttpRequest,
    Outcome,
    Pause,
    Reply,
    Sent,
    Tick,
    TransportErrorKind,
    TransportFailure,
    Update,
)
from bot.runpod.results.parsing import clean
from bot.runpod.retry import Dice
from bot.runpod.transport import HttpTransport

_log = logging.getLogger(__name__)

_FAREWELL_S: Final = 15.0
"""How long leaving waits until the jobs that nobody wants any more are cancelled."""

_T = TypeVar("_T")


@dataclass(slots=True, eq=False)
class OpenJob:
    """A job that a caller is following.

    Attributes:
        under: Its endpoint's id, quoted for a path.
        job_id: As soon as it is known.
        settled: Nothing has to be done for it any more.
    """

    under: str
    job_id: str | None = None
    settled: bool = False


class Driver:
    """Runs flows on a carrier.

    Args:
        carrier: The connections.
        clock: Time.
        dice: For jitter.
    """

    def __init__(self, carrier: HttpTransport, clock: Clock, dice: Dice) -> None:
        self._carrier = carrier
        self._clock = clock
        self._dice = dice
        self._group = asyncio.TaskGroup()
        self._farewells: set[asyncio.Task[None]] = set()
        self._open: set[OpenJob] = set()
        self._crowds: Counter[str] = Counter()
        self._is_running = False
        self._is_detached = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no answer may tell."""
        return self._carrier.secrets

    async def start(self) -> None:
        """Begin."""
        await self._group.__aenter__()
        self._is_running = True

    async def stop(self) -> None:
        """Cancel the jobs that are still being followed, and wait for that, for a bounded time."""
        for job in list(self._open):
            self._leave(job)
        self._is_running = False
        try:
            if self._farewells:
                await asyncio.wait(self._farewells, timeout=_FAREWELL_S)
        finally:
            for task in self._farewells:
                task.cancel()
            await self._carrier.close()
            await self._group.__aexit__(None, None, None)

    def detach(self, job_id: str | None = None) -> None:
        """Leave alone, from now on, whatever jobs are left; or only this one."""
        if job_id is None:
            self._is_detached = True
        for job in self._open:
            job.settled = job.settled or job.job_id == job_id

    def crowd(self, under: str) -> int:
        """How many jobs are in flight at an endpoint."""
        return self._crowds[under]

    async def result(self, flow: Flow[_T], under: str) -> _T:
        """Run a flow that has nothing to tell on the way."""
        self._check_running()
        return await self._run(flow, under)

    async def _run(self, flow: Flow[_T], under: str) -> _T:
        sent: Sent | None = None
        while True:
            try:
                asked = flow.send(sent) if sent is not None else next(flow)
            except StopIteration as stop:
                value: _T = stop.value
                return value
            sent = await self._do(asked, under)

    async def follow(self, job: OpenJob, flow: Flow[Outcome]) -> AsyncGenerator[Update, None]:
        """Run the flow of a job; leaving it early cancels the job.

        Yields:
            Its updates.

        Raises:
            SkydeckError: The error of its outcome.
        """
        self._open.add(job)
        self._crowds[job.under] += 1
        try:
            sent: Sent | None = None
            while not isinstance(asked := _step(flow, sent), Outcome):
                self._check_running()
                if isinstance(asked, Update):
                    job.job_id = asked.job_id or job.job_id
                    yield asked
                    # Whoever takes updates need not wait for anything, and there may be thousands.
                    await asyncio.sleep(0)
                    sent = Tick(self._clock.now())
                elif isinstance(asked, HttpRequest) and asked.must_land:
                    sent = await self._land(asked, job)
                else:
                    sent = await self._do(asked, job.under)
            job.settled = True
            if asked.update is not None:
                yield asked.update
            if asked.error is not None:
                raise asked.error
        finally:
            self._crowds[job.under] -= 1
            self._leave(job)

    async def _do(self, asked: HttpRequest | Pause | Update, under: str) -> Sent:
        if isinstance(asked, HttpRequest):
            return await self._carrier.carry(asked, under=under)
        if isinstance(asked, Pause):
            await self._clock.sleep(asked.seconds)
        return Tick(self._clock.now())

    def _check_running(self) -> None:
        if not self._is_running:
            raise RuntimeError("the client is not open: use it as `async with RunPodClient(…)`")

    # -- jobs that are left ------------------------------------------------------------------

    async def _land(self, request: HttpRequest, job: OpenJob) -> Reply:
        """Hand a job in such that a caller who is cancelled meanwhile does not leave it behind."""
        task = self._group.create_task(self._carry(request, job.under))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            job.settled = True
            self._farewell(self._cancel_unborn(task, job.under))
            raise

    async def _carry(self, request: HttpRequest, under: str) -> Reply:
        """For a task of the group, whose error would cancel whoever has opened the client."""
        try:
            return await self._carrier.carry(request, under=under)
        except Exception as e:  # noqa: BLE001 - see above; the error is logged and told
            _log.exception("A request ended in an unexpected way.")
            reason = f"unexpected {type(e).__name__}"
            return TransportFailure(
                kind=TransportErrorKind.BROKEN, reason=reason, now=self._clock.now()
            )

    def _leave(self, job: OpenJob) -> None:
        self._open.discard(job)
        if job.settled or self._is_detached:
            return
        job.settled = True
        if job.job_id is not None and self._is_running:
            self._farewell(self._cancel(job.job_id, job.under))

    def _farewell(self, work: Coroutine[None, None, None]) -> None:
        task = self._group.create_task(work)
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def _cancel_unborn(self, submission: asyncio.Task[Reply], under: str) -> None:
        job_id = accepted_id(await submission)
        if job_id is not None:
            await self._cancel(job_id, under)

    async def _cancel(self, job_id: str, under: str) -> None:
        try:
            flow = cancel(job_id, dice=self._dice, now=self._clock.now())
            cancelled = await self._run(flow, under)
        except Exception:  # noqa: BLE001 - nobody waits for this task, and it must not cancel others
            _log.exception("Cancelling a job ended in an unexpected way.")
            cancelled = False
        if not cancelled:
            _log.warning("The job %s could not be cancelled; it ends by itself.", clean(job_id))


def _step(flow: Flow[Outcome], sent: Sent | None) -> HttpRequest | Pause | Update | Outcome:
    try:
        return flow.send(sent) if sent is not None else next(flow)
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome
