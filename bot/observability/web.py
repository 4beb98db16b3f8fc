"""Serves /metrics, /healthz and /readyz to machines, and /status to people."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST

from bot.errors import BadSettings
from bot.hosts import is_loopback, name_of
from bot.observability.metrics import Metrics

Page = Callable[[web.Request], Awaitable[web.Response]]
"""Answers a request for a page."""
Check = Callable[[], Awaitable[str]]
"""Why the bot is not ready; empty: it is. It may wait, but not raise."""

_PORTS: Final = range(65536)
MAX_CONNECTION_S: Final = 10.0
"""From open to close: a request takes a few hundred bytes, an answer a few thousand."""
MAX_CONNECTIONS: Final = 64


@contextlib.asynccontextmanager
async def serve_metrics(
    address: str, metrics: Metrics, ready: Check, status: Page | None = None
) -> AsyncIterator[str]:
    """Serve on an address while the block runs; yields the base URL.

    Args:
        address: HOST:PORT; port 0: any free port.
        metrics: Served at /metrics.
        ready: Answers /readyz.
        status: Answers /status; None: there is none.

    Raises:
        BadSettings: The address is not valid, or is in use.
    """

    async def metrics_text(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})  # that it answers shows that the event loop runs

    async def can_serve(_request: web.Request) -> web.Response:
        reason = await ready()
        if reason:
            return web.json_response({"status": "unavailable", "reason": reason}, status=503)
        return web.json_response({"status": "ok"})

    host, port = _split(address)
    app = web.Application(middlewares=[_own_names] if is_loopback(host) else [])
    app.add_routes(
        [
            web.get("/metrics", metrics_text),
            web.get("/healthz", alive),
            web.get("/readyz", can_serve),
        ]
    )
    if status is not None:
        app.router.add_get("/status", status)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=0)
    await runner.setup()
    try:
        try:
            server = await asyncio.get_running_loop().create_server(_ShortLived(runner), host, port)
        except OSError as e:
            raise BadSettings(
                f"SKYDECK_METRICS_ADDRESS={address} cannot be used ({e.strerror}).",
                hint="Choose another, or leave it empty.",
            ) from None
        try:
            bound = server.sockets[0].getsockname()
            yield f"http://{bound[0]}:{bound[1]}"
        finally:
            server.close()
    finally:
        await runner.cleanup()


class _ShortLived:
    """Makes aiohttp's connections, and drops each after a while, whatever it is doing.

    aiohttp itself would wait for the rest of a request forever. If there are too many connections,
    the oldest is dropped first.
    """

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner
        self._open: list[web.RequestHandler] = []

    def __call__(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None  # noqa: S101  (the runner is set up)
        one = server()
        self._open = [other for other in self._open if other.transport is not None]
        for other in self._open[: max(0, len(self._open) + 1 - MAX_CONNECTIONS)]:
            _drop(other)
        self._open.append(one)
        asyncio.get_running_loop().call_later(MAX_CONNECTION_S, _drop, one)
        return one


def _drop(connection: web.RequestHandler) -> None:
    if isinstance(connection.transport, asyncio.Transport):
        connection.transport.abort()


@web.middleware
async def _own_names(request: web.Request, handler: Handler) -> web.StreamResponse:
    """On a loopback address, refuse requests for any other host name (DNS rebinding)."""
    if not is_loopback(name_of(request.headers.get("Host", ""))):
        raise web.HTTPMisdirectedRequest
    return await handler(request)


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not port.isdigit() or int(port) not in _PORTS:
        raise BadSettings(
            f"SKYDECK_METRICS_ADDRESS={address} is not a valid address; expected HOST:PORT."
        )
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - `:9464` means all interfaces
