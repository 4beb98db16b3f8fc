"""The jobs of one endpoint: their states, their queue, their retention and its limits. No I/O.

    submit ─> IN_QUEUE ── start ──> IN_PROGRESS ── complete ─> COMPLETED ─┐
                 │ ^                     ├──────── fail ─────> FAILED ────┤
                 │ └─── retry (FAILED, TIMED_OUT) ───────────────<────────┤
                 └──────── cancel ───────┴───────────────────> CANCELLED ─┴─ retention ─> forgotten

A job that has not ended within its `ttl` is forgotten, whatever its state. Times are readings of a
`Clock`, in seconds. Only the first ending counts: later reports by a worker are ignored.

Source: RunPod's operation reference and job states.
"""

import uuid
from collections import deque
from dataclasses import dataclass, field

from bot.contract.job import MIB, TERMINAL, JobCounts, JobPolicy, JobStatus

RUN_RETENTION_S = 30 * 60.0
"""How long the endpoint keeps the result of `/run`, and the rest of its stream, after the end."""
RUNSYNC_RETENTION_S = 60.0
"""How long the endpoint keeps the result of `/runsync`."""
TTL_S = 24 * 3600.0
"""The default time from a job's submission to its end."""
EXECUTION_LIMIT_S = 600.0
"""The default time that a job may run."""

OUTPUT_LIMIT_BYTES = 20 * MIB
"""The largest output of a job, as JSON; RunPod refuses larger results, too."""
HELD_LIMIT_BYTES = 64 * MIB
"""How many bytes of inputs and outputs an endpoint holds. Above it, the endpoint forgets ended jobs
before their time, the oldest first, then refuses new ones. A running job may add
`OUTPUT_LIMIT_BYTES`."""
_JOB_BYTES = 2048
"""The size of a job without input and output, so that even empty jobs are limited."""


class QueueFull(Exception):
    """Too many jobs are waiting, or the endpoint holds too much."""


class NotRetryable(Exception):
    """The job has not failed: only a FAILED or TIMED_OUT job can be retried."""


@dataclass(slots=True, eq=False, kw_only=True)
class Job:
    """One job. Its outputs are JSON as sent: encoded once, of known size."""

    id: str
    input: object
    input_bytes: int
    retention_s: float
    ttl_s: float
    execution_limit_s: float
    submitted_at: float
    status: JobStatus = JobStatus.IN_QUEUE
    started_at: float | None = None
    ended_at: float | None = None
    worker_id: str | None = None
    retries: int = 0
    yielded: list[bytes] = field(default_factory=list)
    """A generator's outputs so far; a job without a result has them as its `output`."""
    streamed: int = 0
    """How many of `yielded` `/stream` has sent."""
    output: bytes | None = None
    """The latest progress; once the job has ended, its result."""
    output_bytes: int = 0
    error: str | None = None
    held: bool = True
    """Whether it is still in the table."""

    @property
    def ended(self) -> bool:
        """Whether its state is final."""
        return self.status in TERMINAL

    @property
    def size(self) -> int:
        """How many bytes it counts as."""
        return _JOB_BYTES + self.input_bytes + self.output_bytes

    def drain_stream(self) -> list[bytes]:
        """Return the chunks that `/stream` has not sent yet, and mark them as sent."""
        fresh = self.yielded[self.streamed :]
        self.streamed = len(self.yielded)
        return fresh

    def is_expired(self, now: float) -> bool:
        """Return whether its retention or its `ttl` is over."""
        if self.ended_at is not None:
            return now >= self.ended_at + self.retention_s
        return now >= self.submitted_at + self.ttl_s

    def is_overdue(self, now: float) -> bool:
        """Return whether it has run for longer than its limit."""
        if self.status is not JobStatus.IN_PROGRESS or self.started_at is None:
            return False
        return now >= self.started_at + self.execution_limit_s


