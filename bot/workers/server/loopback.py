"""Serves an ASGI application on a loopback port, within a running event loop."""

import asyncio
import contextlib
import ipaddress
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from bot.errors import BadSettings
from bot.workers.server.connections import BoundedProtocol, ConnectionState

LOOPBACK = "127.0.0.1"

_KEEP_ALIVE_S = 75
"""Longer than httpx (5 s) and aiohttp (15 s) keep an idle connection in their pools. If the server
closed one just as a request arrived, the client could not tell whether the job was accepted."""
_GRACE_S = 3
"""How long unfinished answers may take at shutdown."""


@contextlib.asynccontextmanager
async def serve_on_loopback(
    app: ASGIApp,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    background: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    on_leave: Callable[[], None] = lambda: None,
) -> AsyncIterator[str]:
    """Serve `app` while the body runs.

    Args:
        app: The application.
        host: A loopback address.
        port: 0 chooses a free one.
        background: Coroutine functions to run meanwhile; they are cancelled at the end. If one
            fails, the body is cancelled, and the failure is raised in an `ExceptionGroup`.
        on_leave: Called before the server stops, to end what callers wait for.

    Yields:
        The URL up to and including `/v2`.

    Raises:
        BadSettings: `host` is not a loopback address, or the port is taken.
    """
    escaped: BaseException | None = None
    with contextlib.closing(_open_listener(host, port)) as listener:
        server = _GuestServer(app)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(sockets=[listener]))
            running = [tasks.create_task(run()) for run in background]
            try:
                await server.listening.wait()
                yield _base_url(listener)
            except BaseException as e:  # noqa: BLE001  (raised below: the group would wrap it)
                escaped = e
            on_leave()
            for task in running:
                task.cancel()
            server.leave()
    if escaped is not None:
        raise escaped


class _GuestServer(uvicorn.Server):
    """Uvicorn in another program's loop: it sets an event once it listens and ignores signals.

    Stop it with `leave()`; `serve` then returns within about a quarter of a second.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,  # the program's own logging stays as it is
                access_log=False,
                server_header=False,
                date_header=False,  # uvicorn would wake up ten times a second to renew it
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self.server_state = ConnectionState()
        self.listening = asyncio.Event()
        self._leaving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then set `listening`."""
        await super().startup(sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        """Wait for `leave`; uvicorn's own loop looks every 100 ms, also while nobody calls.

        Being cancelled ends it too: the group does that when a background task has failed. Callers
        then still get their answers, and connections are closed, within the grace.
        """
        with contextlib.suppress(asyncio.CancelledError):
            await self._leaving.wait()

    def leave(self) -> None:
        """Stop serving."""
        self.should_exit = True
        self._leaving.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _open_listener(host: str, port: int) -> socket.socket:
    try:
        address = ipaddress.ip_address(LOOPBACK if host == "localhost" else host)
    except ValueError:
        raise BadSettings(f"{host} is not an IP address.", hint=f"Use {LOOPBACK}.") from None
    if not address.is_loopback:
        raise BadSettings(
            f"The embedded server cannot listen on {host}: it serves this machine only.",
            hint=f"Use {LOOPBACK}; to serve others, put a TLS proxy in front of it.",
        )
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004
    # Without IPPROTO_TCP (as in `socket.create_server`) asyncio leaves Nagle's algorithm on for
    # accepted connections, and every answer waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # on Windows it lets two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address), port))
        listener.listen()
    except OSError as e:
        listener.close()
        raise BadSettings(
            f"Cannot open port {port}: {e.strerror}.", hint="Choose another with --port."
        ) from None
    return listener


def _base_url(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}/v2" if ":" in host else f"http://{host}:{port}/v2"
