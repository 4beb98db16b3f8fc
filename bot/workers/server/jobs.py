"""The jobs of one endpoint: their states, their queue, how long and how much is kept. No I/O.

    submit ─> IN_QUEUE ── start ──> IN_PROGRESS ── complete ─> COMPLETED ─┐
                 │ ^                     ├──────── fail ─────> FAILED ────┤
                 │ └─── retry (FAILED, TIMED_OUT) ───────────────<────────┤
                 └──────── cancel ───────┴───────────────────> CANCELLED ─┴─ retention ─> forgotten

A job that outlives its `ttl` before it has ended is forgotten from wherever it is. Times are
readings of a `Clock`, in seconds. What a late worker still says about a job that has ended is
ignored: the first end counts.

Source: RunPod's operation reference and job states.
"""

import uuid
from collections import deque
from dataclasses import dataclass, field

from bot.contract.job import MIB, TERMINAL, JobCounts, JobPolicy, JobStatus

RUN_RETENTION_S = 30 * 60.0
"""How long the result of `/run`, and what is left of its stream, is kept after the end."""
RUNSYNC_RETENTION_S = 60.0
"""How long the result of `/runsync` is kept."""
TTL_S = 24 * 3600.0
"""A job's life from submission to its end, when its policy does not say."""
EXECUTION_LIMIT_S = 600.0
"""The longest a job may run, when its policy does not say."""

OUTPUT_LIMIT_BYTES = 20 * MIB
"""The most that one job may put out, as JSON; RunPod refuses larger results, too."""
HELD_LIMIT_BYTES = 64 * MIB
"""What an endpoint holds of inputs and outputs before it forgets ended jobs ahead of their time,
the oldest first, and then refuses new ones. A running job may add `OUTPUT_LIMIT_BYTES` to it."""
_JOB_BYTES = 2048
"""What a job itself is counted as, so that empty ones are bounded, too."""


class QueueFull(Exception):
    """No room for another job: too many are waiting, or too much is held."""


class NotRetryable(Exception):
    """Only a job that FAILED or TIMED_OUT can be retried."""


@dataclass(slots=True, eq=False, kw_only=True)
class Job:
    """One job. Outputs are kept as the JSON they will be sent as: encoded once, of known size."""

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
    """A generator's outputs so far. Without a result of its own they are the job's `output`."""
    streamed: int = 0
    """How many of `yielded` have been handed out by `/stream`."""
    output: bytes | None = None
    """The newest progress, in the end the result."""
    output_bytes: int = 0
    error: str | None = None
    held: bool = True
    """Whether the table still knows it."""

    @property
    def ended(self) -> bool:
        """Whether its state is final."""
        return self.status in TERMINAL

    @property
    def size(self) -> int:
        """What it is counted as, in bytes."""
        return _JOB_BYTES + self.input_bytes + self.output_bytes

    def drain(self) -> list[bytes]:
        """The yields that no `/stream` has had yet."""
        fresh = self.yielded[self.streamed :]
        self.streamed = len(self.yielded)
        return fresh

    def is_past(self, now: float) -> bool:
        """Whether it is to be forgotten."""
        if self.ended_at is not None:
            return now >= self.ended_at + self.retention_s
        return now >= self.submitted_at + self.ttl_s

    def is_overdue(self, now: float) -> bool:
        """Whether it runs for longer than it may."""
        if self.status is not JobStatus.IN_PROGRESS or self.started_at is None:
            return False
        return now >= self.started_at + self.execution_limit_s


class JobTable:
    """All jobs of an endpoint.

    Args:
        queue_limit: How many may wait.
        held_limit: How many bytes of inputs and outputs may be held.
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
        """How many jobs wait for a worker."""
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
        """Put a new job into the queue.

        Args:
            job_input: What the worker gets.
            size: The bytes of it.
            policy: RunPod's limits, in milliseconds; None means the default.
            sync: Whether it came by `/runsync`.
            now: The time.

        Raises:
            QueueFull: Try again later.
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
        """The job of that id, unless it is to be forgotten."""
        job = self._jobs.get(job_id)
        return None if job is None or job.is_past(now) else job

    def start(self, worker_id: str, now: float) -> Job | None:
        """Hand the oldest waiting job to a worker; None when nothing waits."""
        while self._queue:
            job = self._queue.popleft()
            if job.is_past(now):
                continue  # forgotten with the next sweep, which also tells who waits for it
            job.status = JobStatus.IN_PROGRESS
            job.worker_id, job.started_at = worker_id, now
            self._running += 1
            return job
        return None

    def chunk(self, job: Job, output: bytes, now: float) -> None:
        """Take one yield of a running job."""
        if job.status is JobStatus.IN_PROGRESS and self._fits(job, output, now):
            job.yielded.append(output)
            self._grow(job, len(output))

    def progress(self, job: Job, output: bytes, now: float) -> None:
        """Take what a running job has to show so far, in place of what it showed before."""
        if job.status is JobStatus.IN_PROGRESS and self._fits(job, output, now):
            self._replace_output(job, output)

    def complete(self, job: Job, output: bytes | None, now: float) -> None:
        """Take the result; None means the list of all yields."""
        if job.status is not JobStatus.IN_PROGRESS:
            return
        self._replace_output(job, None)
        if output is not None:
            self.progress(job, output, now)
        if job.status is JobStatus.IN_PROGRESS:
            self._end(job, JobStatus.COMPLETED, now)
            self._completed += 1

    def fail(self, job: Job, error: str, now: float) -> None:
        """End a running job with the platform's `error` string. Its progress is gone."""
        if job.status is not JobStatus.IN_PROGRESS:
            return
        self._replace_output(job, None)
        job.error = error
        self._end(job, JobStatus.FAILED, now)
        self._failed += 1

    def cancel(self, job: Job, now: float) -> None:
        """End a job that waits or runs; one that has ended stays as it is."""
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

        It is a new job in the old one's place, so whatever the earlier attempt still says is lost.

        Raises:
            NotRetryable: It has not failed.
            QueueFull: Try again later.
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
        """Let it be forgotten in `ttl_s`; the retention of a result is never made longer."""
        if job.ended_at is None:
            job.ttl_s = now - job.submitted_at + ttl_s
        else:
            job.retention_s = min(job.retention_s, now - job.ended_at + ttl_s)

    def purge(self, now: float) -> list[Job]:
        """Cancel all that wait."""
        purged = list(self._queue)
        for job in purged:
            self.cancel(job, now)
        return purged

    def unended(self) -> list[Job]:
        """All that wait or run."""
        return [job for job in self._jobs.values() if not job.ended]

    def past(self, now: float) -> list[Job]:
        """All that are to be forgotten."""
        return [job for job in self._jobs.values() if job.is_past(now)]

    def overdue(self, now: float) -> list[Job]:
        """All that run for longer than they may."""
        return [job for job in self._jobs.values() if job.is_overdue(now)]

    def forget(self, job: Job) -> None:
        """Let go of a job in any state."""
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
        if status is not JobStatus.FAILED:  # a failed one may be retried
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
        """Forget ended jobs, the oldest first, until `size` more fits; never the newest."""
        spare = len(self._ended) - 1 if size == 0 else len(self._ended)
        while spare > 0 and self.held_bytes + size > self._held_limit:
            self.forget(self._ended[0])
            spare -= 1
