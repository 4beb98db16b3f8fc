"""The REST side: routing, tokens, limits, faults, the log, errors as Discord words them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from aiohttp import BodyPartReader, web

from . import errors, permissions
from .backend import Backend
from .description import description
from .errors import ApiError
from .faults import Fault, too_many
from .log import Call, Problem
from .rules import MOST
from .sparse import thinned
from .values import VOICE_CHANNELS, Channel, Guild, Json, Permission
from .world import World

logger = logging.getLogger(__name__)

API = "/api/v10"
BODY_MAX = 64 * 1024 * 1024
REFUSED = (400, 413, 501)
NOT_THE_BOTS = (HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600))
"""Statuses that a limit or an ordered fault gives; any other refusal is the bot's problem."""
MESSAGE_BODY_MAX = 1024 * 1024


@dataclass(slots=True)
class Upload:
    """A file in a multipart body."""

    filename: str
    data: bytes


@dataclass(slots=True)
class Request:
    """One request, read and routed."""

    backend: Backend
    method: str
    route: str
    params: dict[str, str]
    query: dict[str, str]
    body: Json = field(default_factory=dict)
    array: list[Json] = field(default_factory=list)
    is_array: bool = False
    uploads: dict[int, Upload] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """Everything there is."""
        return self.backend.world

    def number(self, name: str) -> int:
        """An id in the path; not a number is 50035, as at Discord."""
        value = self.params[name]
        if not value.isdigit():
            detail = {"code": "NUMBER_TYPE_COERCE", "message": f'Value "{value}" is not snowflake.'}
            raise ApiError(400, 50035, "Invalid Form Body", errors={name: {"_errors": [detail]}})
        return int(value)

    def channel(self, *needed: Permission, name: str = "channel_id") -> Channel:
        """The channel of the path, which the bot must see and be allowed `needed` in."""
        channel = self.world.find_channel(self.number(name))
        require(self.world, channel, *needed)
        if "/messages" in self.route and channel.type in VOICE_CHANNELS:
            self._require_connect(channel)
        return channel

    def _require_connect(self, channel: Channel) -> None:
        """The text of a voice channel is for who may connect to it."""
        if not permissions.may(channel, self.world.bot, Permission.CONNECT):
            raise errors.missing_access()

    def guild(self, *needed: Permission) -> Guild:
        """The guild of the path, where the bot must be allowed `needed`."""
        guild = self.world.find_guild(self.number("guild_id"))
        held = permissions.in_guild(guild, self.world.bot)
        if any(permission not in held for permission in needed):
            raise errors.missing_permissions()
        return guild


def require(world: World, channel: Channel, *needed: Permission) -> None:
    """50001 when the bot cannot see a channel, 50013 when it lacks a permission there."""
    held = permissions.in_channel(channel, world.bot)
    if Permission.VIEW_CHANNEL not in held:
        raise errors.missing_access()
    if any(permission not in held for permission in needed):
        raise errors.missing_permissions()