class JobTable:
    """All jobs of an endpoint.

    Args:
        queue_limit: How many may wait.
        held_limit: How many bytes of inputs and outputs it may hold.
    """

    def __init__(self, *, queue_limit: int, held_limit: int = HELD_LIMIT_BYTES) -> None:
        self.held_bytes = 0
        self._queue_limit = queue_limit
        self._held_limit = held_limit
        self._jobs: dict[str, Job] = {}
        self._queue: deque[Job] = deque()
        self._ended: deque[Job] = deque()
        self._running = self._completed = self._failed = self._retried = 0

    @property
    def waiting(self) -> int:
        """How many jobs are waiting for a worker."""
        return len(self._queue)

    @property
    def counts(self) -> JobCounts:
        """`jobs` of `/health`."""
        return JobCounts(
            completed=self._completed,
            failed=self._failed,
            inProgress=self._running,
            inQueue=len(self._queue),
            retried=self._retried,
        )

    def submit(
        self, job_input: object, *, size: int, policy: JobPolicy, sync: bool, now: float
    ) -> Job:
        """Queue a new job.

        Args:
            job_input: The worker's input.
            size: The input's size in bytes.
            policy: RunPod's limits, in milliseconds; None means the default.
            sync: Whether it came through `/runsync`.
            now: The time.

        Raises:
            QueueFull: Too many jobs are waiting, or the endpoint holds too much.
        """
        name = f"{uuid.uuid4()}-u1"
        job = Job(
            id=f"sync-{name}" if sync else name,
            input=job_input,
            input_bytes=size,
            retention_s=RUNSYNC_RETENTION_S if sync else RUN_RETENTION_S,
            ttl_s=TTL_S if policy.ttl is None else policy.ttl / 1000,
            execution_limit_s=(
                EXECUTION_LIMIT_S
                if policy.executionTimeout is None
                else policy.executionTimeout / 1000
            ),
            submitted_at=now,
        )
        self._check_queue()
        self._make_room(job.size)
        if self.held_bytes + job.size > self._held_limit:
            raise QueueFull(f"the server holds {self.held_bytes // MIB} MiB of jobs and results")
        self._admit(job)
        return job

    def find(self, job_id: str, now: float) -> Job | None:
        """Return the job of that id, unless it has expired."""
        job = self._jobs.get(job_id)
        return None if job is None or job.is_expired(now) else job

    def start(self, worker_id: str, now: float) -> Job | None:
        """Give the oldest waiting job to a worker. Returns None if no job is waiting."""
        while self._queue:
            job = self._queue.popleft()
            if job.is_expired(now):
                continue  # the next sweep forgets it, and wakes whoever is waiting for it
            job.status = JobStatus.IN_PROGRESS
            job.worker_id, job.started_at = worker_id, now
            self._running += 1
            return job
        return None

    def add_chunk(self, job: Job, output: bytes, now: float) -> None:
        """Add one yielded output of a running job."""
        if job.status is JobStatus.IN_PROGRESS and self._fits(job, output, now):
            job.yielded.append(output)
            self._grow(job, len(output))

    def set_progress(self, job: Job, output: bytes, now: float) -> None:
        """Replace the progress of a running job."""
        if job.status is JobStatus.IN_PROGRESS and self._fits(job, output, now):
            self._replace_output(job, output)

    def complete(self, job: Job, output: bytes | None, now: float) -> None:
        """End a running job with its result; None means the list of all chunks."""
        if job.status is not JobStatus.IN_PROGRESS:
            return
        self._replace_output(job, None)
        if output is not None:
            self.set_progress(job, output, now)
        if job.status is JobStatus.IN_PROGRESS:
            self._end(job, JobStatus.COMPLETED, now)
            self._completed += 1

    def fail(self, job: Job, error: str, now: float) -> None:
        """End a running job with RunPod's `error` string, and delete its progress."""
        if job.status is not JobStatus.IN_PROGRESS:
            return
        self._replace_output(job, None)
        job.error = error
        self._end(job, JobStatus.FAILED, now)
        self._failed += 1

    def cancel(self, job: Job, now: float) -> None:
        """Cancel a waiting or running job; one that has ended is left as it is."""
        if job.ended:
            return
        if job.status is JobStatus.IN_QUEUE:
            self._queue.remove(job)
        job.yielded, job.streamed = [], 0
        self._replace_output(job, None)
        self._grow(job, -job.output_bytes)
        self._end(job, JobStatus.CANCELLED, now)

    def retry(self, job: Job, now: float) -> Job:
        """Queue a failed job again under the same id.

        A new job takes the old one's place, so late reports of the first attempt have no effect.

        Raises:
            NotRetryable: It has not failed.
            QueueFull: Too many jobs are waiting.
        """
        if job.status not in {JobStatus.FAILED, JobStatus.TIMED_OUT}:
            raise NotRetryable(f"only a FAILED or TIMED_OUT job can be retried, not {job.status}")
        again = Job(
            id=job.id,
            input=job.input,
            input_bytes=job.input_bytes,
            retention_s=job.retention_s,
            ttl_s=job.ttl_s,
            execution_limit_s=job.execution_limit_s,
            submitted_at=now,
            retries=job.retries + 1,
        )
        self._check_queue()
        self.forget(job)
        self._admit(again)
        self._retried += 1
        return again

    def set_ttl(self, job: Job, ttl_s: float, now: float) -> None:
        """Forget the job in `ttl_s`; this never lengthens the retention of a result."""
        if job.ended_at is None:
            job.ttl_s = now - job.submitted_at + ttl_s
        else:
            job.retention_s = min(job.retention_s, now - job.ended_at + ttl_s)

    def purge(self, now: float) -> list[Job]:
        """Cancel all waiting jobs."""
        purged = list(self._queue)
        for job in purged:
            self.cancel(job, now)
        return purged

    def unended(self) -> list[Job]:
        """Return the waiting and running jobs."""
        return [job for job in self._jobs.values() if not job.ended]

    def expired(self, now: float) -> list[Job]:
        """Return the jobs that have expired."""
        return [job for job in self._jobs.values() if job.is_expired(now)]

    def overdue(self, now: float) -> list[Job]:
        """Return the jobs that have run for longer than their limit."""
        return [job for job in self._jobs.values() if job.is_overdue(now)]

    def forget(self, job: Job) -> None:
        """Remove a job in any state."""
        if not job.held:
            return
        if job.status is JobStatus.IN_PROGRESS:
            self._running -= 1
        if job in self._queue:
            self._queue.remove(job)
        if job in self._ended:
            self._ended.remove(job)
        self.held_bytes -= job.size
        job.held = False
        del self._jobs[job.id]

    def _check_queue(self) -> None:
        if len(self._queue) >= self._queue_limit:
            raise QueueFull(f"the queue is full: {len(self._queue)} jobs are waiting")

    def _admit(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._queue.append(job)
        self.held_bytes += job.size

    def _fits(self, job: Job, output: bytes, now: float) -> bool:
        if job.output_bytes + len(output) <= OUTPUT_LIMIT_BYTES:
            return True
        self.fail(job, f"the output exceeded max size of {OUTPUT_LIMIT_BYTES // MIB}MiB", now)
        return False

    def _end(self, job: Job, status: JobStatus, now: float) -> None:
        if job.status is JobStatus.IN_PROGRESS:
            self._running -= 1
        job.status, job.ended_at = status, now
        if status is not JobStatus.FAILED:  # a failed job may be retried
            job.input = None
            self._grow(job, 0, input_bytes=0)
        self._ended.append(job)
        self._make_room(0)

    def _replace_output(self, job: Job, output: bytes | None) -> None:
        self._grow(job, len(output or b"") - len(job.output or b""))
        job.output = output

    def _grow(self, job: Job, output_bytes: int, *, input_bytes: int | None = None) -> None:
        before = job.size
        job.output_bytes += output_bytes
        if input_bytes is not None:
            job.input_bytes = input_bytes
        if job.held:
            self.held_bytes += job.size - before
        self._make_room(0)

    def _make_room(self, size: int) -> None:
        """Forget ended jobs, the oldest first and never the newest, until `size` more fits."""
        spare = len(self._ended) - 1 if size == 0 else len(self._ended)
        while spare > 0 and self.held_bytes + size > self._held_limit:
            self.forget(self._ended[0])
            spare -= 1
