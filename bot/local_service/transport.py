"""Requests to the running service, which may have been ended or have crashed since the last one."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import aiohttp
import httpx

from bot.local_service.client import Held
from bot.local_service.place import CannotShare
from bot.local_service.record import Record
from bot.runpod.transport import aiohttp_transport

Opened = Callable[[], AbstractAsyncContextManager[Held]]


class ReopeningTransport(httpx.AsyncBaseTransport):
    """Sends requests to the service; where nobody listens any more, it starts another.

    The jobs of the old one have ended with it. So a request goes to the new one as it is, whether
    or not the old one had taken it; the new one says of the old one's jobs that it knows none.

    Args:
        opened: Holds the running service, or starts it.
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._holding = AsyncExitStack()
        self._record: Record | None = None
        self._inner = aiohttp_transport(httpx.URL("http://127.0.0.1"))
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> Held:
        """Hold a service from now on.

        Raises:
            CannotShare: There can be none.
            SkydeckError: What it needs cannot be fetched.
        """
        await self._holding.aclose()
        held = await self._holding.enter_async_context(self._opened())
        self._record = held.record
        return held

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to the service that runs.

        Raises:
            httpx.HTTPError: It cannot be reached, and is not gone, or no other can be started.
        """
        used = self._record
        if used is None:
            raise AssertionError("it is not open")
        try:
            return await self._inner.handle_async_request(_addressed(request, used))
        except (httpx.HTTPError, aiohttp.ClientError, OSError):
            another = await self._another_than(used)
            if another is None:
                raise
        return await self._inner.handle_async_request(_addressed(request, another))

    async def _another_than(self, used: Record) -> Record | None:
        """The service that runs now, if it is not this one any more."""
        async with self._one_at_a_time:
            if self._record is used:
                with contextlib.suppress(CannotShare):
                    await self.open()
            now = self._record
        return None if now is None or now.key == used.key else now

    async def aclose(self) -> None:
        """Let the service go."""
        await self._inner.aclose()
        await self._holding.aclose()


def _addressed(request: httpx.Request, record: Record) -> httpx.Request:
    """The request as it has to be for this service."""
    here = httpx.URL(record.url)
    headers = request.headers.copy()
    headers["host"] = here.netloc.decode()
    headers["authorization"] = f"Bearer {record.key}"
    return httpx.Request(
        request.method,
        request.url.copy_with(host=here.host, port=here.port),
        headers=headers,
        stream=request.stream,
        extensions=request.extensions,
    )
