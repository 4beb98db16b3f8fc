"""One HTTP exchange at a time, over httpx's transport interface.

The transport is driven directly, not through `httpx.AsyncClient`: what the client adds on top
(cookies, redirects, auth flows) is not wanted here, since a redirect would carry the key elsewhere,
and costs half of the time of a request.
"""

import asyncio
import functools
from collections.abc import Iterable
from typing import Final, TypeVar

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from pydantic import SecretStr

from bot.clock import Clock
from bot.errors import BadSettings
from bot.redaction import BodyRedaction, Redaction
from bot.runpod.models import HttpRequest, HttpResponse, Reply, TransportErrorKind, TransportFailure
from bot.runpod.patience import REPLY_LIMIT_BYTES
from bot.runpod.results.decompression import ENCODINGS, Unpacker, Unusable
from bot.runpod.results.parsing import clean
from bot.steps import Steps

_MAX_CONNECTIONS: Final = 256
_KEEP_ALIVE_S: Final = 45.0
"""Longer than the pauses of a conversation, shorter than what middleboxes forget."""
_TIMEOUTS: Final = {"timeout": {"connect": 10.0, "pool": 30.0, "read": None, "write": None}}
"""For the connection; the exchange as a whole has the request's own limit."""
_USER_AGENT: Final = "skydeck"
_TURN_BYTES: Final = 1024 * 1024
"""After so much of a body everybody else gets a turn: what is here already is read without one."""
_T = TypeVar("_T")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class HttpTransport:
    """Carries requests to one base address and brings back whole answers.

    Attributes:
        secrets: What it takes out of them.

    Args:
        base_url: What every path is under.
        key: Sent as a bearer token, and nowhere else.
        clock: For the times on the answers.
        transport: Instead of aiohttp.
        hidden: More secrets that no answer may tell; the key is one in any case.

    Raises:
        BadSettings: The key or the address cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        key: SecretStr,
        *,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        hidden: Iterable[str] = (),
    ) -> None:
        self._base = _address(base_url)
        token = _header_value(key)
        self.secrets = (token, *hidden)
        self._redaction = BodyRedaction(self.secrets)
        self._hide = Redaction(self.secrets)
        self._clock = clock
        self._transport = transport or _aiohttp(httpx.URL(self._base))
        self._headers = httpx.Headers(
            {
                "host": httpx.URL(self._base).netloc.decode(),
                "authorization": f"Bearer {token}",
                "accept": "application/json",
                "accept-encoding": ENCODINGS,
                "user-agent": _USER_AGENT,
            }
        )
        self._headers_with_body = self._headers.copy()
        self._headers_with_body["content-type"] = "application/json"

    async def carry(self, request: HttpRequest, *, under: str) -> Reply:
        """Make a request; whatever goes wrong is an answer, not an exception.

        Args:
            request: What.
            under: The endpoint's id, quoted for a path.
        """
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._exchange(request, _url(f"{self._base}{under}/{request.path}"))
        except _Oversized:
            return self._failure(TransportErrorKind.OVERSIZED, "the answer is too large")
        except Unusable as e:
            return self._failure(TransportErrorKind.BROKEN, str(e))
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as e:  # TimeoutError is an OSError
            cause = e.__cause__ if isinstance(e.__cause__, aiohttp.ClientError) else e
            said = clean(self._hide(str(cause)), limit=200)
            return self._failure(_breakage(cause), said or type(e).__name__)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _exchange(self, request: HttpRequest, url: httpx.URL) -> HttpResponse:
        response = await self._transport.handle_async_request(
            httpx.Request(
                request.method,
                url,
                headers=self._headers if request.body is None else self._headers_with_body,
                content=request.body,
                extensions=_TIMEOUTS,
            )
        )
        try:
            body = await _read(response)
        finally:
            await response.aclose()
        if len(body) > _TURN_BYTES:
            await asyncio.sleep(0)
        if body:
            body = await in_turns(self._redaction.steps(body))  # it may quote what it was sent
        return HttpResponse(
            status=response.status_code,
            now=self._clock.now(),
            body=body,
            headers=response.headers,
        )

    def _failure(self, kind: TransportErrorKind, reason: str) -> TransportFailure:
        return TransportFailure(kind=kind, reason=reason, now=self._clock.now())


class _Oversized(Exception):
    """The answer is over the limit."""


_url = functools.lru_cache(maxsize=512)(httpx.URL)
"""Parsing an address costs as much as parsing an answer, and a job is polled at the same one."""


async def _read(response: httpx.Response) -> bytes:
    """The body, unpacked, within the limit; the loop gets its turn meanwhile.

    Raises:
        Unusable: It is packed in a way that cannot be undone.
    """
    unpacker = Unpacker(response.headers.get("content-encoding", ""))
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise Unusable("the answer has no body that can be read")
    body = bytearray()
    packed = turn = 0
    async for piece in stream:
        packed += len(piece)
        for part in unpacker.feed(piece):
            body += part
            if max(len(body), packed) > REPLY_LIMIT_BYTES:
                raise _Oversized
            turn += len(part)
            if turn >= _TURN_BYTES:
                turn = 0
                await asyncio.sleep(0)
    unpacker.finish()
    if len(body) > _TURN_BYTES:
        await asyncio.sleep(0)
    return bytes(body)


async def in_turns(steps: Steps[_T]) -> _T:
    """Do work that is in steps; the loop goes round once after each."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            value: _T = stop.value
            return value
        await asyncio.sleep(0)


def _breakage(cause: BaseException) -> TransportErrorKind:
    """Whether the service can have seen anything of the request.

    httpx-aiohttp 0.2 calls every `aiohttp.ClientConnectionError` a `httpx.ConnectTimeout`, a
    connection that was cut after the request was sent among them; so its cause is asked first.
    """
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return TransportErrorKind.UNSENT
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return TransportErrorKind.UNSENT
    if isinstance(cause, TimeoutError | httpx.TimeoutException):
        return TransportErrorKind.TIMEOUT
    return TransportErrorKind.BROKEN


def _address(base_url: str) -> str:
    url = httpx.URL(base_url)
    if url.scheme not in ("http", "https") or not url.host:
        raise BadSettings(
            "RUNPOD_BASE_URL is no web address.", hint="It looks like https://api.runpod.ai/v2"
        )
    return str(url.copy_with(query=None, fragment=None)).rstrip("/") + "/"


def _header_value(key: SecretStr) -> str:
    value = key.get_secret_value().strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise BadSettings(
            "RUNPOD_API_KEY holds something that no key holds.",
            hint="Copy the key again, without quotes or spaces.",
        )
    return value


def _aiohttp(base: httpx.URL) -> AiohttpTransport:
    """The default transport: a pool that does not collapse at 64 in flight, and no cookies.

    The proxy of the environment is used, except for this machine itself.
    """
    is_local = base.host in _LOOPBACK
    tls = httpx.create_ssl_context() if base.scheme == "https" else False

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=_MAX_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_S, ssl=tls or True
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=not is_local,
        )

    return AiohttpTransport(client=session, verify=tls)
