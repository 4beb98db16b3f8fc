"""The client on real sockets, against a scripted server."""

import asyncio
import contextlib
import gc
import gzip
import json
import logging

import httpx
import pytest
from pydantic import SecretStr

from bot import errors
from bot.choices import Mode
from bot.clock import SystemClock
from bot.contract import Request, Service
from bot.contract.job import RUN_LIMIT_BYTES
from bot.runpod import transport
from bot.runpod.client import Endpoint, RunPodClient
from bot.runpod.models import (
    HttpRequest,
    HttpResponse,
    JobState,
    TransportErrorKind,
    TransportFailure,
)
from bot.runpod.transport import HttpTransport
from tests.fakes.runpod_script import completed, contract, partial, report
from tests.fakes.runpod_server import FakeRunPod, Say
from tests.ports import free_port

KEY = "rpa_VERYSECRET123"
QUEUED = Say({"id": "job-1", "status": "IN_QUEUE"})
RUNNING = Say({"id": "job-1", "status": "IN_PROGRESS"})
DONE = Say(report(completed()))
CANCELLED = Say({"id": "job-1", "status": "CANCELLED"})
EMPTY = Say({"status": "IN_PROGRESS", "stream": []}, after_s=0.6)
RESET = Say(cut_at=0)


class HurriedClock(SystemClock):
    """Shortens long pauses."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


def client(url: str, mode: Mode = Mode.RUN, **more) -> RunPodClient:
    endpoints = {Service.PENNY: Endpoint(Service.PENNY, "ep", mode=mode, deadline_s=10)}
    more.setdefault("clock", HurriedClock())
    return RunPodClient(url, SecretStr(KEY), endpoints, **more)


@contextlib.asynccontextmanager
async def calling(mode: Mode = Mode.RUN, **answers):
    answers.setdefault("cancel", CANCELLED)
    async with FakeRunPod(**answers) as server, client(server.url, mode) as ours:
        yield server, ours


async def last(updates):
    async for update in updates:
        final = update
    return final


class TestAWholeCall:
    async def test_run(self):
        async with calling(run=QUEUED, status=[QUEUED, RUNNING, DONE]) as (server, ours):
            updates = [update async for update in ours.submit(contract())]
            assert [u.state for u in updates] == [
                JobState.SUBMITTING, JobState.QUEUED, JobState.RUNNING, JobState.COMPLETED,
            ]  # fmt: skip
            assert updates[-1].response.text == "hello"
            heard = server.heard[0]
            assert (heard.method, heard.path) == ("POST", "/v2/ep/run")
            assert heard.headers["authorization"] == f"Bearer {KEY}"
            assert heard.headers["content-type"] == "application/json"
            body = json.loads(heard.body)
            assert Request.model_validate(body["input"]["contract"]) == contract()
            assert body["policy"] == {"executionTimeout": 10_000, "ttl": 70_000}
        assert server.count("cancel") == 0

    async def test_stream_in_bits_and_pieces(self):
        chunks = [{"output": partial(0, "é" * 50_000)}, {"output": completed("whole")}]
        async with calling(
            Mode.STREAM,
            run=Say(QUEUED.body, pieces=3),
            stream=Say({"status": "COMPLETED", "stream": chunks}, pieces=20),
            status=Say(report([partial(0, "é" * 50_000), completed("whole")]), pieces=7),
        ) as (server, ours):
            texts = [u.response.text async for u in ours.submit(contract()) if u.response]
            assert texts == ["é" * 50_000, "whole"]
            assert server.count("stream") == 1

    async def test_runsync(self):
        async with calling(Mode.RUNSYNC, runsync=DONE) as (server, ours):
            assert (await last(ours.submit(contract()))).response.text == "hello"
            wait_ms = int(server.heard[0].query.removeprefix("wait="))
            assert 9_000 < wait_ms <= 10_000

    async def test_sixty_four_at_once(self):
        async with calling(run=QUEUED, status=[RUNNING] * 64 + [DONE]) as (server, ours):
            found = await asyncio.gather(*(last(ours.submit(contract())) for _ in range(64)))
            assert {update.response.text for update in found} == {"hello"}
            assert server.count("run") == 64

    async def test_collect(self):
        async with calling(status=[RUNNING, DONE]) as (server, ours):
            assert (await last(ours.collect(Service.PENNY, "job-1"))).response.text == "hello"
            assert server.heard[0].path == "/v2/ep/status/job-1"

    async def test_a_packed_answer(self):
        packed = Say(
            gzip.compress(json.dumps(DONE.body).encode()), headers={"content-encoding": "gzip"}
        )
        async with calling(Mode.RUNSYNC, runsync=packed) as (_, ours):
            assert (await last(ours.submit(contract()))).response.text == "hello"

    async def test_the_contracts_own_deadline(self):
        async with calling(run=QUEUED, status=DONE) as (server, ours):
            asked = contract().model_validate(
                {**contract().to_wire(), "policy": {"deadline_ms": 6000}}
            )
            await last(ours.submit(asked))
            policy = json.loads(server.heard[0].body)["policy"]
            assert policy == {"executionTimeout": 6000, "ttl": 66_000}

    async def test_no_such_service(self):
        async with calling() as (_, ours):
            with pytest.raises(errors.BadSettings, match="GRACE_ENDPOINT_ID"):
                ours.submit(contract(service=Service.GRACE))

    async def test_what_could_not_be_sent_is_found_before_anything_is(self):
        async with calling(run=QUEUED, status=DONE) as (server, ours):
            ours.check(contract())
            with pytest.raises(errors.BadSettings, match="GRACE_ENDPOINT_ID"):
                ours.check(contract(service=Service.GRACE))
            with pytest.raises(errors.TooLarge):
                ours.check(contract("x" * RUN_LIMIT_BYTES))
            assert server.heard == []

    async def test_another_transport(self):
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=DONE.body)

        mock = httpx.MockTransport(answer)
        async with client("http://x/v2", Mode.RUNSYNC, transport=mock) as ours:
            assert (await last(ours.submit(contract()))).response.text == "hello"


class TestBrokenLines:
    @pytest.mark.parametrize("cut_at", [0, 10, 60])
    async def test_a_reset_submission_is_not_repeated(self, cut_at):
        async with calling(run=Say(QUEUED.body, cut_at=cut_at)) as (server, ours):
            with pytest.raises(errors.SubmissionUnknown):
                await last(ours.submit(contract()))
        assert server.count("run") == 1

    async def test_nor_is_one_on_a_connection_that_the_server_has_given_up(self):
        async with calling(run=[QUEUED, RESET], status=DONE) as (server, ours):
            await last(ours.submit(contract()))
            with pytest.raises(errors.SubmissionUnknown):
                await last(ours.submit(contract()))
        assert server.count("run") == 2

    @pytest.mark.parametrize("cut_at", [0, 10, 60])
    async def test_reset_polls_are_survived(self, cut_at):
        cut = Say(DONE.body, cut_at=cut_at)
        async with calling(run=QUEUED, status=[cut, RUNNING, cut, cut, DONE]) as (server, ours):
            assert (await last(ours.submit(contract()))).response.text == "hello"
            assert server.count("run") == 1

    async def test_nobody_there(self):
        async with client(f"http://127.0.0.1:{free_port()}/v2") as ours:
            with pytest.raises(errors.ServiceUnreachable) as raised:
                await last(ours.submit(contract()))
        assert type(raised.value) is errors.ServiceUnreachable
        assert "\n" not in str(raised.value)

    async def test_a_redirect_is_not_followed(self):
        async with FakeRunPod(run=Say(QUEUED.body)) as other:
            moved = Say(status=307, headers={"location": f"{other.url}/ep/run"})
            async with calling(run=moved) as (_, ours):
                with pytest.raises(errors.ServiceUnreachable):
                    await last(ours.submit(contract()))
            assert other.heard == []


class TestLeaving:
    async def test_break_cancels(self):
        async with calling(run=QUEUED, status=RUNNING) as (server, ours):
            async for update in ours.submit(contract()):
                if update.state is JobState.RUNNING:
                    break
            assert (await server.until("cancel")).path == "/v2/ep/cancel/job-1"

    async def test_aclose_cancels(self):
        async with calling(run=QUEUED, status=RUNNING) as (server, ours):
            async with contextlib.aclosing(ours.submit(contract())) as updates:
                await anext(updates)
                await anext(updates)
            await server.until("cancel")

    async def test_leaving_the_client_cancels_what_is_still_open(self):
        async with calling(run=QUEUED, status=RUNNING) as (server, ours):
            updates = ours.submit(contract())
            await anext(updates)
            await anext(updates)
        assert server.count("cancel") == 1
        await updates.aclose()
        assert server.count("cancel") == 1

    @pytest.mark.parametrize("mode", [Mode.RUN, Mode.STREAM])
    async def test_a_cancelled_task_cancels(self, mode):
        async with calling(mode, run=QUEUED, status=RUNNING, stream=EMPTY) as (server, ours):
            task = asyncio.ensure_future(last(ours.submit(contract())))
            await server.until("status" if mode is Mode.RUN else "stream")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.until("cancel")

    async def test_a_task_cancelled_while_the_job_is_handed_in(self):
        slow = Say(QUEUED.body, after_s=0.2)
        async with calling(run=slow) as (server, ours):
            task = asyncio.ensure_future(last(ours.submit(contract())))
            await server.until("run")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert server.count("cancel") == 1

    async def test_an_error_in_the_body_of_the_client_still_cancels(self):
        async def fail_half_way(url: str) -> None:
            async with client(url) as ours:
                async for update in ours.submit(contract()):
                    if update.state is JobState.RUNNING:
                        raise KeyError

        async with FakeRunPod(run=QUEUED, status=RUNNING, cancel=CANCELLED) as server:
            with pytest.raises(KeyError):
                await fail_half_way(server.url)
            assert server.count("cancel") == 1

    async def test_cancelling_is_tried_again(self):
        flaky = [RESET, Say(status=502), CANCELLED]
        async with calling(run=QUEUED, status=RUNNING, cancel=flaky) as (server, ours):
            async for update in ours.submit(contract()):
                if update.job_id:
                    break
        assert server.count("cancel") == 3

    async def test_the_deadline_cancels(self):
        async with calling(run=QUEUED, status=RUNNING) as (server, ours):
            with pytest.raises(errors.DeadlineExceeded):
                await last(ours.submit(contract(), deadline_s=0.2))
            assert server.count("cancel") == 1

    async def test_a_job_that_has_ended_is_not_cancelled(self):
        async with calling(run=QUEUED, status=DONE) as (server, ours):
            async for update in ours.submit(contract()):
                if update.state is JobState.COMPLETED:
                    break
            gc.collect()
        assert server.count("cancel") == 0

    async def test_a_client_that_is_closed_says_so(self):
        async with calling(run=QUEUED, status=RUNNING) as (_, ours):
            pass
        with pytest.raises(RuntimeError, match="not open"):
            await last(ours.submit(contract()))


class TestHealth:
    async def test_it_is_asked_again_after_a_fault(self):
        health = Say({"jobs": {"inQueue": 3}, "workers": {"ready": 2}})
        async with calling(health=[RESET, Say(status=503), health]) as (server, ours):
            found = await ours.health(Service.PENNY)
            assert (found.jobs.inQueue, found.workers.ready, found.has_worker) == (3, 2, True)
            assert server.count("health") == 3

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (Say(status=401), errors.KeyRefused),
            (Say(status=404), errors.EndpointNotFound),
            (Say(status=418), errors.ServiceFailed),
            (Say(status=429), errors.RateLimited),
            (Say(status=500), errors.ServiceUnreachable),
            (Say(b"<html>"), errors.ServiceUnreachable),
            (RESET, errors.ServiceUnreachable),
        ],
    )
    async def test_errors(self, answer, error):
        async with calling(health=answer) as (_, ours):
            with pytest.raises(error):
                await ours.health(Service.PENNY)


class TestCarrier:
    @staticmethod
    async def send(server: FakeRunPod, timeout_s: float = 5.0):
        transport = HttpTransport(server.url, SecretStr(KEY), clock=SystemClock())
        try:
            request = HttpRequest(method="GET", path="health", timeout_s=timeout_s)
            return await transport.send(request, endpoint_path="ep")
        finally:
            await transport.close()

    async def test_a_slow_answer(self):
        async with FakeRunPod(health=Say({}, after_s=0.5)) as server:
            reply = await self.send(server, timeout_s=0.05)
        assert isinstance(reply, TransportFailure)
        assert reply.kind is TransportErrorKind.TIMEOUT

    async def test_an_answer_that_drips(self):
        async with FakeRunPod(health=Say(b"x" * 1000, pieces=200)) as server:
            reply = await self.send(server, timeout_s=0.1)
        assert isinstance(reply, TransportFailure)
        assert reply.kind is TransportErrorKind.TIMEOUT

    @pytest.mark.parametrize("packed", [False, True])
    async def test_an_answer_that_is_too_large(self, monkeypatch, packed):
        monkeypatch.setattr(transport, "REPLY_LIMIT_BYTES", 100_000)
        body = b" " * 1_000_000
        say = (
            Say(gzip.compress(body), headers={"content-encoding": "gzip"}) if packed else Say(body)
        )
        async with FakeRunPod(health=say) as server:
            reply = await self.send(server)
        assert isinstance(reply, TransportFailure)
        assert reply.kind is TransportErrorKind.OVERSIZED

    async def test_no_http_at_all(self):
        async with FakeRunPod(health=Say(status=0)) as server:
            assert isinstance(await self.send(server), TransportFailure)

    async def test_a_broken_package(self):
        say = Say(b"not gzip", headers={"content-encoding": "gzip"})
        async with FakeRunPod(health=say) as server:
            assert isinstance(await self.send(server), TransportFailure)

    async def test_headers_come_along(self):
        say = Say(status=429, headers={"Retry-After": "3"})
        async with FakeRunPod(health=say) as server:
            reply = await self.send(server)
        assert isinstance(reply, HttpResponse)
        assert reply.headers["retry-after"] == "3"

    @pytest.mark.parametrize("key", ["", " ", "two words", "line\nbreak", "clé"])
    def test_a_key_that_is_none(self, key):
        with pytest.raises(errors.BadSettings) as raised:
            HttpTransport("http://127.0.0.1/v2", SecretStr(key), clock=SystemClock())
        assert key.strip() == "" or key not in str(raised.value)

    @pytest.mark.parametrize("url", ["ftp://x/v2", "runpod", "http://"])
    def test_an_address_that_is_none(self, url):
        with pytest.raises(errors.BadSettings):
            HttpTransport(url, SecretStr(KEY), clock=SystemClock())


async def test_the_key_is_nowhere_to_be_seen(caplog):
    caplog.set_level(logging.DEBUG)
    quoting = Say({"error": f"bad header: Bearer {KEY}"}, status=400)
    answers = {"run": [quoting, Say(quoting.body, status=401), RESET, QUEUED], "status": DONE}
    seen: list[str] = []
    async with calling(**answers) as (_, ours):
        seen += [repr(ours), str(vars(ours)), repr(ours._driver._transport._headers)]
        for _ in range(4):
            try:
                seen.append(repr(await last(ours.submit(contract()))))
            except errors.SkydeckError as e:
                seen += [str(e), repr(e)]
    assert len(seen) == 3 + 2 * 3 + 1
    assert "[key]" in seen[3]
    assert all("VERYSECRET" not in text for text in [*seen, caplog.text])
