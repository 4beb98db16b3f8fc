"""A small HTTP proxy: it tunnels (CONNECT) and forwards, and remembers what for."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"[A-Z]{3,7} \S+ HTTP/1\.1(?=\r\n)")


@dataclass
class HttpProxy:
    """A running proxy.

    Attributes:
        url: For HTTPS_PROXY and the like.
        asked: The first line of each request.
        refused: How many came without the right user and password.
    """

    url: str = ""
    account: str = ""
    asked: list[str] = field(default_factory=list)
    refused: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ", 2)
            headers = {k.lower(): v.strip() for k, _, v in (one.partition(":") for one in lines)}
            if self.account and headers.get("proxy-authorization") != _basic(self.account):
                self.refused += 1
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                return
            address = urlsplit(f"//{target}" if method == "CONNECT" else target)
            there = await asyncio.open_connection(address.hostname, address.port)
            self._note(head)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                there[1].write(head)
            await asyncio.gather(
                _pipe(reader, there[1], self._note), _pipe(there[0], writer, lambda _data: None)
            )
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _note(self, data: bytes) -> None:
        self.asked += [one.decode() for one in _REQUEST.findall(data)]


@asynccontextmanager
async def http_proxy(account: str = "") -> AsyncIterator[HttpProxy]:
    """A proxy on loopback, until the block ends.

    Args:
        account: USER:PASSWORD that it wants; empty: nothing.
    """
    proxy = HttpProxy(account=account)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy.url = f"http://{account}@127.0.0.1:{port}" if account else f"http://127.0.0.1:{port}"
    try:
        yield proxy
    finally:
        server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await server.wait_closed()


def _basic(account: str) -> str:
    return f"Basic {base64.b64encode(account.encode()).decode()}"


async def _pipe(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    on_data: Callable[[bytes], object],
) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            on_data(data)
            writer.write(data)
            await writer.drain()
        writer.close()
