"""Admits requests to the embedded server before it reads a byte of their body."""

import hmac
from collections.abc import Collection, Mapping

from pydantic import SecretStr
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.hosts import is_loopback, name_of
from bot.workers.server.wire import encode


class HostGate:
    """Admits requests that name this machine, or a host that its owner has configured.

    Any other name is that of a web page whose owner points it at this machine (`bot/hosts.py`). A
    browser also sends the origin of a page that calls a server other than its own.

    Args:
        app: The protected application.
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


def _refusal(status: int, words: str) -> Response:
    return Response(encode({"error": words}), status_code=status, media_type="application/json")
