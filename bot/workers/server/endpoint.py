"""One endpoint: callers submit jobs and wait; workers do them and report. No HTTP, no models."""

import asyncio
from collections.abc import Callable

from bot.clock import Clock
from bot.contract.job import JobCounts
from bot.workers.server.jobs import Job, JobTable
from bot.workers.server.wire import Submission


class Closing(Exception):
    """The server accepts no more jobs."""

    def __init__(self) -> None:
        super().__init__("the server is shutting down")


class Endpoint:
    """A `JobTable` whose changes wake those who wait for them; nothing here polls.

    Args:
        name: The endpoint id.
        queue_limit: How many jobs may wait.
        clock: Times retention and the reports.
    """

    def __init__(self, name: str, *, queue_limit: int, clock: Clock) -> None:
        self.name = name
        self._table = JobTable(queue_limit=queue_limit)
        self._clock = clock
        self._changes: dict[str, asyncio.Event] = {}
        self._arrival = asyncio.Event()
        self._stops: dict[Job, Callable[[], object]] = {}
        self._closing = False

    @property
    def counts(self) -> JobCounts:
        """`jobs` of `/health`."""
        return self._table.counts

    # For callers

    def submit(self, submission: Submission, *, size: int, sync: bool) -> Job:
        """Queue a job.

        Raises:
            QueueFull: The queue or the memory for jobs is full.
            Closing: The server is shutting down.
        """
        if self._closing:
            raise Closing
        job = self._table.submit(
            submission.input, size=size, policy=submission.policy, sync=sync, now=self._clock.now()
        )
        self._arrival.set()
        return job

    def find(self, job_id: str) -> Job | None:
        """Return the job of that id; None if there is none, or its retention time is over."""
        return self._table.find(job_id, self._clock.now())

    async def wait(self, job: Job, until: Callable[[Job], bool], seconds: float) -> None:
        """Wait until `until` holds, the job is forgotten, or the time is up."""
        try:
            async with asyncio.timeout(seconds):
                while job.held and not until(job):
                    await self._changes.setdefault(job.id, asyncio.Event()).wait()
        except TimeoutError:
            return

    def cancel(self, job: Job) -> None:
        """Cancel a waiting or running job."""
        self._table.cancel(job, self._clock.now())
        self._finish(job)

    def retry(self, job: Job) -> Job:
        """Queue a failed job again.

        Raises:
            NotRetryable: It has not failed.
            QueueFull: The queue is full.
            Closing: The server is shutting down.
        """
        if self._closing:
            raise Closing
        again = self._table.retry(job, self._clock.now())
        self._arrival.set()
        self._wake_waiters(again)
        return again

    def set_ttl(self, job: Job, ttl_s: float) -> None:
        """Forget a job in `ttl_s` seconds: `/status?ttl=`."""
        self._table.set_ttl(job, ttl_s, self._clock.now())

    def purge(self) -> int:
        """Cancel all waiting jobs. Returns how many there were."""
        purged = self._table.purge(self._clock.now())
        for job in purged:
            self._wake_waiters(job)
        return len(purged)

    # For workers

    async def wait_for_job(self) -> None:
        """Wait until there is a waiting job."""
        while not self._table.waiting:
            self._arrival.clear()
            await self._arrival.wait()

    def start_next(self, worker_id: str) -> Job | None:
        """Start the oldest waiting job. Returns None if another worker was quicker."""
        job = self._table.start(worker_id, self._clock.now())
        if job is not None:
            self._wake_waiters(job)
        return job

    def set_stop(self, job: Job, stop: Callable[[], object]) -> None:
        """Set what stops the work on a job that has started."""
        self._stops[job] = stop
        if job.ended:
            self._finish(job)

    def release(self, job: Job) -> None:
        """Note that the worker has finished a job, however it ended."""
        self._stops.pop(job, None)

    def add_chunk(self, job: Job, output: bytes) -> None:
        """Add a chunk for `/stream`, as JSON. If the job's output is too large, the job fails."""
        self._table.add_chunk(job, output, self._clock.now())
        self._wake_waiters(job)

    def set_progress(self, job: Job, output: bytes) -> None:
        """Set the JSON that `/status` shows until the job has ended."""
        self._table.set_progress(job, output, self._clock.now())
        self._wake_waiters(job)

    def complete(self, job: Job, output: bytes | None = None) -> None:
        """End a job with its result, as JSON; None means the list of all chunks."""
        self._table.complete(job, output, self._clock.now())
        self._wake_waiters(job)

    def fail(self, job: Job, error: str) -> None:
        """End a job with RunPod's `error` string."""
        self._table.fail(job, error, self._clock.now())
        self._wake_waiters(job)

    # For the server

    def sweep(self) -> None:
        """Forget expired jobs, and stop those that run for too long."""
        now = self._clock.now()
        for job in self._table.overdue(now):
            self._table.fail(job, "executionTimeout exceeded", now)
            self._finish(job)
        for job in self._table.expired(now):
            self._table.forget(job)
            self._finish(job)

    def close(self) -> None:
        """Cancel all jobs, wake all who wait, and accept no more."""
        self._closing = True
        for job in self._table.unended():
            self.cancel(job)

    def _finish(self, job: Job) -> None:
        """Stop the worker, and wake the callers."""
        stop = self._stops.pop(job, None)
        if stop is not None:
            stop()
        self._wake_waiters(job)

    def _wake_waiters(self, job: Job) -> None:
        event = self._changes.pop(job.id, None)
        if event is not None:
            event.set()
