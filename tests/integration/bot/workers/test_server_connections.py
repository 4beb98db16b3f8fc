"""The embedded server and callers who hold its connections, or come by another name."""

import asyncio
import contextlib
import logging
import re
import socket
import sys

import httpx
import pytest
import uvicorn

from bot.workers.server import routes
from bot.workers.server.connections import BoundedProtocol, ConnectionState
from tests.fakes.embedded import KEY, body, ended, serving, submit
from tests.fakes.handlers import Scripted, echo

HOST = b"Host: 127.0.0.1\r\n"
WITH_KEY = HOST + f"Authorization: Bearer {KEY}\r\n".encode()


@pytest.fixture
def hasty(monkeypatch):
    for name in ("max_head_s", "max_body_s", "max_sending_s"):
        monkeypatch.setattr(BoundedProtocol, name, 0.2)


@pytest.fixture
def lost(monkeypatch):
    """Set whenever the server has lost, or dropped, a connection."""
    event, lose = asyncio.Event(), BoundedProtocol.connection_lost

    def connection_lost(self, error):
        lose(self, error)
        event.set()

    monkeypatch.setattr(BoundedProtocol, "connection_lost", connection_lost)
    return event


@contextlib.asynccontextmanager
async def raw(client, *, receive_buffer=None):
    """A connection to the server that a client is of."""
    line = socket.socket()
    if receive_buffer:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    line.setblocking(False)
    await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", client.base_url.port))
    reader, writer = await asyncio.open_connection(sock=line, limit=1024)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def rest(reader) -> bytes:
    """All until the server drops the connection."""
    with contextlib.suppress(ConnectionResetError):
        return await reader.read()
    return b""


async def without_end(writer, line):
    while True:
        writer.write(line)
        await writer.drain()


async def answers(client) -> bool:
    return (await client.get("health")).status_code == 200


HALF = {
    "nothing": b"",
    "half a line": b"GET /v2/penny/hea",
    "half a head": b"GET /v2/penny/health HTTP/1.1\r\n" + HOST,
    "half a head with the key": b"POST /v2/penny/run HTTP/1.1\r\n" + WITH_KEY,
    "half a body": b"POST /v2/penny/run HTTP/1.1\r\n" + WITH_KEY + b"Content-Length: 99\r\n\r\n{",
    "no body": b"POST /v2/penny/runsync HTTP/1.1\r\n" + WITH_KEY + b"Content-Length: 99\r\n\r\n",
    "half a chunk": (
        b"POST /v2/penny/run HTTP/1.1\r\n" + WITH_KEY + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"
    ),
    "half a body without the key": (
        b"POST /v2/penny/run HTTP/1.1\r\n" + HOST + b"Content-Length: 99\r\n\r\n{"
    ),
    "half a second request": (
        b"GET /v2/penny/health HTTP/1.1\r\n" + WITH_KEY + b"\r\nPOST /v2/penny/run HTTP/1.1\r\n"
    ),
}


@pytest.mark.parametrize("sent", HALF.values(), ids=HALF)
async def test_half_a_request_is_dropped(hasty, caplog, sent):
    async with serving() as client, raw(client) as (reader, writer):
        writer.write(sent)

        await rest(reader)

        assert await answers(client)
        assert (await client.get("health")).json()["jobs"]["inQueue"] == 0
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


async def test_an_empty_line_is_no_request(hasty):
    """It ends the wait for the next one, and begins none."""
    async with serving() as client, raw(client) as (reader, writer):
        writer.write(b"GET /v2/penny/health HTTP/1.1\r\n" + WITH_KEY + b"\r\n")
        await reader.readuntil(b"}}")
        writer.write(b"\r\n")

        await rest(reader)

        assert await answers(client)


async def test_what_takes_long_and_is_whole_is_answered(monkeypatch):
    monkeypatch.setattr(BoundedProtocol, "max_head_s", 60)
    words = b"GET /v2/penny/health HTTP/1.1\r\n" + WITH_KEY + b"Connection: close\r\n\r\n"
    async with serving() as client, raw(client) as (reader, writer):
        for number in range(len(words)):
            writer.write(words[number : number + 1])
            await writer.drain()
            await asyncio.sleep(0)

        assert (await rest(reader)).startswith(b"HTTP/1.1 200 ")


