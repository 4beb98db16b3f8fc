"""RunPod's own package as a client of the embedded server: its sync and its asyncio `Endpoint`."""

import asyncio
import contextlib
import importlib
import time
from types import SimpleNamespace

import aiohttp
import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.handlers import Scripted, contract, hang, spell
from tests.waiting import HANGS_S, ImpatientAsyncio

pytestmark = pytest.mark.real_time  # the SDK waits in a thread of its own

KEY = "a-key"


@pytest.fixture
def runpod(monkeypatch):
    """The SDK. Its import takes a second: not each process of a run needs it.

    It looks at a job every second; here it looks more often.
    """
    sdk = pytest.importorskip("runpod")
    sync = importlib.import_module("runpod.endpoint.runner")
    in_loop = importlib.import_module("runpod.endpoint.asyncio.asyncio_runner")
    monkeypatch.setattr(sync, "time", SimpleNamespace(sleep=lambda s: time.sleep(s / 20)))
    monkeypatch.setattr(in_loop, "asyncio", ImpatientAsyncio())
    return sdk


@pytest.fixture
async def base_url(monkeypatch, runpod):
    """A server in a loop of its own task, and the SDK pointed at it."""
    ready, done = asyncio.Event(), asyncio.Event()
    urls = []

    async def host():
        handlers = {"penny": Scripted(spell), "factory": Scripted(hang)}
        async with embedded_server(handlers, key=SecretStr(KEY), clock=SystemClock()) as url:
            urls.append(url)
            ready.set()
            await done.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(host())
        await ready.wait()
        monkeypatch.setattr(runpod, "endpoint_url_base", urls[0])
        yield urls[0]
        done.set()


@pytest.fixture
def sync_endpoint(runpod):
    """Opens the SDK's synchronous client of a service."""

    @contextlib.contextmanager
    def opened(name="penny", key=KEY):
        endpoint = runpod.Endpoint(name, api_key=key)
        try:
            yield endpoint
        finally:
            endpoint.rp_client.rp_session.close()

    return opened


def final_text(output):
    return output[-1]["output"]["text"]


async def test_run_sync(base_url, sync_endpoint):
    with sync_endpoint() as endpoint:
        output = await asyncio.to_thread(
            endpoint.run_sync, {"contract": contract("good day")}, timeout=HANGS_S
        )
    assert final_text(output) == "good day"


async def test_run_status_output_and_stream(base_url, sync_endpoint):
    def call():
        with sync_endpoint() as endpoint:
            job = endpoint.run({"contract": contract("one two")})
            assert job.status() in {"IN_QUEUE", "IN_PROGRESS", "COMPLETED"}
            chunks = list(job.stream())
            return chunks, job.status(), job.output()

    chunks, status, output = await asyncio.to_thread(call)
    assert [c["output"]["text"] for c in chunks] == ["one", "two", "one two"]
    assert status == "COMPLETED"
    assert output == chunks


async def test_cancel_purge_and_health(base_url, sync_endpoint):
    def call():
        with sync_endpoint("factory") as endpoint:
            job = endpoint.run({"contract": contract()})
            waiting = endpoint.run({"contract": contract()})
            cancelled = job.cancel()
            purged = endpoint.purge_queue()
            return job.status(), cancelled, purged, waiting.status(), endpoint.health()

    status, cancelled, purged, waiting, health = await asyncio.to_thread(call)
    assert status == cancelled["status"] == "CANCELLED"
    assert purged["status"] == "completed"
    assert waiting in {"CANCELLED", "IN_PROGRESS"}  # taken in between, or purged
    assert set(health) == {"jobs", "workers"}


async def test_a_wrong_key_is_what_the_sdk_takes_for_one(base_url, sync_endpoint):
    with sync_endpoint(key="wrong") as endpoint, pytest.raises(RuntimeError, match="401"):
        await asyncio.to_thread(endpoint.run, {"contract": contract()})


async def test_asyncio_run_status_output_stream_and_health(base_url, runpod):
    async with aiohttp.ClientSession() as session:
        endpoint = runpod.AsyncioEndpoint("penny", session, api_key=KEY)
        job = await endpoint.run({"contract": contract("good day")})
        assert await job.status() in {"IN_QUEUE", "IN_PROGRESS", "COMPLETED"}
        assert final_text(await job.output(timeout=HANGS_S)) == "good day"

        job = await endpoint.run({"contract": contract("one two")})
        chunks = [chunk async for chunk in job.stream()]
        assert [c["output"]["text"] for c in chunks] == ["one", "two", "one two"]
        assert (await endpoint.health())["workers"]["ready"] == 1


async def test_asyncio_cancel_and_purge(base_url, runpod):
    async with aiohttp.ClientSession() as session:
        endpoint = runpod.AsyncioEndpoint("factory", session, api_key=KEY)
        job = await endpoint.run({"contract": contract()})
        assert (await job.cancel())["status"] == "CANCELLED"
        assert await job.status() == "CANCELLED"
        assert (await endpoint.purge_queue())["status"] == "completed"
