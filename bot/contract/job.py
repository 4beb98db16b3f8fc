"""RunPod's envelope around the contract: the body of a submission and the report on a job.

Source: RunPod's operation reference and job states; the shapes were read from live transcripts.
"""

from enum import StrEnum
from typing import Any

from pydantic import Field

from bot.contract.envelope import Request, Wire

MIB = 1024 * 1024
RUN_LIMIT_BYTES = 10 * MIB
"""The largest body of `/run`, as compact JSON."""
RUNSYNC_LIMIT_BYTES = 20 * MIB
"""The largest body of `/runsync`, as compact JSON."""
CHUNK_LIMIT_BYTES = MIB
"""The largest chunk of `/stream`; the platform splits what is larger."""


class JobStatus(StrEnum):
    """The platform's words for the state of a job."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"


TERMINAL = frozenset(
    {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMED_OUT}
)
"""States that do not change any more. A status that is not listed here is not terminal."""


class ContractInput(Wire):
    """`input` of a submission."""

    contract: Request


class JobPolicy(Wire):
    """RunPod's own limits on a job, in milliseconds."""

    executionTimeout: int | None = Field(default=None, ge=5_000, le=604_800_000)  # noqa: N815
    ttl: int | None = Field(default=None, ge=10_000, le=604_800_000)


class Submission(Wire):
    """The body of `/run` and `/runsync`."""

    input: ContractInput
    policy: JobPolicy | None = None


class JobReport(Wire):
    """What `/run`, `/runsync`, `/status` and `/cancel` answer. Times are milliseconds.

    `output` is absent until there is one; `has_output` tells null from absent.
    """

    id: str | None = None
    status: JobStatus | str | None = None
    delayTime: int | float | None = None  # noqa: N815
    executionTime: int | float | None = None  # noqa: N815
    workerId: str | None = None  # noqa: N815
    retries: int | None = None
    output: Any = None
    error: Any = None

    @property
    def has_output(self) -> bool:
        """Whether the report carries an output at all."""
        return "output" in self.model_fields_set and self.output is not None

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended."""
        return self.status in TERMINAL


class StreamChunk(Wire):
    """One yield of a worker."""

    output: Any = None


class StreamReport(Wire):
    """What `/stream` answers; the chunks are drained by the call."""

    status: JobStatus | str | None = None
    stream: list[StreamChunk] = Field(default_factory=list)


class JobCounts(Wire):
    """`jobs` of `/health`. completed, failed and retried only ever grow."""

    completed: int = 0
    failed: int = 0
    inProgress: int = 0  # noqa: N815
    inQueue: int = 0  # noqa: N815
    retried: int = 0


class WorkerCounts(Wire):
    """`workers` of `/health`."""

    idle: int = 0
    initializing: int = 0
    ready: int = 0
    running: int = 0
    throttled: int = 0
    unhealthy: int = 0


class Health(Wire):
    """What `/health` answers."""

    jobs: JobCounts = Field(default_factory=JobCounts)
    workers: WorkerCounts = Field(default_factory=WorkerCounts)

    @property
    def has_worker(self) -> bool:
        """Whether some worker may take a job now. A True proves nothing: `ready` may be asleep."""
        return self.workers.ready + self.workers.running > 0