async def test_a_long_wait_for_an_answer_is_no_half_request(hasty):
    async def late(request, *, cancelled):
        await asyncio.sleep(1)  # longer than a hasty server waits for the rest of a request
        async for response in echo(request, cancelled=cancelled):
            yield response

    async with serving() as client:
        job_id = await submit(client)
        assert (await ended(client, job_id))["status"] == "COMPLETED"
        waits = await client.get("stream/none", params={"wait": 1000})
        assert waits.status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /v2/penny/health HTTP/1.1\r\n" + HOST + b"X-Long: ",
        b"GET /v2/penny/",
        b"POST /v2/penny/run HTTP/1.1\r\n" + WITH_KEY + b"Transfer-Encoding: chunked\r\n\r\n0\r\n",
    ],
    ids=["a header", "a line", "what follows a body"],
)
async def test_a_head_without_end_is_dropped(sent):
    line = b"x" * 1000 if not sent.endswith(b"0\r\n") else b"x: " + b"y" * 1000 + b"\r\n"
    async with serving() as client, raw(client) as (_, writer):
        writer.write(sent)
        with pytest.raises(OSError, match=r"reset|lost|pipe"):
            await without_end(writer, line)

        assert await answers(client)


async def test_who_does_not_read_the_answer_is_dropped(hasty, lost):
    big = Scripted(echo)
    async with serving(big) as client:
        job_id = await submit(client, "x" * 6_000_000)
        await ended(client, job_id)
        async with raw(client, receive_buffer=4096) as (_, writer):
            lost.clear()
            ask = f"GET /v2/penny/status/{job_id} HTTP/1.1\r\n".encode() + WITH_KEY + b"\r\n"
            writer.write(ask)
            writer.transport.pause_reading()

            await lost.wait()

        assert await answers(client)


async def test_of_too_many_connections_the_half_ones_go_first(monkeypatch):
    monkeypatch.setattr(BoundedProtocol, "max_connections", 20)
    async with serving() as client, contextlib.AsyncExitStack() as stack:
        assert await answers(client)  # its connection is kept, and idle
        lines = []
        for _ in range(60):
            reader, writer = await stack.enter_async_context(raw(client))
            writer.write(HALF["half a head with the key"])
            lines.append(reader)

        for reader in lines[:30]:
            await rest(reader)
        assert await answers(client)
        async with httpx.AsyncClient(base_url=client.base_url, headers=client.headers) as another:
            assert await answers(another)


class FakeTransport(asyncio.Transport):
    """A connection that is still to be lost after it was dropped, as in a burst of new ones."""

    aborted = 0

    def abort(self):
        self.aborted += 1

    def close(self):
        """Done by the server's own bookkeeping, too."""


async def silent(_scope, _receive, _send):
    await asyncio.Event().wait()


class Burst:
    """A server's connections, made one after another before the loop goes on."""

    def __init__(self):
        self._config = uvicorn.Config(silent, http=BoundedProtocol, ws="none", log_config=None)
        self._config.load()
        self._state = ConnectionState()
        self.made = []

    def connect(self, sent=b""):
        line = BoundedProtocol(config=self._config, server_state=self._state, app_state={})
        self.made.append(line)
        line.connection_made(FakeTransport())
        if sent:
            line.data_received(sent)
        return line

    @property
    def dropped(self):
        return [number for number, line in enumerate(self.made) if line.transport.aborted]

    def close(self):
        for line in self.made:
            line.connection_lost(None)
        for task in self._state.tasks:
            task.cancel()


@pytest.fixture
async def burst():
    burst = Burst()
    yield burst
    burst.close()


