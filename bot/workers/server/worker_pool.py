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
from bot.workers.runtime import run, to_service_error
from bot.workers.server.endpoint import Endpoint
from bot.workers.server.jobs import Job
from bot.workers.server.wire import encode


class _Models(Enum):
    """LOADING has begun, or is about to; the next job retries BROKEN."""

    LOADING = "loading"
    READY = "ready"
    BROKEN = "broken"


class WorkerPool:
    """Works through the endpoint's queue, `size` jobs at a time.

    No job starts before the models are loaded: until then it is IN_QUEUE, and its wait is its
    `delayTime`, as with a cold worker on RunPod.

    Args:
        endpoint: The endpoint whose jobs it does.
        handler: The service, which the caller closes.
        size: How many jobs at once.
        warm: Whether to load the models before the first job. If not, the pool is ready from the
            start, and the handler loads what each job needs.
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
        """`workers` of `/health`. As in live transcripts, an idle worker is also a ready one."""
        match self._models:
            case _Models.LOADING:
                return WorkerCounts(initializing=self._size)
            case _Models.BROKEN:
                return WorkerCounts(unhealthy=self._size)
            case _:
                free = self._size - self._busy
                return WorkerCounts(idle=free, ready=free, running=self._busy)

    async def warm_up(self) -> ServiceError | None:
        """Load the models once; concurrent calls share the result.

        Returns:
            Why it failed, or None. After a failure, the next call tries again.
        """
        attempt = self._attempts
        async with self._loading:
            if self._models is _Models.READY or self._attempts > attempt:
                return self._failure
            self._models = _Models.LOADING
            try:
                await self._handler.warm_up()
            except Exception as e:  # noqa: BLE001  (fails every job that needs the models)
                self._failure, self._models = to_service_error(e), _Models.BROKEN
            else:
                self._failure, self._models = None, _Models.READY
            self._attempts += 1
            return self._failure

    async def work(self) -> None:
        """Do jobs until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for number in range(self._size):
                workers.create_task(self._work(f"{self._endpoint.name}-{number}"))

    async def _work(self, worker_id: str) -> None:
        while True:
            await self._endpoint.wait_for_job()
            failure = await self.warm_up()
            job = self._endpoint.start_next(worker_id)
            if job is None:
                continue
            if failure is None:
                await self._do(job)
            else:
                self._endpoint.fail(job, _error_string(failure.to_wire()))

    async def _do(self, job: Job) -> None:
        self._busy += 1
        try:
            # its own group, so that cancelling the job leaves the worker alive
            async with asyncio.TaskGroup() as attempt:
                task = attempt.create_task(self._run(job))
                self._endpoint.set_stop(job, task.cancel)
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
        except Exception as e:  # noqa: BLE001  (one job must not stop the others)
            self._endpoint.fail(job, _error_string(to_service_error(e).to_wire()))

    def _deliver(self, job: Job, response: dict[str, Any]) -> None:
        """Report a response as RunPod's SDK does: one with an `error` fails the job."""
        if response.get("error"):
            self._endpoint.fail(job, _error_string(response["error"]))
            return
        output, more = encode(response), response["status"] == Status.PARTIAL
        if self._handler.delivery is Delivery.REPLY:
            (self._endpoint.set_progress if more else self._endpoint.complete)(job, output)
            return
        self._endpoint.add_chunk(job, output)
        if not more:
            # Nothing runs in between, so the last chunk comes together with COMPLETED.
            self._endpoint.complete(job)


def _error_string(error: dict[str, Any]) -> str:
    """Encode the contract's error as JSON, since RunPod's `error` is a string."""
    return json.dumps(error, ensure_ascii=False)
