"""A line that can be switched off: a port that hands everything on to another one, or does not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit

from tests.ports import free_port


class Switch:
    """Stands before a server.

    Args:
        url: The server's.

    Attributes:
        url: The same with this one's port.
    """

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._port = free_port()
        self._open: set[asyncio.StreamWriter] = set()
        self.url = ""

    async def on(self) -> None:
        """Let everything through, always at the same port."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self._port)
        self.url = urlunsplit(self._parts._replace(netloc=f"127.0.0.1:{self._port}"))

    async def off(self) -> None:
        """Break every connection, and take no new one."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        ends = {writer, there[1]}
        self._open |= ends
        try:
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
        finally:
            self._open -= ends
            for end in ends:
                end.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


@contextlib.asynccontextmanager
async def switched(url: str) -> AsyncIterator[Switch]:
    """A switch before `url`, on."""
    switch = Switch(url)
    await switch.on()
    try:
        yield switch
    finally:
        await switch.off()
