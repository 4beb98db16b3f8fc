"""The deployable worker: what it hands to RunPod's SDK, and the SDK's own loop running it."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.clock import SystemClock
from bot.contract import Service
from bot.errors import BadInput, BadSettings
from bot.spans import TRACEPARENT, new_span_id, new_trace_id, traceparent
from bot.workers.protocols import Delivery
from bot.workers.serverless import IN_FLIGHT, main, worker_config
from tests.fakes.collector import collecting
from tests.fakes.control_plane import ControlPlane, control_plane
from tests.fakes.embedded import body, ended, streamed, submit, until_status
from tests.fakes.handlers import Scripted, TurnableClock, completed, contract, partial, spell
from tests.paths import ROOT
from tests.waiting import HANGS_S

KEY = "a-key"
JOB = {"id": "j", "input": {"contract": contract("one two")}}


async def no_progress(_job, _response):
    pytest.fail("progress is for services that reply")


async def broken(_):
    raise BadInput("No sound.")
    yield


async def test_a_streaming_service_is_an_async_generator_whose_yields_are_kept():
    config = worker_config(Scripted(spell), clock=SystemClock(), progress=no_progress)
    assert config["return_aggregate_stream"] is True
    assert config["concurrency_modifier"](1) == IN_FLIGHT
    responses = [r async for r in config["handler"](JOB)]
    assert [r["status"] for r in responses] == ["partial", "partial", "completed"]


async def test_a_replying_service_returns_its_last_response():
    handler = Scripted(spell, delivery=Delivery.REPLY)
    shown = []

    async def progress(job, response):
        shown.append((job["id"], response["sequence"]))

    config = worker_config(handler, clock=TurnableClock(), progress=progress)
    assert "return_aggregate_stream" not in config
    response = await config["handler"](JOB)
    assert response["status"] == "completed"
    assert shown == [("j", 0)]  # the second came too soon after the first


async def test_progress_is_shown_before_the_result_and_never_after():
    clock, order = TurnableClock(), []

    async def script(_):
        for number in range(3):
            yield partial(str(number))
            await clock.turn(1)
        order.append("done")
        yield completed("x")

    async def progress(_job, response):
        await asyncio.sleep(0.02)
        order.append(response["sequence"])

    handler = Scripted(script, delivery=Delivery.REPLY)
    await worker_config(handler, clock=clock, progress=progress)["handler"](JOB)
    assert order == [0, 1, 2, "done"]


async def test_an_error_is_a_json_string():
    for delivery in Delivery:
        handler = Scripted(broken, delivery=delivery)
        result = worker_config(handler, clock=SystemClock(), progress=no_progress)["handler"](JOB)
        if delivery is Delivery.STREAM:
            (response,) = [r async for r in result]
        else:
            response = await result
        assert json.loads(response["error"])["message"] == "No sound."


def test_without_the_sdk_it_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "runpod", None)
    assert main(["penny"]) == BadSettings.exit_code
    said = capsys.readouterr().err
    assert said.startswith("RunPod's SDK is not installed. ")
    assert "[local,runpod]" in said


def test_an_unknown_service_is_refused(capsys):
    with pytest.raises(SystemExit) as refused:
        main(["jeeves"])
    assert refused.value.code == 2
    assert "'penny', 'grace', 'factory'" in capsys.readouterr().err


# Under the SDK's own loop


@contextlib.asynccontextmanager
async def worker(
    script: str, delivery: Delivery = Delivery.STREAM, *, collector: str | None = None
) -> AsyncIterator[ControlPlane]:
    """The SDK's loop in a process of its own around a scripted service, and its control plane."""
    pytest.importorskip("runpod")
    code = (
        "from bot.workers.protocols import Delivery\n"
        "from bot.workers.serverless import start\n"
        "from tests.fakes import handlers\n"
        f"one = handlers.Scripted(handlers.{script}, delivery=Delivery({delivery.value!r}))\n"
        f"start(one, collector={collector!r})\n"
    )
    async with control_plane(KEY) as plane:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            code,
            cwd=ROOT,
            env={**os.environ, **plane.worker_environment(KEY)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        plane.seen.worker_pid = process.pid
        try:
            yield plane
        finally:
            # The whole group: the SDK pings from a process that outlives a killed worker.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            output, _ = await process.communicate()
            plane.seen.printed = output.decode()
            sys.stdout.write(plane.seen.printed)


def client_of(plane: ControlPlane) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{plane.url}/penny/", headers={"Authorization": f"Bearer {KEY}"}, timeout=HANGS_S
    )


