"""RunPod's envelope around the contract: the body of a submission and the report on a job.

Sources: RunPod's operation reference and job states, and live transcripts for the shapes.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from bot.contract.envelope import Request, TolerantWire, Wire, figure

MIB = 1024 * 1024
RUN_LIMIT_BYTES = 10 * MIB
"""The largest body of `/run`, as compact JSON."""
RUNSYNC_LIMIT_BYTES = 20 * MIB
"""The largest body of `/runsync`, as compact JSON."""
CHUNK_LIMIT_BYTES = MIB
"""The largest chunk of `/stream`; the platform splits larger ones."""
MIN_EXECUTION_MS, MIN_TTL_MS, MAX_POLICY_MS = 5_000, 10_000, 7 * 86_400_000
"""The bounds of a job's `executionTimeout` and `ttl`; both have the same maximum."""


class JobStatus(StrEnum):
    """The platform's job states."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"


TERMINAL = frozenset(
    {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT}
)
"""States that no longer change. An unknown status is not terminal."""


class ContractInput(Wire):
    """`input` of a submission."""

    contract: Request


class JobPolicy(Wire):
    """RunPod's own limits on a job, in milliseconds."""

    executionTimeout: int | None = Field(default=None, ge=MIN_EXECUTION_MS, le=MAX_POLICY_MS)  # noqa: N815
    ttl: int | None = Field(default=None, ge=MIN_TTL_MS, le=MAX_POLICY_MS)


class Submission(Wire):
    """The body of `/run` and `/runsync`."""

    input: ContractInput
    policy: JobPolicy | None = None


_SPELLINGS = {
    **{status.value: status for status in JobStatus},
    "CANCELED": JobStatus.CANCELLED,
    "TIMEOUT": JobStatus.TIMED_OUT,
    "TIMEDOUT": JobStatus.TIMED_OUT,
    "SUCCESS": JobStatus.COMPLETED,
    "SUCCEEDED": JobStatus.COMPLETED,
    "ERROR": JobStatus.FAILED,
    "QUEUED": JobStatus.IN_QUEUE,
}


def _any_spelling(status: object) -> object:
    """A state as servers that only resemble RunPod write it."""
    if not isinstance(status, str):
        return status
    word = status.strip().upper().replace("-", "_").replace(" ", "_")
    return _SPELLINGS.get(word, status)


MAX_ID_CHARS = 128
MAX_JOB_MS = 30 * 86_400_000
"""Longer than any job may live; a larger value is not a duration."""
MAX_COUNT = 1_000_000_000

JobId = Annotated[str, StringConstraints(pattern=rf"^[A-Za-z0-9._~:-]{{1,{MAX_ID_CHARS}}}\z")]
"""Ids appear in URLs, logs and the journal; RunPod's are letters, digits and hyphens."""
Word = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,64}\z")]
"""A status word of the platform, or a worker's name."""
PlatformStatus = Annotated[JobStatus | Word | None, BeforeValidator(_any_spelling)]
Milliseconds = Annotated[int | float | None, figure(MAX_JOB_MS)]
Count = Annotated[int, figure(MAX_COUNT, instead=0)]


class JobReport(TolerantWire):
    """The answer of `/run`, `/runsync`, `/status` and `/cancel`. Times are in milliseconds."""

    id: JobId | None = None
    status: PlatformStatus = None
    delayTime: Milliseconds = None  # noqa: N815
    executionTime: Milliseconds = None  # noqa: N815
    workerId: Word | None = None  # noqa: N815
    retries: Annotated[int | None, figure(MAX_COUNT)] = None
    output: Any = None
    error: Any = None

    @property
    def has_output(self) -> bool:
        """Whether the report carries an output."""
        return "output" in self.model_fields_set and self.output is not None

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended."""
        return self.status in TERMINAL


class StreamChunk(Wire):
    """One value that a worker yielded."""

    output: Any = None


class StreamReport(TolerantWire):
    """The answer of `/stream`; the call drains the chunks."""

    status: PlatformStatus = None
    stream: list[StreamChunk] = Field(default_factory=list)


class JobCounts(TolerantWire):
    """`jobs` of `/health`. `completed`, `failed` and `retried` only grow."""

    completed: Count = 0
    failed: Count = 0
    inProgress: Count = 0  # noqa: N815
    inQueue: Count = 0  # noqa: N815
    retried: Count = 0


class WorkerCounts(TolerantWire):
    """`workers` of `/health`."""

    idle: Count = 0
    initializing: Count = 0
    ready: Count = 0
    running: Count = 0
    throttled: Count = 0
    unhealthy: Count = 0


class Health(TolerantWire):
    """The answer of `/health`."""

    jobs: JobCounts = Field(default_factory=JobCounts)
    workers: WorkerCounts = Field(default_factory=WorkerCounts)

    @property
    def has_worker(self) -> bool:
        """Whether a worker may take a job now. True proves little: a `ready` one may be asleep."""
        return self.workers.ready + self.workers.running > 0
