"""A small scripted RunPod on a real socket: slow, cut, split or wrong answers."""

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Say:
    """One answer.

    Attributes:
        body: A JSON value, or bytes as they are.
        status: Of HTTP.
        headers: More of them.
        after_s: Wait so long first.
        pieces: Write the body in so many pieces, with a pause after each.
        cut_at: Reset the connection after so many bytes of the whole answer; 0: without any.
    """

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    pieces: int = 1
    cut_at: int | None = None

    def raw(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = {"content-length": str(len(body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"HTTP/1.1 {self.status} X\r\n{head}\r\n".encode() + body


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as received."""

    method: str
    operation: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class FakeRunPod:
    """Listens on loopback; answers each operation in order, and repeats the last answer."""

    def __init__(self, **answers: Say | list[Say]) -> None:
        self.answers = {
            name.replace("_", "-"): list(says) if isinstance(says, list) else [says]
            for name, says in answers.items()
        }
        self.heard: list[Heard] = []
        self._turns: defaultdict[str, int] = defaultdict(int)
        self._arrivals = asyncio.Condition()
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}/v2"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving)

    def count(self, operation: str) -> int:
        return sum(heard.operation == operation for heard in self.heard)

    async def until(self, operation: str, times: int = 1) -> Heard:
        """Wait for a request; gives the latest of its kind."""
        async with asyncio.timeout(60), self._arrivals:
            await self._arrivals.wait_for(lambda: self.count(operation) >= times)
        return [heard for heard in self.heard if heard.operation == operation][-1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while (heard := await _read(reader)) is not None:
                self.heard.append(heard)
                async with self._arrivals:
                    self._arrivals.notify_all()
                if not await self._answer(heard, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._serving.discard(task)
            writer.close()

    async def _answer(self, heard: Heard, writer: asyncio.StreamWriter) -> bool:
        says = self.answers[heard.operation]
        say = says[min(self._turns[heard.operation], len(says) - 1)]
        self._turns[heard.operation] += 1
        await asyncio.sleep(say.after_s)
        raw = say.raw()
        if say.cut_at is not None:
            writer.write(raw[: say.cut_at])
            await writer.drain()
            writer.transport.abort()
            return False
        size = -(-len(raw) // say.pieces)
        for at in range(0, len(raw), size):
            writer.write(raw[at : at + size])
            await writer.drain()
            await asyncio.sleep(0.005 if say.pieces > 1 else 0)
        return True


async def _read(reader: asyncio.StreamReader) -> Heard | None:
    line = await reader.readline()
    if not line:
        return None
    method, target, _ = line.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    url = urlsplit(target)
    operation = unquote(url.path).split("/")[3]
    return Heard(method, operation, url.path, url.query, headers, body)