Handler = Callable[[Request], Awaitable[Any] | Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path with its handler; `open` ones need no bot token."""

    method: str
    path: str
    handler: Handler
    open: bool

    @property
    def name(self) -> str:
        """As limits, faults and the log call it."""
        return f"{self.method} {self.path}"


class Routes:
    """A set of routes, filled by decorators."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def add(self, method: str, path: str, *, open_: bool = False) -> Callable[[Handler], Handler]:
        """Register a handler; it returns JSON, or None for 204."""

        def register(handler: Handler) -> Handler:
            self.all.append(Route(method, path, handler, open_))
            return handler

        return register


class Rest:
    """Serves routes for one local Discord."""

    def __init__(self, backend: Backend, routes: list[Routes]) -> None:
        self.backend = backend
        self.routes = [route for group in routes for route in group.all]

    def mount(self, app: web.Application) -> None:
        """Add every route, those with fixed words before those with names in their place."""
        for route in sorted(self.routes, key=lambda r: (r.path.count("{"), -len(r.path))):
            app.router.add_route(route.method, API + route.path, self._serving(route))
        app.router.add_route("*", API + "/{rest:.*}", self._no_route)

    async def _no_route(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix(API)
        problem = Problem(f"{request.method} {path}", 0, "no such route in the local Discord")
        self.backend.log.refused(problem)
        held = description()
        if held is not None and held.find(request.method, path) is None:
            self.backend.log.breach(f"{request.method} {path}", "Discord has no such route")
        return _json(404, errors.not_found().body, {})

    def _serving(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(http: web.Request) -> web.StreamResponse:
            path = http.path.removeprefix(API)
            call = Call(self.backend.world.clock.now(), route.method, route.path, path)
            call.query = dict(http.query)
            self.backend.log.calls.append(call)
            headers = {"Date": formatdate(self.backend.world.clock.wall(), usegmt=True)}
            fault = None
            try:
                fault = await self._gate(route, http, headers)
                answer = await self._answer(route, http, call)
                status = 204 if answer is None else 200
            except ApiError as error:
                status, answer = error.status, error.body
                self._note(call, error)
                if status == HTTPStatus.TOO_MANY_REQUESTS:
                    headers |= _limited(error)
            except ConnectionResetError:  # the client died in the middle of its request
                status, answer = 499, {"message": "the client is gone", "code": 0}
            except Exception as mistake:  # noqa: BLE001 - told to the test, whatever it is
                status, answer = self._own_fault(call, mistake)
            answer = thinned(answer) if self.backend.world.sparse else answer
            call.status, call.answer = status, answer
            call.ended_at = self.backend.world.clock.now()
            self._hold(call)
            if fault is not None and fault.lost and http.transport is not None:
                http.transport.close()
            if fault is not None and fault.instead is not None:
                return _text(fault.status, fault.instead, headers)
            return _json(status, answer, headers)

        return serve

    def _hold(self, call: Call) -> None:
        """Against Discord's description. What is refused here, too, is known to its test."""
        held = description()
        if held is None:
            return
        operation = held.find(call.method, call.path)
        where = f"{call.method} {call.path}"
        if operation is None:
            self.backend.log.breach(where, "Discord has no such route")
            return
        held.held.operations[operation.name] += 1
        if not call.read:
            return
        faults = held.faults(operation, call.query, call.body)
        if faults and call.status in REFUSED:
            held.held.refused += 1
            return
        for fault in faults:
            self.backend.log.breach(where, f"against Discord's description: {fault}")

    async def _gate(self, route: Route, http: web.Request, headers: dict[str, str]) -> Fault | None:
        """Faults, token, limits; gives the fault that spoils the answer to what was done."""
        fault = self.backend.faults.next(route.name, http.path)
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.status and fault.instead is None:
                await http.read()
                raise fault.error()
        token = http.headers.get("Authorization")
        if not route.open and token != f"Bot {self.backend.application.token}":
            raise errors.unauthorized()
        verdict = self.backend.limits.take(route.name, http.match_info)
        headers |= verdict.headers
        if verdict.retry_after:
            await http.read()
            raise too_many(verdict.retry_after, everywhere=verdict.scope == "global")
        return fault

    async def _answer(self, route: Route, http: web.Request, call: Call) -> Any:
        request = Request(
            self.backend, route.method, route.path, dict(http.match_info), dict(http.query)
        )
        await _read_body(http, request)
        call.read = True
        call.body = request.array if request.is_array else request.body or None
        call.files = [upload.filename for upload in request.uploads.values()]
        answer = route.handler(request)
        return await answer if isinstance(answer, Awaitable) else answer

    def _own_fault(self, call: Call, fault: Exception) -> tuple[int, Json]:
        """A body too odd for the checks. 501 and not 500, which discord.py tries five times."""
        logger.error("%s %s", call.method, call.path, exc_info=fault)
        message = f"the local Discord does not understand this: {fault!r}"
        problem = Problem(f"{call.method} {call.path}", 0, message)
        self.backend.log.refused(problem)
        return 501, {"message": message, "code": 0}

    def _note(self, call: Call, error: ApiError) -> None:
        """A refusal is the bot's problem, unless a limit or an ordered fault made it."""
        if error.status in NOT_THE_BOTS:
            return
        where = f"{call.method} {call.path}"
        detail = error.extra.get("errors")
        self.backend.log.refused(Problem(where, error.code, error.message, detail))


def _limited(error: ApiError) -> dict[str, str]:
    # discord.py takes a 429 without `Via` for a ban by Discord's proxy.
    everywhere = bool(error.extra["global"])
    headers = {
        "Retry-After": str(error.extra["retry_after"]),
        "Via": "1.1 google",
        "X-RateLimit-Scope": "global" if everywhere else "user",
    }
    return headers | ({"X-RateLimit-Global": "true"} if everywhere else {})


def _json(status: int, answer: object, headers: dict[str, str]) -> web.Response:
    if status == HTTPStatus.NO_CONTENT:
        return web.Response(status=status, headers=headers)
    return _text(status, json.dumps(answer), headers)


def _text(status: int, text: str, headers: dict[str, str]) -> web.Response:
    # Discord sends no charset, and discord.py compares the type word for word.
    body = text.encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


async def _read_body(http: web.Request, request: Request) -> None:
    if http.content_type == "multipart/form-data":
        await _read_multipart(http, request)
    elif http.can_read_body:
        _take_json(request, await http.read())


async def _read_multipart(http: web.Request, request: Request) -> None:
    total = 0
    async for part in await http.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read())
        total += len(data)
        name = part.name or ""
        if name == "payload_json":
            _take_json(request, data)
        elif name.startswith("files[") and name[6:-1].isdigit():
            request.uploads[int(name[6:-1])] = Upload(part.filename or "file", data)
    if total > MOST["a request's size"]:
        raise errors.too_large()


def _take_json(request: Request, data: bytes) -> None:
    if not data:
        return
    if len(data) > MESSAGE_BODY_MAX:
        raise errors.too_large()
    try:
        parsed = json.loads(data)
    except ValueError:
        raise errors.bad_json() from None
    if isinstance(parsed, list):
        request.array, request.is_array = parsed, True
    elif isinstance(parsed, dict):
        request.body = parsed
