"""RunPod's routes over HTTP: who may call, what may come in, and which status goes out.

Every refusal is `{"error": "<one line>"}`. RunPod documents the status codes, not those bodies.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.contract.job import MIB, RUN_LIMIT_BYTES, RUNSYNC_LIMIT_BYTES, WorkerCounts
from bot.steps import in_turns
from bot.workers.server.endpoint import Closing, Endpoint
from bot.workers.server.gates import KeyGate, NameGate
from bot.workers.server.jobs import Job, NotRetryable, QueueFull
from bot.workers.server.wire import (
    BadBody,
    encode,
    reading_submission,
    receipt,
    report,
    stream_report,
)

RUNSYNC_WAIT_MS = (90_000, 1_000, 300_000)
"""How long `/runsync` holds the line: default, least, most. What is outside is brought inside."""
STATUS_SYNC_WAIT_MS = (90_000, 1_000, 90_000)
"""The same for `/status-sync`."""
STREAM_WAIT_MS = (10_000, 1_000, 300_000)
"""The same for a `/stream` that has nothing to say yet."""

MAX_INTAKE_BYTES = 128 * MIB
"""Of all bodies that are being sent at one moment; each may be half there for a minute."""
_MAX_DIGITS = 12


class Workers(Protocol):
    """Who works for an endpoint, as far as `/health` is concerned."""

    @property
    def counts(self) -> WorkerCounts:
        """How many there are, by state."""
        ...


@dataclass(frozen=True, slots=True)
class Served:
    """An endpoint, and who works for it."""

    endpoint: Endpoint
    workers: Workers


def build_app(
    endpoints: Mapping[str, Served], key: SecretStr, names: Collection[str] = ()
) -> Starlette:
    """The application: `/v2/{endpoint}/…`.

    Args:
        endpoints: By endpoint id.
        key: What callers must show as `Authorization: Bearer KEY`, or bare.
        names: By which callers may call it, beside those of the loopback.
    """
    api = _Api(endpoints)
    one = "/v2/{endpoint}"
    either = ["GET", "POST"]
    return Starlette(
        routes=[
            Route(f"{one}/run", api.run, methods=["POST"]),
            Route(f"{one}/runsync", api.runsync, methods=["POST"]),
            Route(f"{one}/status/{{job}}", api.status, methods=either),
            Route(f"{one}/status-sync/{{job}}", api.status_sync, methods=either),
            Route(f"{one}/stream/{{job}}", api.stream, methods=either),
            Route(f"{one}/cancel/{{job}}", api.cancel, methods=["POST"]),
            Route(f"{one}/retry/{{job}}", api.retry, methods=["POST"]),
            Route(f"{one}/purge-queue", api.purge_queue, methods=["POST"]),
            Route(f"{one}/health", api.health, methods=["GET"]),
        ],
        middleware=[Middleware(NameGate, names=names), Middleware(KeyGate, key=key)],
        exception_handlers={HTTPException: _refuse, Exception: _broken},
    )


class _Api:
    def __init__(self, endpoints: Mapping[str, Served]) -> None:
        self._endpoints = endpoints
        self._intake_bytes = 0

    async def run(self, request: Request) -> Response:
        job = await self._submit(request, RUN_LIMIT_BYTES, sync=False)
        return _json(receipt(job))

    async def runsync(self, request: Request) -> Response:
        wait_s = _wait_s(request, RUNSYNC_WAIT_MS)
        job = await self._submit(request, RUNSYNC_LIMIT_BYTES, sync=True)
        # Nobody watches the line here: a caller who hangs up leaves a job that goes on.
        await self._endpoint(request).wait(job, _has_ended, wait_s)
        return _json(report(job))

    async def status(self, request: Request) -> Response:
        job = self._job(request)
        ttl_ms = _number(request, "ttl")
        if ttl_ms is not None:
            self._endpoint(request).expire(job, ttl_ms / 1000)
        return _json(report(job))

    async def status_sync(self, request: Request) -> Response:
        wait_s = _wait_s(request, STATUS_SYNC_WAIT_MS)
        await self._endpoint(request).wait(self._job(request), _has_ended, wait_s)
        return _json(report(self._job(request)))

    async def stream(self, request: Request) -> Response:
        wait_s = _wait_s(request, STREAM_WAIT_MS)
        await self._endpoint(request).wait(self._job(request), _has_news, wait_s)
        # Chunks are handed out once. Who has hung up meanwhile must not take them along.
        hung_up = await request.is_disconnected()
        job = self._job(request)
        return _json(stream_report(job, () if hung_up else job.drain()))

    async def cancel(self, request: Request) -> Response:
        job = self._job(request)
        self._endpoint(request).cancel(job)
        return _json(receipt(job))

    async def retry(self, request: Request) -> Response:
        try:
            return _json(receipt(self._endpoint(request).retry(self._job(request))))
        except NotRetryable as e:
            raise HTTPException(400, str(e)) from None
        except QueueFull as e:
            raise HTTPException(429, str(e)) from None
        except Closing:
            raise HTTPException(503, "the server is shutting down") from None

    async def purge_queue(self, request: Request) -> Response:
        removed = self._endpoint(request).purge()
        return _json(encode({"removed": removed, "status": "completed"}))

    async def health(self, request: Request) -> Response:
        served = self._served(request)
        jobs, workers = served.endpoint.counts, served.workers.counts
        return _json(encode({"jobs": jobs.to_wire(), "workers": workers.to_wire()}))

    async def _submit(self, request: Request, limit: int, *, sync: bool) -> Job:
        endpoint = self._endpoint(request)
        body = await self._read_body(request, limit)
        try:
            submission = await in_turns(reading_submission(body))
            return endpoint.submit(submission, size=len(body), sync=sync)
        except BadBody as e:
            raise HTTPException(400, str(e)) from None
        except QueueFull as e:
            raise HTTPException(429, str(e)) from None
        except Closing:
            raise HTTPException(503, "the server is shutting down") from None

    async def _read_body(self, request: Request, limit: int) -> bytes:
        """The body, as long as it is within the limit; what is over it is never held."""
        refusal = HTTPException(400, f"exceeded max body size of {limit // MIB}MiB")
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and (len(declared) > _MAX_DIGITS or int(declared) > limit):
            raise refusal
        body = bytearray()
        try:
            async for piece in request.stream():
                if len(body) + len(piece) > limit:
                    raise refusal
                if self._intake_bytes + len(piece) > MAX_INTAKE_BYTES:
                    raise HTTPException(429, "too much is being sent at once")
                self._intake_bytes += len(piece)
                body += piece
        except ClientDisconnect:
            raise HTTPException(400, "the body breaks off") from None  # nobody reads this
        finally:
            self._intake_bytes -= len(body)
        return bytes(body)

    def _served(self, request: Request) -> Served:
        served = self._endpoints.get(request.path_params["endpoint"])
        if served is None:
            raise HTTPException(404, f"no such endpoint; there are {', '.join(self._endpoints)}")
        return served

    def _endpoint(self, request: Request) -> Endpoint:
        return self._served(request).endpoint

    def _job(self, request: Request) -> Job:
        job = self._endpoint(request).find(request.path_params["job"])
        if job is None:
            raise HTTPException(404, "no such job: it never was, or it is past its retention time")
        return job


def _has_ended(job: Job) -> bool:
    return job.ended


def _has_news(job: Job) -> bool:
    return job.ended or job.streamed < len(job.yielded)


def _wait_s(request: Request, bounds: tuple[int, int, int]) -> float:
    default, least, most = bounds
    wait_ms = _number(request, "wait")
    return (default if wait_ms is None else min(max(wait_ms, least), most)) / 1000


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > _MAX_DIGITS:  # a trillion ms is 31 years
        raise HTTPException(400, f"{name} must be a number of milliseconds")
    return int(text)


def _json(body: bytes, *, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="application/json")


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (Starlette looked it up by its type)
    response = _json(encode({"error": error.detail}), status=error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _broken(_: Request, __: Exception) -> Response:
    """A bug. Starlette raises it again after this answer, so that the traceback is logged."""
    return _json(encode({"error": "the server failed unexpectedly"}), status=500)
