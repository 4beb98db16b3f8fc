"""One endpoint: callers hand in jobs and wait, workers take them and report. No HTTP, no models."""

import asyncio
from collections.abc import Callable

from bot.clock import Clock
from bot.contract.job import JobCounts
from bot.workers.server.jobs import Job, JobTable
from bot.workers.server.wire import Submission


class Closing(Exception):
    """The server is shutting down and takes no more jobs."""


class Endpoint:
    """A `JobTable` that can be waited on.

    Whoever waits is woken by the change itself: nothing here polls.

    Args:
        name: The endpoint id.
        queue_limit: How many jobs may wait.
        clock: For retention and for the times in the reports.
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

    @property
    def held_bytes(self) -> int:
        """What the inputs and outputs of all known jobs take."""
        return self._table.held_bytes

    # What callers do

    def submit(self, submission: Submission, *, size: int, sync: bool) -> Job:
        """Queue a job.

        Raises:
            QueueFull: Later, perhaps.
            Closing: Not any more.
        """
        if self._closing:
            raise Closing
        job = self._table.submit(
            submission.input, size=size, policy=submission.policy, sync=sync, now=self._clock.now()
        )
        self._arrival.set()
        return job

    def find(self, job_id: str) -> Job | None:
        """The job of that id; None when it never was, or is past its retention time."""
        return self._table.find(job_id, self._clock.now())

    async def wait(self, job: Job, until: Callable[[Job], bool], seconds: float) -> None:
        """Return when `until` holds, when the job is forgotten, or when the time is over."""
        try:
            async with asyncio.timeout(seconds):
                while job.held and not until(job):
                    await self._changes.setdefault(job.id, asyncio.Event()).wait()
        except TimeoutError:
            return

    def cancel(self, job: Job) -> None:
        """End a job that waits or runs."""
        self._table.cancel(job, self._clock.now())
        self._ended(job)

    def retry(self, job: Job) -> Job:
        """Queue a failed job again.

        Raises:
            NotRetryable: It has not failed.
            QueueFull: Later, perhaps.
            Closing: Not any more.
        """
        if self._closing:
            raise Closing
        again = self._table.retry(job, self._clock.now())
        self._arrival.set()
        self._ring(again)
        return again

    def expire(self, job: Job, ttl_s: float) -> None:
        """Let a job be forgotten in `ttl_s` seconds, `/status?ttl=`."""
        self._table.set_ttl(job, ttl_s, self._clock.now())

    def purge(self) -> int:
        """Cancel all jobs that wait; how many there were."""
        purged = self._table.purge(self._clock.now())
        for job in purged:
            self._ring(job)
        return len(purged)

    # What workers do

    async def arrival(self) -> None:
        """Return when a job waits."""
        while not self._table.waiting:
            self._arrival.clear()
            await self._arrival.wait()

    def take(self, worker_id: str) -> Job | None:
        """Start the oldest waiting job; None when another worker was quicker."""
        job = self._table.start(worker_id, self._clock.now())
        if job is not None:
            self._ring(job)
        return job

    def on_stop(self, job: Job, stop: Callable[[], object]) -> None:
        """Say what to call when a job that was taken is to be given up."""
        self._stops[job] = stop
        if job.ended:
            self._ended(job)

    def release(self, job: Job) -> None:
        """The worker is done with a job, whatever became of it."""
        self._stops.pop(job, None)

    def chunk(self, job: Job, output: bytes) -> None:
        """Take one yield, as JSON, for `/stream`. A job whose output grows too large fails."""
        self._table.chunk(job, output, self._clock.now())
        self._ring(job)

    def progress(self, job: Job, output: bytes) -> None:
        """Take what `/status` shows until the job has ended, as JSON."""
        self._table.progress(job, output, self._clock.now())
        self._ring(job)

    def complete(self, job: Job, output: bytes | None = None) -> None:
        """Take the result, as JSON; without one it is the list of all yields."""
        self._table.complete(job, output, self._clock.now())
        self._ring(job)

    def fail(self, job: Job, error: str) -> None:
        """End a job with the string that callers find as `error`."""
        self._table.fail(job, error, self._clock.now())
        self._ring(job)

    # What time does

    def sweep(self) -> None:
        """Forget what is past its time, and stop what runs for too long."""
        now = self._clock.now()
        for job in self._table.overdue(now):
            self._table.fail(job, "executionTimeout exceeded", now)
            self._ended(job)
        for job in self._table.past(now):
            self._table.forget(job)
            self._ended(job)

    def close(self) -> None:
        """Cancel all that waits or runs, wake all who wait, and take no more jobs."""
        self._closing = True
        for job in self._table.unended():
            self.cancel(job)

    def _ended(self, job: Job) -> None:
        """Tell the worker to stop, and the callers that it has."""
        stop = self._stops.pop(job, None)
        if stop is not None:
            stop()
        self._ring(job)

    def _ring(self, job: Job) -> None:
        event = self._changes.pop(job.id, None)
        if event is not None:
            event.set()
