"""Starts the embedded server, and stops it so that no caller is left waiting."""

import asyncio
import contextlib
import signal
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)

from pydantic import SecretStr
from starlette.types import ASGIApp

from bot.clock import Clock
from bot.errors import BadSettings
from bot.workers.protocols import Handler
from bot.workers.server.endpoint import Endpoint
from bot.workers.server.loopback import LOOPBACK, serve_on_loopback
from bot.workers.server.routes import Served, build_app
from bot.workers.server.worker_pool import WorkerPool

_SWEEP_S = 1.0
"""How often the server deletes expired jobs; lookups already ignore them."""


@contextlib.asynccontextmanager
async def embedded_server(
    handlers: Mapping[str, Handler],
    *,
    key: SecretStr,
    clock: Clock,
    queue_limit: int = 64,
    port: int = 0,
    host: str = LOOPBACK,
    concurrency: Mapping[str, int] | None = None,
    warm_up: Collection[str] | None = None,
    names: Collection[str] = (),
    front: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> AsyncIterator[str]:
    """Serve the handlers in this event loop, as RunPod's endpoints, while the body runs.

    The models load in the background, one service after another; a job that arrives earlier
    loads its own model at once, and stays IN_QUEUE until then. On leaving, waiting and running jobs
    are CANCELLED, and callers waiting for one get an answer. The caller closes the handlers.

    Args:
        handlers: By endpoint id.
        key: The key that callers must send.
        clock: Times retention and jobs.
        queue_limit: How many jobs may wait at each endpoint before it answers 429.
        port: 0 chooses a free one.
        host: A loopback address to listen on.
        concurrency: How many jobs an endpoint does at once; one if it is not listed.
        warm_up: The endpoints whose models load at the start; None means all. The others count as
            ready: their handlers are warm, or load what each job needs.
        names: Host names that callers may use besides the loopback's.
        front: Puts more routes before RunPod's.

    Yields:
        The base URL, `http://127.0.0.1:PORT/v2`.

    Raises:
        BadSettings: The key is empty, the address is not a loopback one, or the port is taken.
    """
    if not key.get_secret_value().strip():
        raise BadSettings("The server's key is empty.", hint="Set SKYDECK_SERVE_KEY.")
    pools: dict[str, WorkerPool] = {}
    served: dict[str, Served] = {}
    for name, handler in handlers.items():
        endpoint = Endpoint(name, queue_limit=queue_limit, clock=clock)
        size = (concurrency or {}).get(name, 1)
        warm = warm_up is None or name in warm_up
        pools[name] = WorkerPool(endpoint, handler, size=size, warm=warm, clock=clock)
        served[name] = Served(endpoint, pools[name])
    endpoints = [one.endpoint for one in served.values()]

    def close() -> None:
        for endpoint in endpoints:
            endpoint.close()

    async with serve_on_loopback(
        front(build_app(served, key, names)),
        host=host,
        port=port,
        background=[
            *(pool.work for pool in pools.values()),
            lambda: _warm_up(pools.values()),
            lambda: _sweep_repeatedly(endpoints, clock),
        ],
        on_leave=close,
    ) as url:
        yield url


async def serve(
    handlers: Mapping[str, Handler],
    *,
    key: SecretStr,
    clock: Clock,
    port: int,
    queue_limit: int = 64,
    host: str = LOOPBACK,
    names: Collection[str] = (),
    on_ready: Callable[[str], object] = lambda _: None,
) -> None:
    """Serve until interrupted (Ctrl-C, or SIGTERM), then shut down as `embedded_server` does.

    Args:
        handlers: By endpoint id.
        key: The key that callers must send.
        clock: Times retention and jobs.
        port: The port to listen on.
        queue_limit: How many jobs may wait at each endpoint before it answers 429.
        host: A loopback address.
        names: Host names that callers may use besides the loopback's.
        on_ready: Called with the base URL when the server listens.

    Raises:
        BadSettings: The key is empty, the address is not a loopback one, or the port is taken.
    """
    interrupted = asyncio.Event()
    with interruption(interrupted.set):
        async with embedded_server(
            handlers,
            key=key,
            clock=clock,
            queue_limit=queue_limit,
            port=port,
            host=host,
            names=names,
        ) as url:
            on_ready(url)
            await interrupted.wait()


async def _warm_up(pools: Iterable[WorkerPool]) -> None:
    """Load the models one after another: two at once would compete for the cores."""
    for pool in pools:
        await pool.warm_up()


async def _sweep_repeatedly(endpoints: Sequence[Endpoint], clock: Clock) -> None:
    while True:
        await clock.sleep(_SWEEP_S)
        for endpoint in endpoints:
            endpoint.sweep()


@contextlib.contextmanager
def interruption(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` at Ctrl-C and SIGTERM, for the length of the block.

    Windows has no signal handlers on the loop; there Ctrl-C cancels the main task instead.
    """
    loop = asyncio.get_running_loop()
    caught = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop)
            caught.append(number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
