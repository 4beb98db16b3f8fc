"""Bounds on what Anthropic's API, or whatever stands at ANTHROPIC_BASE_URL, answers."""

from collections.abc import AsyncIterator
from typing import Final

import httpx2

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Of one answer: each token is an event of some 150 bytes."""
PLAIN: Final = {"Accept-Encoding": "identity"}
"""What is packed is unpacked by the library without a bound."""


async def bound(response: httpx2.Response) -> None:
    """A hook: let no more of an answer through than is read.

    Raises:
        httpx2.DecodingError: It is packed, which was not asked for.
    """
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing not in ("", "identity"):
        raise httpx2.DecodingError("a packed answer", request=response.request)
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
