"""What goes in and out of a job's flow: it yields requests, pauses and updates, and gets replies.

Every value sent to a flow carries the time, so a flow needs no clock.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TypeAlias, TypeVar

from bot.contract import Response
from bot.errors import SkydeckError


class JobState(StrEnum):
    """How far a job has come.

    ::

        SUBMITTING ─► QUEUED ◄─► WAITING_FOR_WORKER ─► RUNNING ─► COMPLETED | FAILED
                        └──────────────────────────────►┘ ▲          | CANCELLED | EXPIRED
                        ▲                                 │
                        └── the platform requeues a job ──┘  (its worker died; done once)

    WAITING_FOR_WORKER is a cold start: the job is queued and no worker is up. A short job can go
    from any of the first four states straight to an end.
    """

    SUBMITTING = "submitting"
    QUEUED = "queued"
    WAITING_FOR_WORKER = "waiting_for_worker"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Waiting(StrEnum):
    """Why no worker is up, according to `/health`.

    STARTING: one is initializing. STARVED: the data centre has no free GPU. ASLEEP: there is none,
    and none is starting.
    """

    STARTING = "starting"
    STARVED = "starved"
    ASLEEP = "asleep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Something new about a job.

    Attributes:
        response: What has just arrived: a partial, or with the last update the final response.
        job_id: The platform's id, once there is one; enough to `collect` the job later.
        delay_ms: How long the job waited for its (last) worker.
        execution_ms: How long the worker took.
        waiting: The reason for WAITING_FOR_WORKER.
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
        update: The caller's last update; None when it is not known how the job ended.
        error: Raised after it.
    """

    update: Update | None
    error: SkydeckError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request to make.

    Attributes:
        path: Relative to the endpoint's address, with its query.
        timeout_s: For the whole exchange.
        body: JSON.
        must_land: The reply has the id of a job that is being created: a caller that gives up must
            still wait for it, or nobody could cancel the job.
    """

    method: str
    path: str
    timeout_s: float
    body: bytes | None = field(default=None, repr=False)
    must_land: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """A whole reply. Header names are lower case. `now` is monotonic, in seconds."""

    status: int
    now: float
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


class TransportErrorKind(Enum):
    """Why a request got no reply.

    UNSENT: there was no connection, so the service has not seen the request.
    BROKEN: the connection broke later; the service may have acted.
    TIMEOUT: there was no whole reply in time; the service may have acted.
    OVERSIZED: the reply was too large to be read.
    """

    UNSENT = "unsent"
    BROKEN = "broken"
    TIMEOUT = "timeout"
    OVERSIZED = "oversized"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportFailure:
    """No reply. `reason` is for people to read."""

    kind: TransportErrorKind
    reason: str
    now: float


@dataclass(frozen=True, slots=True)
class Tick:
    """The end of a pause, or the caller has taken an update."""

    now: float


Asked: TypeAlias = HttpRequest | Pause | Update
Reply: TypeAlias = HttpResponse | TransportFailure
Sent: TypeAlias = Reply | Tick

_T = TypeVar("_T")
Flow: TypeAlias = Generator[Asked, Sent, _T]
"""A sans-I/O flow: it yields what to do, is sent the outcome, and returns its result."""
