"""The page's server, on loopback: a token in the address, Host and Origin checked, a strict CSP."""

from __future__ import annotations

import hmac
import logging
import math
import re
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Never
from urllib.parse import urlencode

from aiohttp import web

from bot.background import Background
from local_discord.errors import CannotDo
from local_discord.files import File
from local_discord.keeping import Keeper

from . import acts, commands
from .cast import Cast, furnish
from .desk import TABS_MAX, Desk
from .tab import FRAME_MAX_BYTES, Tab
from .view import words
from .voice import Phones

if TYPE_CHECKING:
    from local_discord.local_discord import LocalDiscord

log = logging.getLogger(__name__)

STATIC: Final = Path(__file__).with_name("static")
MESSAGES_CSS: Final = STATIC.parents[1] / "messages.css"
TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
SHOWN_IN_PLACE: Final = re.compile(
    r"(image/(png|jpeg|gif|webp|avif)|audio/[\w.+-]+|video/[\w.+-]+)"
)
"""Files that the page shows; a browser saves all others, so that none runs at the page's origin."""
UPLOAD_MAX_BYTES: Final = 25 * 1024 * 1024
NAME_MAX: Final = 255
CLOSE_FULL: Final = 4000
"""The tab need not come again."""
HEARTBEAT_S: Final = 20.0
SOCKETS: Final = ("/socket", "/voice")
"""A browser names the page that opens them; whoever names none is no browser."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextmanager
def keeping(sim: LocalDiscord, file: Path) -> Iterator[Cast]:
    """Bring back what an earlier run kept in this file, else begin anew; keep it from now on.

    Raises:
        CannotKeep: The file cannot be used, or at the end: not be written.
    """
    keeper = Keeper(sim.backend, file)
    with closing(keeper):
        earlier = keeper.load()
        users = sim.backend.world.users
        cast = furnish(sim) if earlier is None else Cast.again(earlier["cast"], users)
        keeper.more = lambda: {"cast": cast.kept()}
        keeper.begin()
        yield cast


@asynccontextmanager
async def serving(
    sim: LocalDiscord, *, port: int = 0, cast: Cast | None = None
) -> AsyncIterator[Page]:
    """Serve the page of a local Discord until the block ends.

    Args:
        sim: A local Discord that has begun.
        port: On 127.0.0.1; 0: any that is free.
        cast: The people; without it servers, channels and people are made.
    """
    desk = Desk(sim, cast or furnish(sim))
    page = Page(desk)
    runner = web.AppRunner(page.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    listener = sockets.create_server(("127.0.0.1", port))
    page.port = listener.getsockname()[1]
    await web.SockSite(runner, listener).start()
    background = Background("the page of the local Discord")
    background.start(_follow(desk))
    try:
        yield page
    finally:
        await background.close()
        for tab in list(desk.tabs):
            tab.cut()
        await runner.cleanup()


async def _follow(desk: Desk) -> Never:
    """Tell all tabs whenever the bot comes online or goes."""
    gateway = desk.sim.gateway
    while True:
        await gateway.until_online(within=math.inf)
        for tab in desk.tabs:
            tab.tell_of_bot()
        await gateway.until_offline(within=math.inf)
        for tab in desk.tabs:
            tab.tell_of_bot()


class Page:
    """The page's routes.

    Attributes:
        desk: What all tabs share.
        phones: What tabs speak and hear with.
        acts: What a tab may ask for.
        port: Where it is served.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.phones = Phones(desk)
        self.acts = acts.ACTS | commands.ACTS | self.phones.acts
        self.port = 0

    @property
    def origin(self) -> str:
        """The page's origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """What to open in a browser; whoever has it may use the page."""
        return f"{self.origin}/?{urlencode({'token': self.desk.token})}"

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(middlewares=[self._guard], client_max_size=UPLOAD_MAX_BYTES)
        app.router.add_get("/", self._index)
        app.router.add_get("/static/{name}", self._static)
        app.router.add_get(r"/file/{number:[0-9]{1,20}}/{name}", self._file)
        app.router.add_post("/upload", self._upload)
        app.router.add_get("/socket", self._socket)
        app.router.add_get("/voice", self.phones.serve)
        return app

    # --- who may come in -----------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Only for a browser that has the address: not by another name, not from another page."""
        if not self._is_ours(request):
            response: web.StreamResponse = _refused(403, "This page is for its own address only.")
        elif not request.path.startswith("/static/") and not self._has_token(request):
            response = _refused(403, "Open the address that `skydeck try` shows: it has a token.")
        else:
            try:
                response = await handler(request)
            except web.HTTPException as refused:
                response = _refused(refused.status, refused.reason)
        if not response.prepared:
            self._harden(response)
        return response

    def _is_ours(self, request: web.Request) -> bool:
        hosts = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}
        if request.host not in hosts:  # a name that somebody else's DNS points here
            return False
        origin = request.headers.get("Origin")
        if origin is None:
            return request.method == "GET" and request.path not in SOCKETS
        return origin == f"http://{request.host}"

    def _has_token(self, request: web.Request) -> bool:
        given = request.query.get("token", "")
        return hmac.compare_digest(given.encode(), self.desk.token.encode())

    def _harden(self, response: web.StreamResponse) -> None:
        sockets_too = f"ws://127.0.0.1:{self.port} ws://localhost:{self.port}"
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
            f"media-src 'self' blob:; connect-src 'self' {sockets_too}; worker-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "no-store")

    # --- files ---------------------------------------------------------------------------------

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return _whole(STATIC / "index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name == MESSAGES_CSS.name:
            return _whole(MESSAGES_CSS)
        names = {one.name for one in STATIC.iterdir()}  # what is not listed is not opened
        return _whole(STATIC / name) if name in names else _refused(404, "There is no such file.")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.desk.sim.backend.world.files.get(int(request.match_info["number"]))
        if file is None:
            return _refused(404, "There is no such file.")
        kind = file.content_type.partition(";")[0].strip().lower()
        headers = {
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Accept-Ranges": "none",
        }
        if SHOWN_IN_PLACE.fullmatch(kind) is None:
            kind, headers["Content-Disposition"] = "application/octet-stream", "attachment"
        return web.Response(body=file.data, content_type=kind, headers=headers)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file: its bytes are the body; its name and who sends it are in the query."""
        name = request.query.get("name", "")[:NAME_MAX] or "file"
        locale = self.desk.cast.find(request.query.get("as", "")).locale
        too_large = words(locale)["too large"].format(name=name, limit=UPLOAD_MAX_BYTES >> 20)
        if (request.content_length or 0) > UPLOAD_MAX_BYTES:
            return _refused(413, too_large)
        try:
            data = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _refused(413, too_large)
        try:
            return web.json_response({"upload": self.desk.hold(File(name, data))})
        except CannotDo as full:
            return _refused(507, full.told(locale))

    # --- sockets -------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        response = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=FRAME_MAX_BYTES)
        self._harden(response)
        await response.prepare(request)
        user = self.desk.cast.find(request.query.get("as", ""))
        if len(self.desk.tabs) >= TABS_MAX:
            told = words(user.locale)["too many tabs"].format(count=TABS_MAX)
            await response.send_json({"event": "notice", "text": told, "kind": "full"})
            await response.close(code=CLOSE_FULL)
            return response
        tab = Tab(
            self.desk,
            response,
            request.transport,
            user,
            self.acts,
            at=request.query.get("at", ""),
        )
        self.desk.tabs.add(tab)
        try:
            await tab.serve()
        finally:
            self.desk.tabs.discard(tab)
        return response


def _whole(file: Path) -> web.Response:
    return web.Response(body=file.read_bytes(), content_type=TYPES[file.suffix], charset="utf-8")


def _refused(status: int, why: str) -> web.Response:
    response = web.Response(status=status, text=why)
    response.force_close()  # what is left of a body that is too large is not read
    return response
