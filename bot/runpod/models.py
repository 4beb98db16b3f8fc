"""What goes in and out of a job's flow: requests and pauses out, answers in, updates to the caller.

Every value that is sent to a flow carries the time, so a flow needs no clock.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TypeAlias, TypeVar

from bot.contract import Response
from bot.errors import SkydeckError


class JobState(StrEnum):
    """How far a job has come, as a person would say it.

    ::

        SUBMITTING ─► QUEUED ◄─► WAITING_FOR_WORKER ─► RUNNING ─► COMPLETED | FAILED
                        └──────────────────────────────►┘ ▲          | CANCELLED | EXPIRED
                        ▲                                 │
                        └── the platform takes a job back ┘  (its worker died; done once)

    WAITING_FOR_WORKER is a cold start: the job is queued and no worker is up. A short job can go
    from any of the first four straight to an end.
    """

    SUBMITTING = "submitting"
    QUEUED = "queued"
    WAITING_FOR_WORKER = "waiting_for_worker"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def has_ended(self) -> bool:
        """Whether nothing can change any more."""
        return self in _ENDS


_ENDS = frozenset({JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED})


class Waiting(StrEnum):
    """Why no worker is up, as far as `/health` tells.

    STARTING: one is being made ready. STARVED: the data centre has no GPU free for one.
    ASLEEP: none is there, and none is announced.
    """

    STARTING = "starting"
    STARVED = "starved"
    ASLEEP = "asleep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Something new about a job.

    Attributes:
        state: Where the job is now.
        response: What has just arrived: a partial, or with the last update the final response.
        job_id: The platform's id, as soon as there is one; enough to `collect` the job later.
        delay_ms: How long the job waited for its (last) worker.
        execution_ms: How long the worker took.
        worker_id: Which worker.
        waiting: Why, in WAITING_FOR_WORKER.
    """

    state: JobState
    response: Response | None = None
    job_id: str | None = None
    delay_ms: float | None = None
    execution_ms: float | None = None
    worker_id: str | None = None
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a flow ended.

    Attributes:
        update: The last word to the caller; None when nothing is known of the job's end.
        error: To be raised after it.
    """

    update: Update | None
    error: SkydeckError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request to make.

    Attributes:
        method: GET or POST.
        path: Under the endpoint's address, with its query.
        timeout_s: For the whole exchange.
        body: JSON, or nothing.
        must_land: The answer holds the id of a job that is being created: whoever gives up on
            this request still has to wait for it, or the job runs with nobody to cancel it.
    """

    method: str
    path: str
    timeout_s: float
    body: bytes | None = field(default=None, repr=False)
    must_land: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait that long, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """A whole answer. Header names are lower case. `now` is monotonic, in seconds."""

    status: int
    now: float
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


class TransportErrorKind(Enum):
    """What is known of a request that got no answer.

    UNSENT: no connection came about, so the service has seen nothing of it.
    BROKEN: the connection ended after that; the service may have acted.
    TIMEOUT: no whole answer in time; the service may have acted.
    OVERSIZED: an answer came, and is larger than any that we read.
    """

    UNSENT = "unsent"
    BROKEN = "broken"
    TIMEOUT = "timeout"
    OVERSIZED = "oversized"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportFailure:
    """No answer. `reason` is for a person."""

    kind: TransportErrorKind
    reason: str
    now: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A pause is over, or the caller has taken an update."""

    now: float


Asked: TypeAlias = HttpRequest | Pause | Update
Reply: TypeAlias = HttpResponse | TransportFailure
Sent: TypeAlias = Reply | Tick

_T = TypeVar("_T")
Flow: TypeAlias = Generator[Asked, Sent, _T]
"""A sans-I/O flow: yields what it wants done, is sent what came of it, returns its result."""
