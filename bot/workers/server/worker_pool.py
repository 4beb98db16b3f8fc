"""The workers of one endpoint of the embedded server: tasks in this process around one handler."""

import asyncio
import contextlib
import json
from enum import Enum
from typing import Any

from bot.clock import Clock
from bot.contract import ServiceError, Status
from bot.contract.job import WorkerCounts
from bot.workers.protocols import Delivery, Handler
from bot.workers.runtime import describe, run
from bot.workers.server.endpoint import Endpoint
from bot.workers.server.jobs import Job
from bot.workers.server.wire import encode


class _Models(Enum):
    """LOADING has begun, or is about to; BROKEN is tried again by the next job."""

    LOADING = "loading"
    READY = "ready"
    BROKEN = "broken"


class WorkerPool:
    """Works the endpoint's queue, `size` jobs at a time.

    A job is taken when the models are loaded and not before: until then it is IN_QUEUE, and
    its wait is its `delayTime`, as with a cold worker on RunPod.

    Args:
        endpoint: Where the jobs are.
        handler: What does them. It stays the caller's: it is not closed here.
        size: How many jobs at once.
        warm: Whether the models are to be loaded before the first job is taken. If not, the crew is
            ready from the start, and the handler loads what each job needs.
        clock: Measures the jobs.
    """

    def __init__(
        self, endpoint: Endpoint, handler: Handler, *, size: int, warm: bool, clock: Clock
    ) -> None:
        self._endpoint = endpoint
        self._handler = handler
        self._size = size
        self._clock = clock
        self._models = _Models.LOADING if warm else _Models.READY
        self._loading = asyncio.Lock()
        self._attempts = 0
        self._failure: ServiceError | None = None
        self._busy = 0

    @property
    def counts(self) -> WorkerCounts:
        """`workers` of `/health`. As in live captures, an idle worker is a ready one."""
        match self._models:
            case _Models.LOADING:
                return WorkerCounts(initializing=self._size)
            case _Models.BROKEN:
                return WorkerCounts(unhealthy=self._size)
            case _:
                free = self._size - self._busy
                return WorkerCounts(idle=free, ready=free, running=self._busy)

    async def warm_up(self) -> ServiceError | None:
        """Load the models, once. Who asks while another does it shares the result.

        Returns:
            Why it failed, or None. The next one who asks tries again.
        """
        attempt = self._attempts
        async with self._loading:
            if self._models is _Models.READY or self._attempts > attempt:
                return self._failure
            self._models = _Models.LOADING
            try:
                await self._handler.warm_up()
            except Exception as e:  # noqa: BLE001  (told to every job that needs the models)
                self._failure, self._models = describe(e), _Models.BROKEN
            else:
                self._failure, self._models = None, _Models.READY
            self._attempts += 1
            return self._failure

    async def work(self) -> None:
        """Take and do jobs until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for number in range(self._size):
                workers.create_task(self._work(f"{self._endpoint.name}-{number}"))

    async def _work(self, worker_id: str) -> None:
        while True:
            await self._endpoint.arrival()
            failure = await self.warm_up()
            job = self._endpoint.take(worker_id)
            if job is None:
                continue
            if failure is None:
                await self._do(job)
            else:
                self._endpoint.fail(job, _error_string(failure.to_wire()))

    async def _do(self, job: Job) -> None:
        self._busy += 1
        try:
            # A group of its own: cancelling the one job leaves the worker alive.
            async with asyncio.TaskGroup() as attempt:
                task = attempt.create_task(self._run(job))
                self._endpoint.on_stop(job, task.cancel)
        finally:
            self._endpoint.release(job)
            self._busy -= 1

    async def _run(self, job: Job) -> None:
        try:
            async with contextlib.aclosing(
                run(self._handler, job.input, clock=self._clock)
            ) as responses:
                async for response in responses:
                    self._deliver(job, response)
                    if job.ended:
                        return
        except Exception as e:  # noqa: BLE001  (one job must not take the others down)
            self._endpoint.fail(job, _error_string(describe(e).to_wire()))

    def _deliver(self, job: Job, response: dict[str, Any]) -> None:
        """As the SDK does it: an output with an `error` fails the job, and is no chunk."""
        if response.get("error"):
            self._endpoint.fail(job, _error_string(response["error"]))
            return
        output, more = encode(response), response["status"] == Status.PARTIAL
        if self._handler.delivery is Delivery.REPLY:
            (self._endpoint.progress if more else self._endpoint.complete)(job, output)
            return
        self._endpoint.chunk(job, output)
        if not more:
            # Nobody can look in between: the last chunk comes together with COMPLETED.
            self._endpoint.complete(job)


def _error_string(error: dict[str, Any]) -> str:
    """The platform's `error` is a string; ours holds the contract's error as JSON."""
    return json.dumps(error, ensure_ascii=False)