def calls_of(work) -> int:
    """How many functions, of Python and of C, a piece of work calls."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event.endswith("call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


async def test_room_is_made_in_the_same_time_for_few_connections_and_for_many(burst, monkeypatch):
    """Once each new one looked at all others: 2,000 at once held the loop for half a second."""
    monkeypatch.setattr(BoundedProtocol, "max_connections", 1)
    for _ in range(10):
        burst.connect()
    few = calls_of(burst.connect)
    monkeypatch.setattr(BoundedProtocol, "max_connections", 1000)
    for _ in range(1000):
        burst.connect()

    assert calls_of(burst.connect) == few
    assert burst.dropped


async def test_in_a_burst_each_new_connection_drops_one_and_none_twice(burst, monkeypatch):
    monkeypatch.setattr(BoundedProtocol, "max_connections", 5)
    for _ in range(12):
        burst.connect()

    assert burst.dropped == list(range(7))
    assert {line.transport.aborted for line in burst.made} == {0, 1}


async def test_the_connection_goes_first_whose_time_is_up_first(burst, monkeypatch):
    """A body has a minute, a head ten seconds."""
    monkeypatch.setattr(BoundedProtocol, "max_connections", 3)
    burst.connect(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    burst.connect(HALF["half a body"])
    burst.connect(HALF["half a head"])
    for victims in ([2], [2, 3], [2, 3, 4]):
        burst.connect()
        assert burst.dropped == victims
    burst.made[-1].data_received(HALF["half a body"])

    burst.connect()
    assert burst.dropped == [1, 2, 3, 4]  # of two bodies the older one


async def test_a_connection_that_nobody_can_make_room_for_is_dropped(burst, monkeypatch):
    monkeypatch.setattr(BoundedProtocol, "max_connections", 1)
    burst.connect(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")

    burst.connect()

    assert burst.dropped == [1]


async def test_bodies_that_are_being_sent_are_bounded_together(monkeypatch):
    monkeypatch.setattr(routes, "MAX_INTAKE_BYTES", 100_000)
    head = b"POST /v2/penny/run HTTP/1.1\r\n" + WITH_KEY + b"Content-Length: 90000\r\n\r\n"
    async with serving() as client:
        async with raw(client) as (_, first), raw(client) as (reader, second):
            first.write(head + b" " * 80_000)
            await first.drain()
            second.write(head + b" " * 80_000)

            assert (await reader.readline()).startswith(b"HTTP/1.1 429 ")
        await submit(client)  # and what is given up is given back


@pytest.mark.parametrize("route", ["run", "runsync"])
@pytest.mark.parametrize("key", [KEY, "wrong"])
async def test_an_upload_that_breaks_off_is_at_most_a_line_in_the_log(lost, caplog, route, key):
    caplog.set_level(logging.DEBUG)
    async with serving() as client:
        async with raw(client) as (_, writer):
            head = f"POST /v2/penny/{route} HTTP/1.1\r\nAuthorization: Bearer {key}\r\n"
            writer.write(head.encode() + HOST + b"Content-Length: 9999999\r\n\r\n{" + b" " * 70_000)
            await writer.drain()
            await asyncio.sleep(0)
            lost.clear()
            writer.transport.abort()
        await lost.wait()
        await submit(client)

    said = [r for r in caplog.records if r.name.startswith(("uvicorn", "starlette", "bot"))]
    assert not [r for r in said if r.exc_info or r.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "127.0.0.1:8010", "localhost", "LOCALHOST:1", "localhost.", "[::1]:80",
             "127.1.2.3", "deck.example", "Deck.Example:443", "deck.example."],
)  # fmt: skip
async def test_it_answers_to_its_own_names(name):
    async with serving(names=frozenset({"deck.example"})) as client:
        assert (await client.get("health", headers={"Host": name})).status_code == 200


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.1", "::1",
             "evil.example:8010", "", "localhost@evil.example", "[", "[::1", "xn--localhost", "0",
             "2130706433", "0x7f.1", "deck.example"],
)  # fmt: skip
async def test_it_answers_to_no_other(name):
    """Else a web page whose name is pointed at 127.0.0.1 could ask it as its own server."""
    async with serving() as client:
        for key in (KEY, "wrong"):
            headers = {"Host": name, "Authorization": f"Bearer {key}"}
            answer = await client.post("run", json=body(), headers=headers)
            assert answer.status_code == 421
            assert re.search("does not serve that host name", answer.json()["error"])
        assert (await client.get("health")).json()["jobs"]["inQueue"] == 0


@pytest.mark.parametrize("hosts", [b"", b"Host: localhost\r\nHost: evil.example\r\n"])
async def test_a_request_without_one_name_is_refused(hosts):
    async with serving() as client, raw(client) as (reader, writer):
        writer.write(b"GET /v2/penny/health HTTP/1.0\r\n" + hosts + b"\r\n")

        assert (await rest(reader)).startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403), ("null", 403), ("http://127.0.0.1.evil.example", 403),
        ("", 403), ("http://localhost:3000", 200), ("http://127.0.0.1:8010", 200),
    ],
)  # fmt: skip
async def test_other_servers_web_pages_are_refused(origin, status):
    async with serving() as client:
        answer = await client.get("health", headers={"Origin": origin})

        assert answer.status_code == status
        assert "access-control-allow-origin" not in answer.headers
