"""Starting the embedded server and stopping it: nobody is left waiting, nothing is left behind."""

import asyncio
import contextlib
import os
import signal
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract.job import JobPolicy
from bot.errors import BadInput, BadSettings
from bot.workers.server import loopback
from bot.workers.server.endpoint import Closing, Endpoint
from bot.workers.server.lifecycle import embedded_server, serve
from bot.workers.server.loopback import serve_on_loopback
from bot.workers.server.wire import Submission
from tests.fakes.handlers import Scripted, contract, echo, hang
from tests.virtual_time import settle
from tests.waiting import HANGS_S

KEY = SecretStr("a-key")
HEADERS = {"Authorization": "Bearer a-key"}


def embedded(*handlers, **options):
    names = ("penny", "grace", "factory")
    options = {"key": KEY, "clock": SystemClock(), **options}
    return embedded_server(dict(zip(names, handlers, strict=False)), **options)


async def test_it_serves_while_the_body_runs_on_a_free_loopback_port():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    async with embedded(Scripted(echo)) as first, embedded(Scripted(echo)) as second:
        assert first != second
        assert first.startswith("http://127.0.0.1:")
        assert first.endswith("/v2")
        assert {n: signal.getsignal(n) for n in before} == before
        async with httpx.AsyncClient(headers=HEADERS) as client:
            assert (await client.get(f"{first}/penny/health")).status_code == 200
    async with httpx.AsyncClient(headers=HEADERS) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{first}/penny/health")


async def test_leaving_cancels_what_runs_and_waits_and_tells_who_waits_for_it():
    handler, clock = Scripted(hang), SystemClock()
    body = {"input": {"contract": contract()}}
    polls = []
    async with (
        httpx.AsyncClient(headers=HEADERS, timeout=20) as client,
        asyncio.TaskGroup() as calls,
        embedded(handler) as url,
    ):
        running = (await client.post(f"{url}/penny/run", json=body)).json()["id"]
        await client.get(f"{url}/penny/stream/{running}")  # drained: the next one waits
        waiting = (await client.post(f"{url}/penny/run", json=body)).json()["id"]
        polls += [
            calls.create_task(client.get(f"{url}/penny/{op}/{job}"))
            for job in (running, waiting)
            for op in ("stream", "status-sync")
        ]
        polls.append(calls.create_task(client.post(f"{url}/penny/runsync", json=body)))
        await settle(0.2)  # all of them wait
        left = clock.now()
    assert clock.now() - left < 2  # of virtual time
    assert {poll.result().json()["status"] for poll in polls} == {"CANCELLED"}
    assert (handler.started, handler.running) == (1, 0)


async def test_leaving_does_not_wait_for_models_that_are_still_loading():
    handler, clock = Scripted(echo), SystemClock()
    handler.warm.clear()
    async with embedded(handler):
        await settle(0.05)  # they load
        left = clock.now()
    assert handler.warmed == 1
    assert clock.now() - left < 2  # of virtual time


async def test_an_error_of_the_body_comes_out_as_it_is():
    with pytest.raises(BadInput, match="of the body"):
        async with embedded(Scripted(echo)):
            raise BadInput("of the body")


async def test_cancelling_the_body_ends_the_server():
    began = asyncio.Event()

    async def body():
        async with embedded(Scripted(echo)):
            began.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(body())
        await began.wait()
        task.cancel()
    assert task.cancelled()


async def test_a_timeout_of_the_body_is_a_timeout():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), embedded(Scripted(echo)):
            await asyncio.Event().wait()


WHOLE = b"GET /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def never_answers(_scope, _receive, _send):
    await asyncio.Event().wait()


async def sent(url, data):
    """A client that has sent this much and says no more."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(data)
    await writer.drain()
    await settle(0.2)
    return reader, writer


@pytest.mark.parametrize("data", [b"", WHOLE[:9], WHOLE], ids=["nothing", "half", "all"])
async def test_leaving_does_not_wait_for_a_client_that_hangs(data):
    clock = SystemClock()
    async with asyncio.timeout(HANGS_S), serve_on_loopback(never_answers) as url:
        reader, writer = await sent(url, data)
        left = clock.now()
    assert clock.now() - left < loopback._GRACE_S + 1  # of virtual time
    await reader.read()  # it is hung up on
    writer.close()


@pytest.mark.parametrize("data", [b"", WHOLE[:9], WHOLE], ids=["nothing", "half", "all"])
async def test_a_failure_in_the_background_ends_the_server_and_hangs_up(data):
    failing, clock, left, client = asyncio.Event(), SystemClock(), [], []

    async def fail():
        await failing.wait()
        raise OSError("no more")

    async def body():
        async with serve_on_loopback(
            never_answers, background=[fail], on_leave=lambda: left.append(1)
        ) as url:
            client.extend(await sent(url, data))
            client.append(clock.now())
            failing.set()
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as raised:
        await body()
    assert raised.group_contains(OSError, match="no more")
    assert left == [1]
    reader, writer, failed = client
    async with asyncio.timeout(HANGS_S):
        await reader.read()
    assert clock.now() - failed < loopback._GRACE_S + 1  # of virtual time
    writer.close()


async def test_answers_do_not_wait_for_an_acknowledgement():
    """Asyncio turns Nagle's algorithm off only for sockets that are named as TCP."""
    with contextlib.closing(loopback._open_listener("127.0.0.1", 0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org", ""])
async def test_it_listens_on_the_loopback_only(host):
    with pytest.raises(BadSettings, match=r"this machine only|not an IP address") as refused:
        async with embedded(Scripted(echo), host=host):
            pass
    assert "127.0.0.1" in refused.value.hint


async def test_a_taken_port_is_told_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadSettings, match=f"Cannot open port {port}"):
            async with embedded(Scripted(echo), port=port):
                pass


async def test_there_is_no_server_without_a_key():
    with pytest.raises(BadSettings, match="key is empty"):
        async with embedded(Scripted(echo), key=SecretStr(" ")):
            pass


async def test_models_load_one_after_another_and_a_job_does_not_wait_its_turn():
    first, second = Scripted(echo), Scripted(echo)
    first.warm.clear()
    async with embedded(first, second) as url, httpx.AsyncClient(headers=HEADERS) as client:
        health = (await client.get(f"{url}/grace/health")).json()
        assert health["workers"]["initializing"] == 1
        assert second.warmed == 0
        body = {"input": {"contract": contract()}}
        answer = (await client.post(f"{url}/grace/runsync", json=body)).json()
        assert answer["status"] == "COMPLETED"
        assert (first.warmed, second.warmed) == (1, 1)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serve_runs_until_it_is_interrupted(number):
    urls = []

    def interrupt(url):
        urls.append(url)
        asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), number)

    handlers = {"penny": Scripted(echo)}
    await serve(handlers, key=KEY, clock=SystemClock(), port=0, on_ready=interrupt)
    assert urls[0].startswith("http://127.0.0.1:")


async def test_a_closing_endpoint_takes_no_more_jobs():
    endpoint = Endpoint("penny", queue_limit=4, clock=SystemClock())
    submission = Submission({"a": 1}, JobPolicy())
    job = endpoint.submit(submission, size=1, sync=False)
    endpoint.close()
    assert job.status == "CANCELLED"
    with pytest.raises(Closing):
        endpoint.submit(submission, size=1, sync=False)
