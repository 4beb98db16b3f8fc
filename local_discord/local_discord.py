"""The local Discord: start it, connect a bot to it, let people use the bot."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Self

from aiohttp import web

from bot.clock import Clock, SystemClock

from . import routes_channels, routes_guilds, routes_voice, routes_webhooks
from .backend import Backend
from .faults import Fault
from .gateway import Gateway
from .interactions import Interactions
from .limits import Limit, Limits, OldEdits
from .log import Log, Problem
from .nonces import Nonces
from .people import Person
from .places import Server
from .pointing import pointed_at
from .render import render
from .rest import BODY_MAX, Rest
from .values import Channel, Intent, Json, User
from .voice import Voice
from .waiting import PATIENCE

if TYPE_CHECKING:
    import discord

GUILDS_SETTLE = 0.05
"""Seconds discord.py waits for one more GUILD_CREATE before it is ready; its default is 2."""
OF_BROWSERS = ("Origin", "Sec-Fetch-Site")
"""What a browser sends and a bot does not."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LocalDiscord:
    """A Discord of one's own on the loopback.

    Args:
        clock: Time; the system's by default.
        real_limits: Limit rates as Discord does, not so widely that no test notices.
        answer_seconds: What an interaction has until it fails; Discord's is 3. Where time is real,
            a slow machine would decide over that: give it `PATIENCE`.
        token: The bot's; a fixed one by default.
        sparse: Leave out of all payloads what the reference lets Discord leave out.
        keeps: How many requests, events and problems the log holds, the latest; None: all.

    Attributes:
        base_url: Where it is served.
        backend: Its parts, for the page in a browser; tests need only what is below.

    Example:
        async with LocalDiscord() as sim:
            guild = sim.guild("Test")
            channel = guild.channel("general")
            ana = guild.member("Ana")
            async with sim.connect(bot):
                await ana.says("@Alfred hello", channel)
                await ana.sees("hello")
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        real_limits: bool = False,
        answer_seconds: float | None = None,
        sparse: bool = False,
        keeps: int | None = None,
        token: str | None = None,
    ) -> None:
        self.base_url = ""
        self.backend = Backend(clock or SystemClock(), lambda: self.base_url, keeps=keeps)
        self.backend.world.sparse = sparse
        if token is not None:
            self.backend.application.token = token
        if real_limits:
            self.backend.limits.real()
        if answer_seconds is not None:
            self.backend.interactions.answer_seconds = answer_seconds
        self.backend.gateway.url = lambda: self.gateway_url
        self.backend.voice.address = lambda: self.base_url.removeprefix("http://")
        groups = [routes_channels.routes, routes_guilds.routes, routes_webhooks.routes]
        groups.append(routes_voice.routes)
        self._rest = Rest(self.backend, groups)
        self._stack = AsyncExitStack()
        self._withheld: int | None = None

    # --- running -------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._only_programs], client_max_size=BODY_MAX)
        app.router.add_get("/gateway", self.backend.gateway.handle)
        app.router.add_get("/gateway/", self.backend.gateway.handle)
        app.router.add_get("/voice/{server}", self.voice.handle)
        app.router.add_get("/voice/{server}/", self.voice.handle)
        app.router.add_get("/cdn/attachments/{channel}/{file:[0-9]{1,20}}/{name}", self._serve_file)
        self._rest.mount(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        # A socket bound here tells its port before anything is served.
        listener = socket.create_server(("127.0.0.1", 0))
        # A crowd of five hundred opens its connections at once.
        await web.SockSite(runner, listener, backlog=1024).start()
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._stack.enter_context(pointed_at(self.base_url))
        await self.voice.start()
        self._stack.push_async_callback(self.voice.stop)
        self._stack.push_async_callback(self.gateway.close, 1001)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @web.middleware
    async def _only_programs(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """No page in a browser may come here, nor by a name that somebody's DNS points here."""
        ours = self.base_url.removeprefix("http://")
        # Not request.host: behind a proxy aiohttp takes that from the address, without the port.
        if request.headers.get("Host") != ours or any(
            name in request.headers for name in OF_BROWSERS
        ):
            return web.Response(status=403)
        return await handler(request)

    def withhold_files(self, status: int = 503) -> None:
        """Answer every download of an attachment with this status from now on."""
        self._withheld = status

    async def _serve_file(self, request: web.Request) -> web.Response:
        if self._withheld is not None:
            return web.Response(status=self._withheld)
        file = self.backend.world.files.get(int(request.match_info["file"]))
        if file is None:
            return web.Response(status=404)
        return web.Response(
            body=file.data,
            headers={"Content-Type": file.content_type or "application/octet-stream"},
        )

    @asynccontextmanager
    async def connect(
        self, bot: discord.Client, *, token: str | None = None
    ) -> AsyncIterator[discord.Client]:
        """Run a bot until the block ends; it is ready when the block begins.

        Raises:
            Exception: Whatever ended `bot.start` before it was ready, or while it ran.
        """
        # discord.py waits two seconds for guilds that the local Discord sends at once. This is its
        # own option `guild_ready_timeout`, for bots that were made without it.
        bot._connection.guild_ready_timeout = GUILDS_SETTLE  # noqa: SLF001 - see above
        # No TaskGroup: what ends the bot is raised as it is, here, where its task is awaited.
        starting = bot.start(token or self.token)
        running = asyncio.create_task(starting, name="bot")  # noqa: TID251 - see above
        try:
            await self._ready(bot, running)
            yield bot
        finally:
            if not bot.is_closed():
                await bot.close()
            with suppress(asyncio.CancelledError):
                await running

    async def _ready(self, bot: discord.Client, running: asyncio.Task[None]) -> None:
        # No TaskGroup, as above; whichever ends first ends the wait for both.
        online = asyncio.create_task(self._online(bot))  # noqa: TID251 - see above
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait({online, running}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
                raise AssertionError("the bot stopped before it was ready")
            online.result()
        finally:
            online.cancel()

    async def _online(self, bot: discord.Client) -> None:
        await self.gateway.until_online(within=PATIENCE)
        await bot.wait_until_ready()

    # --- who and what is there -----------------------------------------------------------------

    def guild(self, name: str = "Test", *, locale: str = "en-US") -> Server:
        """A new guild, with the bot in it and without a channel."""
        server = Server(self.backend, self.backend.world.guild(name, locale=locale))
        server.adds_bot()
        return server

    def user(self, name: str, *, locale: str = "en-US") -> Person:
        """Somebody who shares no guild, and writes to the bot directly."""
        return Person(self.backend, self.backend.world.user(name, locale=locale), None)

    def foreign_guild(self, name: str = "Elsewhere", *, locale: str = "en-US") -> Server:
        """A new guild that the bot is no member of."""
        world = self.backend.world
        return Server(self.backend, world.guild(name, locale=locale, with_bot=False))

    def group(self, name: str, *people: Person) -> Channel:
        """A new group DM of these people, the first of whom owns it."""
        return self.backend.world.group(name, [one.user for one in people])

    def install(self, *people: Person) -> None:
        """Install the application to people's accounts, so that it is with them everywhere."""
        self.backend.application.installed_by.update(one.id for one in people)

    @property
    def bot(self) -> User:
        """The bot's account."""
        return self.backend.world.bot

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.backend.application.token

    @property
    def gateway_url(self) -> str:
        """Where the websocket is."""
        return f"ws{self.base_url.removeprefix('http')}/gateway"

    @property
    def commands(self) -> list[Json]:
        """The global commands that the bot has registered."""
        return self.backend.application.commands.get(0, [])

    def tell_threads_late(self) -> None:
        """Announce an archived thread after the message that opens it, not before."""
        self.backend.world.tells_threads_late = True

    def allow_intents(self, intents: Intent) -> None:
        """Set which privileged intents are switched on in the developer portal."""
        self.backend.application.privileged_intents = intents

    # --- what happened -------------------------------------------------------------------------

    @property
    def log(self) -> Log:
        """Every REST call and dispatch."""
        return self.backend.log

    @property
    def problems(self) -> list[Problem]:
        """Everything the bot did that Discord would have refused."""
        return self.backend.log.problems

    def render(self, channel: Channel, *, viewer: Person | None = None) -> str:
        """A channel as an HTML page, with what only `viewer` sees."""
        return render(self.backend.world, channel, viewer.user if viewer else None)

    # --- making trouble ------------------------------------------------------------------------

    @property
    def gateway(self) -> Gateway:
        """The gateway: `drop()`, `close(code)`, `reconnect()`, `invalid_session()`, `outage()`."""
        return self.backend.gateway

    @property
    def voice(self) -> Voice:
        """The voice channels: what the bot says, and trouble of their own."""
        return self.backend.voice

    @property
    def interactions(self) -> Interactions:
        """The interactions, and how long they live."""
        return self.backend.interactions

    @property
    def nonces(self) -> Nonces:
        """The nonces of the past minutes, and how many seconds those are."""
        return self.backend.nonces

    @property
    def old_edits(self) -> OldEdits:
        """The limit on edits of messages older than an hour."""
        return self.backend.old_edits

    @property
    def limits(self) -> Limits:
        """The rate limits in force."""
        return self.backend.limits

    def fail(
        self,
        route: str = "",
        status: int = 500,
        *,
        times: int = 1,
        delay: float = 0.0,
        lost: bool = False,
        code: int = 0,
        path: str = "",
        instead: str | None = None,
    ) -> None:
        """Spoil the next requests whose "METHOD /route" contains `route`.

        Args:
            route: As `POST /channels/{channel_id}/messages`, or a part of it.
            status: The answer in place of the real one; 0 lets the request through.
            times: How many requests.
            delay: Seconds before the answer.
            lost: Do as asked, but cut the connection before the answer (with status 0).
            code: Discord's own code of the error.
            path: A part of the request's path, such as a channel's id.
            instead: Do as asked, but answer with the status and this body.
        """
        status = 0 if lost else status
        self.backend.faults.order(
            Fault(route, status, times, 0.0, False, delay, lost, code, path, instead)
        )

    def rate_limit(
        self,
        route: str = "",
        *,
        retry_after: float = 0.2,
        times: int = 1,
        everywhere: bool = False,
    ) -> None:
        """Answer 429 to the next requests of a route; `everywhere` makes it the global limit."""
        fault = Fault(route, 429, times, retry_after=retry_after, everywhere=everywhere)
        self.backend.faults.order(fault)

    def limit(self, route: str, requests: int, seconds: float) -> None:
        """Give one "METHOD /route" a limit."""
        self.limits.set(route, Limit(requests, seconds))

    def heal(self) -> None:
        """Take back all failures that are still to come."""
        self.backend.faults.clear()
