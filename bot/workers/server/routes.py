"""RunPod's routes over HTTP, and who may use them.

Every refusal is `{"error": "<one line>"}`. RunPod documents the status codes, not these bodies.
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.contract.job import MIB, RUN_LIMIT_BYTES, RUNSYNC_LIMIT_BYTES, WorkerCounts
from bot.hosts import is_loopback, name_of
from bot.steps import in_turns
from bot.workers.server.endpoint import Closing, Endpoint
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
"""How long `/runsync` waits: default, minimum, maximum. Other values are clamped."""
STATUS_SYNC_WAIT_MS = (90_000, 1_000, 90_000)
"""The same for `/status-sync`."""
STREAM_WAIT_MS = (10_000, 1_000, 300_000)
"""The same for a `/stream` without new chunks."""

MAX_INTAKE_BYTES = 128 * MIB
"""The limit of all bodies that arrive at one time; each may take a minute."""
_MAX_DIGITS = 12
_STATUS_OF: dict[Any, int] = {BadBody: 400, NotRetryable: 400, QueueFull: 429, Closing: 503}


class Workers(Protocol):
    """The workers of an endpoint, as `/health` needs them."""

    @property
    def counts(self) -> WorkerCounts:
        """How many there are in each state."""


@dataclass(frozen=True, slots=True)
class Served:
    """An endpoint and its workers."""

    endpoint: Endpoint
    workers: Workers


def build_app(
    endpoints: Mapping[str, Served], key: SecretStr, names: Collection[str] = ()
) -> Starlette:
    """Build the application: `/v2/{endpoint}/…`.

    Args:
        endpoints: By endpoint id.
        key: The key that callers must send as `Authorization: Bearer KEY`, or bare.
        names: Host names that callers may use besides the loopback's.
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
        middleware=[Middleware(HostGate, names=names), Middleware(KeyGate, key=key)],
        exception_handlers={
            HTTPException: _answer_refusal,
            **dict.fromkeys(_STATUS_OF, _answer_refusal),
            Exception: _answer_500,
        },
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
        # The job continues if the caller disconnects.
        await self._endpoint(request).wait(job, _has_ended, wait_s)
        return _json(report(job))

    async def status(self, request: Request) -> Response:
        job = self._job(request)
        ttl_ms = _milliseconds(request, "ttl")
        if ttl_ms is not None:
            self._endpoint(request).set_ttl(job, ttl_ms / 1000)
        return _json(report(job))

    async def status_sync(self, request: Request) -> Response:
        wait_s = _wait_s(request, STATUS_SYNC_WAIT_MS)
        await self._endpoint(request).wait(self._job(request), _has_ended, wait_s)
        return _json(report(self._job(request)))

    async def stream(self, request: Request) -> Response:
        wait_s = _wait_s(request, STREAM_WAIT_MS)
        await self._endpoint(request).wait(self._job(request), _has_news, wait_s)
        # Chunks are sent once, so a caller who has disconnected must not consume them.
        is_gone = await request.is_disconnected()
        job = self._job(request)
        return _json(stream_report(job, () if is_gone else job.drain_stream()))

    async def cancel(self, request: Request) -> Response:
        job = self._job(request)
        self._endpoint(request).cancel(job)
        return _json(receipt(job))

    async def retry(self, request: Request) -> Response:
        return _json(receipt(self._endpoint(request).retry(self._job(request))))

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
        submission = await in_turns(reading_submission(body))
        return endpoint.submit(submission, size=len(body), sync=sync)

    async def _read_body(self, request: Request, limit: int) -> bytes:
        """Read the body, but never more than the limit."""
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
                    raise HTTPException(429, "too much data is arriving at once")
                self._intake_bytes += len(piece)
                body += piece
        except ClientDisconnect:
            raise HTTPException(400, "the body breaks off") from None  # the caller is gone
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
            raise HTTPException(404, "no such job: the id is unknown, or its retention is over")
        return job


def _has_ended(job: Job) -> bool:
    return job.ended


def _has_news(job: Job) -> bool:
    return job.ended or job.streamed < len(job.yielded)


def _wait_s(request: Request, bounds: tuple[int, int, int]) -> float:
    default, minimum, maximum = bounds
    wait_ms = _milliseconds(request, "wait")
    return (default if wait_ms is None else min(max(wait_ms, minimum), maximum)) / 1000


def _milliseconds(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > _MAX_DIGITS:  # a trillion ms is 31 years
        raise HTTPException(400, f"{name} must be a number of milliseconds")
    return int(text)


def _json(body: bytes, *, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="application/json")


async def _answer_refusal(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return _refusal(_STATUS_OF[type(error)], str(error))
    response = _refusal(error.status_code, error.detail)
    response.headers.update(error.headers or {})
    return response


async def _answer_500(_: Request, __: Exception) -> Response:
    """Answer after a bug. Starlette then re-raises the error, so the log has the traceback."""
    return _refusal(500, "the server failed unexpectedly")


def _refusal(status: int, words: str) -> Response:
    return _json(encode({"error": words}), status=status)


# -- before a byte of the body is read -------------------------------------------------------------


class HostGate:
    """Admits requests that name this machine, or a host that its owner has configured.

    Any other name is that of a web page whose owner points it at this machine (`bot/hosts.py`). A
    browser also sends the origin of a page that calls a server other than its own.

    Args:
        names: More names than the loopback's, in lower case and without a port.
    """

    def __init__(self, app: ASGIApp, *, names: Collection[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] == "http" and (problem := self._problem(scope["headers"])):
            status, words = problem
            await _refusal(status, words)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _problem(self, headers: Collection[tuple[bytes, bytes]]) -> tuple[int, str] | None:
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self._knows(hosts[0]):
            return 421, "this server does not serve that host name (SKYDECK_SERVE_HOSTS)"
        origins = [value for name, value in headers if name == b"origin"]
        if not all(self._is_own(origin) for origin in origins):
            return 403, "this server does not answer web pages of other origins"
        return None

    def _is_own(self, origin: bytes) -> bool:
        scheme, _, authority = origin.partition(b"://")
        return scheme in (b"http", b"https") and self._knows(authority)

    def _knows(self, authority: bytes) -> bool:
        name = name_of(authority.decode("latin-1"))
        return name in self._names or is_loopback(name)


class KeyGate:
    """Admits requests that carry the key."""

    def __init__(self, app: ASGIApp, *, key: SecretStr) -> None:
        self._app = app
        self._key = key.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] == "http" and not self._admits(dict(scope["headers"])):
            await _refusal(401, "the key is missing or wrong")(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _admits(self, headers: Mapping[bytes, bytes]) -> bool:
        shown = headers.get(b"authorization", b"").strip()
        scheme, _, rest = shown.partition(b" ")
        if scheme.lower() == b"bearer":
            shown = rest.strip()
        return hmac.compare_digest(shown, self._key)
