"""Limits the answers of a language model's API, or of the server that stands in for it."""

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from bot.proxies import proxy_for
from bot.workers.sdk_retries import wait_briefly

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""The limit of one answer; each token is an event of about 150 bytes."""
PLAIN: Final = {"Accept-Encoding": "identity"}
"""Asks for no compression, since the library decompresses without a limit."""


def connection(base_url: str) -> dict[str, Any]:
    """Arguments for the SDK's HTTP client: our limits, and the proxy of the environment.

    httpx looks at the environment itself, but ends in an ImportError when ALL_PROXY names a SOCKS
    proxy, even if HTTPS_PROXY names another. A server on plain HTTP needs no certificates, whose
    reading stops the event loop for 40 ms.

    Raises:
        BadSettings: The proxy cannot be used.
    """
    is_plain = urlsplit(base_url).scheme == "http"
    return {
        "event_hooks": {"response": [wait_briefly, bound]},
        "proxy": proxy_for(base_url),
        "verify": not is_plain and httpx2.create_ssl_context(),  # honours SSL_CERT_FILE
        "trust_env": False,
        "follow_redirects": False,  # else it could take what a person wrote to any host
    }


async def bound(response: httpx2.Response) -> None:
    """Limit the size of an answer; an httpx response hook.

    Raises:
        httpx2.DecodingError: The answer is compressed, against our request.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise httpx2.DecodingError("a compressed answer", request=response.request)
    if not isinstance(response.stream, httpx2.AsyncByteStream):
        raise httpx2.ReadError("no stream", request=response.request)
    response.stream = _Bounded(response.stream, response.request)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, request: httpx2.Request) -> None:
        self._stream = stream
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._stream:
            size += len(piece)
            if size > MAX_ANSWER_BYTES:
                raise httpx2.ReadError("the answer is too large", request=self._request)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
