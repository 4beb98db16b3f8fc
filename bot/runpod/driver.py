"""Drives flows: does what they ask, and cancels the jobs that their callers leave."""

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
from bot.runpod.retry import Rng
from bot.runpod.transport import HttpTransport
from bot.sanitize import clean_excerpt

_log = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S: Final = 15.0
"""How long closing waits for the cancellation of jobs."""

_T = TypeVar("_T")


@dataclass(slots=True, eq=False)
class OpenJob:
    """A job that a caller is following.

    Attributes:
        endpoint_path: Its endpoint's id, quoted for a path.
        job_id: The platform's id, once it is known.
        settled: It has ended, or must not be cancelled.
    """

    endpoint_path: str
    job_id: str | None = None
    settled: bool = False


class Driver:
    """Runs flows over HTTP.

    Args:
        clock: Gives each flow the time, and waits when one pauses.
        rng: For jitter.
    """

    def __init__(self, transport: HttpTransport, clock: Clock, rng: Rng) -> None:
        self._transport = transport
        self._clock = clock
        self._rng = rng
        self._group = asyncio.TaskGroup()
        self._cancelling: set[asyncio.Task[None]] = set()
        self._open: set[OpenJob] = set()
        self._in_flight: Counter[str] = Counter()
        self._is_running = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is removed from every answer."""
        return self._transport.secrets

    async def start(self) -> None:
        """Allow requests."""
        await self._group.__aenter__()
        self._is_running = True

    async def stop(self) -> None:
        """Cancel the jobs that are still being followed, and wait for that for a limited time."""
        for job in list(self._open):
            self._leave(job)
        self._is_running = False
        try:
            if self._cancelling:
                await asyncio.wait(self._cancelling, timeout=_CLOSE_TIMEOUT_S)
        finally:
            for task in self._cancelling:
                task.cancel()
            await self._transport.close()
            await self._group.__aexit__(None, None, None)

    def detach(self, job_id: str) -> None:
        """Do not cancel this job when its caller leaves it."""
        for job in self._open:
            job.settled = job.settled or job.job_id == job_id

    def in_flight(self, endpoint_path: str) -> int:
        """How many jobs are in flight at an endpoint."""
        return self._in_flight[endpoint_path]

    async def result(self, flow: Flow[_T], endpoint_path: str) -> _T:
        """Run a flow that gives no updates."""
        self._check_running()
        return await self._run(flow, endpoint_path)

    async def _run(self, flow: Flow[_T], endpoint_path: str) -> _T:
        sent: Sent | None = None
        while True:
            try:
                asked = flow.send(sent) if sent is not None else next(flow)
            except StopIteration as stop:
                value: _T = stop.value
                return value
            sent = await self._do(asked, endpoint_path)

    async def follow(self, job: OpenJob, flow: Flow[Outcome]) -> AsyncGenerator[Update, None]:
        """Run the flow of a job; leaving it early cancels the job.

        Yields:
            Its updates.

        Raises:
            SkydeckError: The error of its outcome.
        """
        self._open.add(job)
        self._in_flight[job.endpoint_path] += 1
        try:
            sent: Sent | None = None
            while not isinstance(asked := _step(flow, sent), Outcome):
                self._check_running()
                if isinstance(asked, Update):
                    job.job_id = asked.job_id or job.job_id
                    yield asked
                    # The caller may await nothing, and there may be thousands of updates.
                    await asyncio.sleep(0)
                    sent = Tick(self._clock.now())
                elif isinstance(asked, HttpRequest) and asked.must_land:
                    sent = await self._land(asked, job)
                else:
                    sent = await self._do(asked, job.endpoint_path)
            job.settled = True
            if asked.update is not None:
                yield asked.update
            if asked.error is not None:
                raise asked.error
        finally:
            self._in_flight[job.endpoint_path] -= 1
            self._leave(job)

    async def _do(self, asked: HttpRequest | Pause | Update, endpoint_path: str) -> Sent:
        if isinstance(asked, HttpRequest):
            return await self._transport.send(asked, endpoint_path=endpoint_path)
        if isinstance(asked, Pause):
            await self._clock.sleep(asked.seconds)
        return Tick(self._clock.now())

    def _check_running(self) -> None:
        if not self._is_running:
            raise RuntimeError("the client is not open: use it as `async with RunPodClient(…)`")

    # -- jobs that their callers leave -------------------------------------------------------

    async def _land(self, request: HttpRequest, job: OpenJob) -> Reply:
        """Submit a job; if the caller is cancelled meanwhile, cancel the job as well."""
        task = self._group.create_task(self._send(request, job.endpoint_path))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            job.settled = True
            self._in_background(self._cancel_submitted(task, job.endpoint_path))
            raise

    async def _send(self, request: HttpRequest, endpoint_path: str) -> Reply:
        """Send a request in a task of the group, where an error would cancel the client's owner."""
        try:
            return await self._transport.send(request, endpoint_path=endpoint_path)
        except Exception as e:  # noqa: BLE001 - see above; the error is logged and returned
            _log.exception("A request failed unexpectedly.")
            reason = f"unexpected {type(e).__name__}"
            return TransportFailure(
                kind=TransportErrorKind.BROKEN, reason=reason, now=self._clock.now()
            )

    def _leave(self, job: OpenJob) -> None:
        self._open.discard(job)
        if job.settled:
            return
        job.settled = True
        if job.job_id is not None and self._is_running:
            self._in_background(self._cancel(job.job_id, job.endpoint_path))

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = self._group.create_task(work)
        self._cancelling.add(task)
        task.add_done_callback(self._cancelling.discard)

    async def _cancel_submitted(self, submission: asyncio.Task[Reply], endpoint_path: str) -> None:
        job_id = accepted_id(await submission)
        if job_id is not None:
            await self._cancel(job_id, endpoint_path)

    async def _cancel(self, job_id: str, endpoint_path: str) -> None:
        try:
            flow = cancel(job_id, rng=self._rng, now=self._clock.now())
            cancelled = await self._run(flow, endpoint_path)
        except Exception:  # noqa: BLE001 - nobody awaits this task, and its error would cancel others
            _log.exception("Cancelling a job failed unexpectedly.")
            cancelled = False
        if not cancelled:
            _log.warning(
                "The job %s could not be cancelled; it will end by itself.", clean_excerpt(job_id)
            )


def _step(flow: Flow[Outcome], sent: Sent | None) -> HttpRequest | Pause | Update | Outcome:
    try:
        return flow.send(sent) if sent is not None else next(flow)
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome
