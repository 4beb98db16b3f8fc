"""What a Prometheus and an orchestrator ask the bot: /metrics, /healthz, /readyz."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.errors import BadSettings
from bot.observability.metrics import Metrics

Check = Callable[[], Awaitable[str]]
"""Why the bot cannot serve now; empty: it can. May wait, not raise."""

_PORTS: Final = range(65536)


@contextlib.asynccontextmanager
async def measurements(address: str, metrics: Metrics, ready: Check) -> AsyncIterator[str]:
    """Answer on an address, while the block runs; gives the base URL.

    Args:
        address: HOST:PORT; port 0: any that is free.
        metrics: The figures.
        ready: Asked for /readyz.

    Raises:
        BadSettings: It is no address, or is taken.
    """

    async def figures(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})  # said on the loop: so that turns

    async def can_serve(_request: web.Request) -> web.Response:
        reason = await ready()
        if reason:
            return web.json_response({"status": "unavailable", "reason": reason}, status=503)
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.add_routes(
        [
            web.get("/metrics", figures),
            web.get("/healthz", alive),
            web.get("/readyz", can_serve),
        ]
    )
    host, port = _split(address)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as e:
            raise BadSettings(
                f"SKYDECK_METRICS_ADDRESS={address} cannot be used ({e.strerror}).",
                hint="Choose another, or leave it empty.",
            ) from None
        bound = runner.addresses[0]
        yield f"http://{bound[0]}:{bound[1]}"
    finally:
        await runner.cleanup()


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not port.isdigit() or int(port) not in _PORTS:
        raise BadSettings(
            f"SKYDECK_METRICS_ADDRESS={address} is no address.", hint="Say HOST:PORT."
        )
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - `:9464` is asked for
