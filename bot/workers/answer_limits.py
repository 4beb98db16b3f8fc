"""Limits the answers of a language model's API, or of the server that stands in for it."""

from collections.abc import AsyncIterator
from typing import Any, Final

import httpx2

from bot.proxies import proxy_for

MAX_WAIT_S: Final = 5.0
"""Before a retry, the SDKs wait as long as `retry-after` says; a person does not."""
MAX_RETRIES: Final = 2
"""How often the SDKs repeat a request that was refused (429) or failed."""
_DAY_S: Final = 86_400.0
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""The limit of one answer; each token is an event of about 150 bytes."""
PLAIN: Final = {"Accept-Encoding": "identity"}
"""Asks for no compression, since the library decompresses without a limit."""


def connection(base_url: str) -> dict[str, Any]:
    """Arguments for the SDK's HTTP client: our limits, and the proxy of the environment.

    httpx looks at the environment itself, but ends in an ImportError when ALL_PROXY names a SOCKS
    proxy, even if HTTPS_PROXY names another.

    Raises:
        BadSettings: The proxy cannot be used.
    """
    return {
        "event_hooks": {"response": [wait_briefly, bound]},
        "proxy": proxy_for(base_url),
        "verify": httpx2.create_ssl_context(),  # honours SSL_CERT_FILE
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


async def wait_briefly(response: httpx2.Response) -> None:
    """Tell the SDK, by a header that it reads, not to sit out a long wait."""
    if wait_s(response) > MAX_WAIT_S:
        response.headers["x-should-retry"] = "false"


def wait_s(response: httpx2.Response) -> float:
    """Return how long the server asks to wait, in seconds up to a day; 0: it does not say."""
    try:
        wait = float(response.headers.get("retry-after", 0))
    except ValueError:  # a date, which the API does not use
        return 0.0
    return min(wait, _DAY_S) if wait > 0 else 0.0


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
