"""HTTP requests over httpx's transport interface.

The transport is used directly, not through `httpx.AsyncClient`: what the client adds (cookies,
redirects, auth flows) takes half the time of a request, and a redirect would leak the key.
"""

import asyncio
import functools
from collections.abc import Iterable
from typing import Final

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from pydantic import SecretStr

from bot.clock import Clock
from bot.errors import BadSettings
from bot.proxies import proxy_for
from bot.reasons import reason_of
from bot.redaction import BodyRedaction, Redaction
from bot.runpod.models import HttpRequest, HttpResponse, Reply, TransportErrorKind, TransportFailure
from bot.runpod.reply_errors import REPLY_LIMIT_BYTES
from bot.runpod.results.decompression import ENCODINGS, BadEncoding, Decompressor
from bot.sanitize import clean_excerpt
from bot.steps import in_turns

_MAX_CONNECTIONS: Final = 256
_KEEP_ALIVE_S: Final = 45.0
"""Longer than a pause in a conversation, shorter than the idle timeout of most middleboxes."""
_TIMEOUTS: Final = {"timeout": {"connect": 10.0, "pool": 30.0, "read": None, "write": None}}
"""For the connection; the request's own timeout limits the whole exchange."""
_USER_AGENT: Final = "skydeck"
_YIELD_BYTES: Final = 1024 * 1024
"""How much of a body to read before other tasks can run; bytes already received never wait."""


class HttpTransport:
    """Sends requests to one base address, and reads the whole reply to each.

    Attributes:
        secrets: What it removes from replies.

    Args:
        base_url: Every path is relative to it.
        key: Sent as a bearer token, and nowhere else.
        clock: Gives the times of replies.
        transport: Replaces aiohttp.
        hidden: More secrets to remove from replies, besides the key.

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
        self._transport = transport or aiohttp_transport(httpx.URL(self._base))
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

    async def send(self, request: HttpRequest, *, endpoint_path: str) -> Reply:
        """Make a request; a failure is a reply, not an exception.

        Args:
            request: The request.
            endpoint_path: The endpoint's id, quoted for a path.
        """
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._exchange(
                    request, _url(f"{self._base}{endpoint_path}/{request.path}")
                )
        except _Oversized:
            return self._failure(TransportErrorKind.OVERSIZED, "the answer is too large")
        except BadEncoding as e:
            return self._failure(TransportErrorKind.BROKEN, str(e))
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as e:  # TimeoutError is an OSError
            cause = e.__cause__ if isinstance(e.__cause__, aiohttp.ClientError) else e
            said = clean_excerpt(self._hide(_reason(cause)), limit=200)
            return self._failure(_error_kind(cause), said or type(e).__name__)

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
        if len(body) > _YIELD_BYTES:
            await asyncio.sleep(0)
        if body:
            body = await in_turns(self._redaction.steps(body))  # it may quote the request
        return HttpResponse(
            status=response.status_code,
            now=self._clock.now(),
            body=body,
            headers=response.headers,
        )

    def _failure(self, kind: TransportErrorKind, reason: str) -> TransportFailure:
        return TransportFailure(kind=kind, reason=reason, now=self._clock.now())


class _Oversized(Exception):
    """The answer exceeds the limit."""


_url = functools.lru_cache(maxsize=512)(httpx.URL)
"""Parsing an address takes as long as parsing an answer, and each job is polled at one address."""


async def _read(response: httpx.Response) -> bytes:
    """The decompressed body; other tasks run in between.

    Raises:
        BadEncoding: It cannot be decompressed.
        _Oversized: It exceeds the limit.
    """
    decompressor = Decompressor(response.headers.get("content-encoding", ""))
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise BadEncoding("the answer has no readable body")
    body = bytearray()
    packed = unyielded = 0
    async for piece in stream:
        packed += len(piece)
        for part in decompressor.feed(piece):
            body += part
            if max(len(body), packed) > REPLY_LIMIT_BYTES:
                raise _Oversized
            unyielded += len(part)
            if unyielded >= _YIELD_BYTES:
                unyielded = 0
                await asyncio.sleep(0)
    decompressor.finish()
    if len(body) > _YIELD_BYTES:
        await asyncio.sleep(0)
    return bytes(body)


def _reason(cause: BaseException) -> str:
    if isinstance(cause, aiohttp.ClientConnectorError):
        place = f"{cause.host}:{cause.port}"
        reason = reason_of(cause.os_error).removesuffix(f" ({place})")
        return f"no connection to {place}: {reason}"
    return str(cause)


def _error_kind(cause: BaseException) -> TransportErrorKind:
    """Whether the service may have seen the request.

    httpx-aiohttp 0.2 turns every `aiohttp.ClientConnectionError` into an `httpx.ConnectTimeout`,
    even for a connection that broke after the request was sent; so the cause is looked at first.
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
            "RUNPOD_BASE_URL is not a web address.", hint="Example: https://api.runpod.ai/v2"
        )
    return str(url.copy_with(query=None, fragment=None)).rstrip("/") + "/"


def _header_value(key: SecretStr) -> str:
    value = key.get_secret_value().strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise BadSettings(
            "RUNPOD_API_KEY contains characters that are not valid in an API key.",
            hint="Copy the key again, without quotes or spaces.",
        )
    return value


def aiohttp_transport(base: httpx.URL) -> AiohttpTransport:
    """The default transport: a pool that stays fast at 64 requests in flight, without cookies.

    It uses the proxy from the environment, except for this machine itself.

    Raises:
        BadSettings: That proxy cannot be used.
    """
    proxy = proxy_for(str(base))
    tls = httpx.create_ssl_context() if base.scheme == "https" else False

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=_MAX_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_S, ssl=tls or True
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=proxy,
        )

    return AiohttpTransport(client=session, verify=tls)
