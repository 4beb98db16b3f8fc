"""An HTTP API on loopback that answers by script, and ends its answers as the script says."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Self

from aiohttp import web

_MAX_BODY_BYTES: Final = 64 * 1024 * 1024


class End(Enum):
    """How an answer ends."""

    WHOLE = "as it should"
    SHORT = "the body ends in good order, but too soon"
    RESET = "the connection breaks"
    HANG = "nothing more comes"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of HTTP status `status`; `type` is the API's word for it."""

    status: int
    type: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """One request."""

    headers: dict[str, str]
    body: dict[str, Any]


class LoopbackApi:
    """The server.

    Attributes:
        url: For `base_url`.
        left: Set when a caller has closed the connection before the end of its answer.
    """

    root = ""
    """The end of `url`, before each route."""

    def __init__(self) -> None:
        self.url = ""
        self.left = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, without the root."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        for route in self.routes():
            app.router.add_route(route.method, self.root + route.path, route.handler)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}{self.root}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @contextlib.contextmanager
    def _noting_who_leaves(self) -> Iterator[None]:
        try:
            yield
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise


class ModelApi(LoopbackApi):
    """An API of a language model; it has one route.

    Attributes:
        heard: Every request.
        asked: Set when the first request has come.
    """

    route = ""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Heard] = []
        self.asked = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [web.post(self.route, self._take)]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        heard = Heard(dict(request.headers), await request.json())
        self.heard.append(heard)
        self.asked.set()
        with self._noting_who_leaves():
            return await self._answer(request, heard)

    async def _answer(self, request: web.Request, heard: Heard) -> web.StreamResponse:
        raise NotImplementedError


async def finish(
    request: web.Request, response: web.StreamResponse, end: End
) -> web.StreamResponse:
    """End an answer whose bytes are written."""
    match end:
        case End.RESET:
            assert request.transport
            request.transport.abort()
        case End.HANG:
            await asyncio.Event().wait()
    with contextlib.suppress(ConnectionError):
        await response.write_eof()
    return response