async def test_the_sdk_s_loop_streams_our_partials_and_returns_them_all():
    async with worker("spell") as plane, client_of(plane) as client:
        job_id = await submit(client, "one two three")
        chunks, status = await streamed(client, job_id)
        assert status == "COMPLETED"
        assert [c["output"]["text"] for c in chunks] == ["one", "two", "three", "one two three"]
        assert [c.get("sequence") for c in chunks] == [0, 1, 2, None]
        assert (await ended(client, job_id))["output"] == chunks
        assert plane.seen.pings
        assert f"batch_size={IN_FLIGHT}" in plane.seen.takes[0]
    assert "Starting Serverless Worker" in plane.seen.printed
    assert "three" not in plane.seen.printed


async def test_the_sdk_s_loop_reports_a_failure_in_our_words():
    async with worker("spell") as plane, client_of(plane) as client:
        answer = (await client.post("runsync", json=body(service=Service.GRACE))).json()
        assert answer["status"] == "FAILED"
        assert json.loads(answer["error"])["code"] == "bad_input"


async def test_the_sdk_s_loop_cancels_a_job_and_lives_on():
    async with worker("hang_on_request") as plane, client_of(plane) as client:
        job_id = await submit(client, "hang")
        await until_status(client, job_id, "IN_PROGRESS")
        await client.get(f"stream/{job_id}")
        assert (await client.post(f"cancel/{job_id}")).json()["status"] == "CANCELLED"
        assert (await ended(client, await submit(client, "next")))["status"] == "COMPLETED"


async def test_the_sdk_s_loop_shows_progress_of_a_reply_and_then_its_result():
    async with worker("take_steps", Delivery.REPLY) as plane, client_of(plane) as client:
        job_id = await submit(client)
        answer = await ended(client, job_id)
        assert answer["status"] == "COMPLETED"
        assert answer["output"]["status"] == "completed"
        assert [p["status"] for p in plane.seen.progress] == ["partial", "partial"]
        await ended(client, await submit(client))  # after which nothing of the first one comes
        assert (await ended(client, job_id)) == answer
        assert [p["status"] for p in plane.seen.progress] == ["partial"] * 4


async def test_its_spans_join_the_caller_s_trace_the_last_ones_as_it_ends(monkeypatch):
    pytest.importorskip("opentelemetry.sdk", reason="the extra 'otel' is not installed")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")  # ms: not by itself
    trace_id, caller = new_trace_id(), new_span_id()
    asked = contract("one two") | {TRACEPARENT: traceparent(trace_id, caller)}
    async with collecting() as collector:
        async with worker("spell", collector=collector.url) as plane, client_of(plane) as client:
            job_id = (await client.post("run", json={"input": {"contract": asked}})).json()["id"]
            assert (await ended(client, job_id))["status"] == "COMPLETED"
            os.kill(plane.seen.worker_pid, signal.SIGTERM)
            async with asyncio.timeout(HANGS_S):
                while not collector.spans:  # noqa: ASYNC110 - in another process
                    await asyncio.sleep(0.05)
        [span] = collector.spans
    assert span.name == "penny CONVERSE"
    assert span.trace_id.hex() == trace_id
    assert span.parent_span_id.hex() == caller
