"""What the running service answers besides RunPod's routes.

GET  /service/hold       proves who it is, and counts the caller until it hangs up
GET  /service/status     how it stands
POST /service/warm-up    loads the models of ?services=penny,grace; lines of JSON say which begin,
                         {"begins": "hearing"}, and the last one how it ended, {"error": ""}
POST /service/end        ends it; with ?unused=1 only if nobody but the caller uses it
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.background import Background
from bot.loading import watched
from bot.local_service.record import NONCE, PREFIX, PROOF, proof, proves
from bot.local_service.usage import Usage
from bot.workers.server.routes import HostGate, KeyGate

_NONCE: Final = NONCE.lower().encode()
_PROOF: Final = PROOF.lower().encode()

WarmUp = Callable[[list[str]], Awaitable[str]]
"""Loads the models of these services; returns why it failed, or nothing."""


class Gate:
    """Stands before RunPod's routes.

    Args:
        app: RunPod's routes.
        usage: Counts who uses it.
        key: What callers must know.
    """

    def __init__(self, app: ASGIApp, *, usage: Usage, key: str, warm_up: WarmUp) -> None:
        self._app = app
        routes = _Routes(usage, warm_up)
        keyed = Starlette(
            routes=[
                Route(f"{PREFIX}status", routes.status, methods=["GET"]),
                Route(f"{PREFIX}warm-up", routes.warm_up, methods=["POST"]),
                Route(f"{PREFIX}end", routes.end, methods=["POST"]),
            ]
        )
        self._held = HostGate(_Hold(usage, key), names=())
        self._keyed = HostGate(KeyGate(keyed, key=SecretStr(key)), names=())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to whom it concerns."""
        path = scope.get("path", "")
        if path == f"{PREFIX}hold":
            await self._held(scope, receive, send)
        elif path.startswith(PREFIX):
            await self._keyed(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _Hold:
    """An answer that lasts as long as the caller: if it dies, its connection does, too."""

    def __init__(self, usage: Usage, key: str) -> None:
        self._usage = usage
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Prove who this is, and count the caller until it hangs up or the service ends."""
        headers = dict(scope["headers"])
        nonce, shown = (headers.get(name, b"").decode("latin-1") for name in (_NONCE, _PROOF))
        if not proves(shown, self._key, "client", nonce):
            await Response(status_code=401)(scope, receive, send)
            return
        if self._usage.over.is_set():
            await Response(status_code=503)(scope, receive, send)
            return
        with self._usage.begun():
            ours = proof(self._key, "service", nonce).encode()
            start = {"type": "http.response.start", "status": 200, "headers": [(_PROOF, ours)]}
            await send(start)
            await send({"type": "http.response.body", "body": b"held\n", "more_body": True})
            await _until_gone(receive, self._usage.over)


async def _until_gone(receive: Receive, over: asyncio.Event) -> None:
    async def hung_up() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async with asyncio.TaskGroup() as waiting:
        either = [waiting.create_task(hung_up()), waiting.create_task(over.wait())]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        for task in either:
            task.cancel()


class _Routes:
    def __init__(self, usage: Usage, warm_up: WarmUp) -> None:
        self._usage = usage
        self._warm_up = warm_up
        self._loading = Background("loading of models")

    async def status(self, _: Request) -> Response:
        return JSONResponse({"users": self._usage.users})

    async def warm_up(self, request: Request) -> Response:
        names = request.query_params.get("services", "").split(",")
        told = self._told_while_loading([name for name in names if name])
        return StreamingResponse(told, media_type="application/x-ndjson")

    async def _told_while_loading(self, names: list[str]) -> AsyncIterator[str]:
        """Lines of JSON; the models are loaded to the end even if the caller hangs up."""
        lines: asyncio.Queue[dict[str, str]] = asyncio.Queue()

        async def load() -> None:
            with watched(lambda part, _: lines.put_nowait({"begins": part})):
                lines.put_nowait({"error": await self._warm_up(names)})

        self._loading.start(load())
        line: dict[str, str] = {}
        while "error" not in line:
            line = await lines.get()
            yield json.dumps(line) + "\n"

    async def end(self, request: Request) -> Response:
        if request.query_params.get("unused") and self._usage.users > 1:
            return JSONResponse({"error": "others use it"}, status_code=409)
        self._usage.stop()
        return JSONResponse({})
