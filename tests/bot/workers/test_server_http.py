"""The embedded server over real sockets: RunPod's routes, as RunPod documents them."""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Service
from bot.contract.job import MIB
from bot.errors import BadInput, WeightsError
from bot.workers.ports import Delivery
from bot.workers.server import embedded_server
from tests.fakes.handlers import (
    Scripted,
    TurnableClock,
    completed,
    contract,
    echo,
    hang,
    partial,
    spell,
)

KEY = "a-key-of-thirty-two-characters-x"


@contextlib.asynccontextmanager
async def serving(
    handler=None, *, clock=None, key=KEY, **options
) -> AsyncIterator[httpx.AsyncClient]:
    """A server with one endpoint, `penny`, and a client of it."""
    handlers = {"penny": handler or Scripted(echo)}
    async with (
        embedded_server(
            handlers, key=SecretStr(KEY), clock=clock or SystemClock(), **options
        ) as url,
        httpx.AsyncClient(
            base_url=f"{url}/penny/", headers={"Authorization": f"Bearer {key}"}, timeout=20
        ) as client,
    ):
        yield client


def body(text="hello there", *, service=Service.PENNY, **more):
    return {"input": {"contract": contract(text, service=service)}, **more}


async def submit(client, text="hello there", **more) -> str:
    answer = await client.post("run", json=body(text, **more))
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"id", "status"}
    assert answer.json()["status"] == "IN_QUEUE"
    return answer.json()["id"]


async def ended(client, job_id) -> dict:
    answer = await client.get(f"status-sync/{job_id}", params={"wait": 10_000})
    assert answer.status_code == 200
    return answer.json()


async def until_status(client, job_id, status) -> dict:
    while True:
        answer = (await client.get(f"status/{job_id}")).json()
        if answer["status"] == status:
            return answer
        await asyncio.sleep(0.01)


async def streamed(client, job_id) -> tuple[list, str]:
    chunks, status = [], "IN_QUEUE"
    while status in {"IN_QUEUE", "IN_PROGRESS"}:
        answer = (await client.get(f"stream/{job_id}")).json()
        assert answer.keys() == {"status", "stream"}
        chunks += [chunk["output"] for chunk in answer["stream"]]
        status = answer["status"]
    return chunks, status


# Submitting and asking


async def test_runsync_of_a_generator_gives_the_list_of_all_yields():
    async with serving(Scripted(spell)) as client:
        answer = (await client.post("runsync", json=body("good day"))).json()
    assert re.fullmatch(r"sync-[0-9a-f-]{36}-u1", answer["id"])
    assert answer["status"] == "COMPLETED"
    assert answer["workerId"] == "penny-0"
    assert isinstance(answer["delayTime"], int)
    assert 30 <= answer["executionTime"] < 5000
    assert [r["status"] for r in answer["output"]] == ["partial", "partial", "completed"]
    assert answer["output"][-1]["output"]["data"] == "good day"


async def test_the_seed_s_own_request_gets_the_seed_s_own_shape():
    handler = Scripted(echo, service=Service.GRACE, delivery=Delivery.REPLY)
    request = {
        "input": {
            "contract": {
                "contract_version": "2.1",
                "source": {"system": "DECK"},
                "target": {"service": "GRACE", "module": "SUMMARIZER"},
                "input": {"type": "text", "data": "..."},
            }
        }
    }
    async with serving(handler) as client:
        answer = (await client.post("runsync", json=request)).json()
    assert answer["status"] == "COMPLETED"
    assert answer["output"]["status"] == "completed"
    assert answer["output"]["output"]["data"] == "..."
    assert "usage" in answer["output"]


async def test_run_then_status():
    async with serving() as client:
        job_id = await submit(client, "good day")
        assert re.fullmatch(r"[0-9a-f-]{36}-u1", job_id)
        answer = await ended(client, job_id)
        assert answer["output"][-1]["output"]["data"] == "good day"
        assert (await client.get(f"status/{job_id}")).json() == answer
        assert (await client.post(f"status/{job_id}")).json() == answer


async def test_a_reply_shows_its_partials_as_progress_until_its_result():
    handler = Scripted(hang, delivery=Delivery.REPLY)
    async with serving(handler) as client:
        job_id = await submit(client)
        answer = await until_status(client, job_id, "IN_PROGRESS")
        while "output" not in answer:
            answer = (await client.get(f"status/{job_id}")).json()
        assert answer["output"]["status"] == "partial"
        assert answer["output"]["output"]["text"] == "working"
        stream = (await client.get(f"stream/{job_id}", params={"wait": 1000})).json()
        assert stream == {"status": "IN_PROGRESS", "stream": []}


async def test_a_runsync_that_outlives_its_wait_is_answered_with_the_job_as_it_is():
    async with serving(Scripted(hang)) as client:
        answer = (await client.post("runsync?wait=1000", json=body())).json()
        assert answer["id"].startswith("sync-")
        assert answer["status"] == "IN_PROGRESS"
        assert (await client.get(f"status/{answer['id']}")).json()["status"] == "IN_PROGRESS"


async def test_who_hangs_up_on_runsync_leaves_a_job_that_goes_on():
    gate = asyncio.Event()

    async def script(request):
        await gate.wait()
        async for response in echo(request):
            yield response

    handler = Scripted(script)
    async with serving(handler) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("runsync", json=body(), timeout=0.3)
        assert handler.running == 1
        gate.set()
        while (await client.get("health")).json()["jobs"]["completed"] == 0:
            await asyncio.sleep(0.01)


# Streaming


async def test_stream_hands_out_each_chunk_once_and_the_last_with_the_end():
    async with serving(Scripted(spell)) as client:
        job_id = await submit(client, "one two three")
        chunks, status = await streamed(client, job_id)
        assert status == "COMPLETED"
        assert [c["output"].get("text") for c in chunks] == ["one", "two", "three", "one two three"]
        assert (await client.get(f"stream/{job_id}")).json() == {
            "status": "COMPLETED",
            "stream": [],
        }
        assert len((await ended(client, job_id))["output"]) == 4


async def test_the_last_chunk_comes_together_with_completed():
    async with serving() as client:
        job_id = await submit(client)
        answer = (await client.post(f"stream/{job_id}")).json()
        assert answer["status"] == "COMPLETED"
        assert len(answer["stream"]) == 1


async def test_a_stream_with_nothing_to_say_holds_the_line_for_the_wait():
    async with serving(Scripted(hang)) as client:
        job_id = await submit(client)
        await client.get(f"stream/{job_id}")
        clock = SystemClock()
        began = clock.now()
        answer = (await client.get(f"stream/{job_id}", params={"wait": 1})).json()
        assert answer == {"status": "IN_PROGRESS", "stream": []}
        assert 0.9 < clock.now() - began < 3


async def test_who_hangs_up_on_stream_takes_no_chunks_along():
    gate = asyncio.Event()

    async def script(_):
        await gate.wait()
        yield partial("kept")
        yield completed("done")

    async with serving(Scripted(script)) as client:
        job_id = await submit(client)
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"stream/{job_id}", timeout=0.3)
        await asyncio.sleep(0.1)  # the server hears of it
        gate.set()
        chunks, _ = await streamed(client, job_id)
        assert [c["output"].get("text") for c in chunks] == ["kept", "done"]


async def test_a_chunk_over_a_megabyte_is_split_and_the_output_is_not():
    speech = "x" * (2 * MIB)

    async def script(_):
        yield completed(speech)

    async with serving(Scripted(script)) as client:
        job_id = await submit(client)
        chunks, _ = await streamed(client, job_id)
        assert len(chunks) > 2
        assert all(len(json.dumps(piece)) <= MIB for piece in chunks)
        (whole,) = (await ended(client, job_id))["output"]
        assert json.loads("".join(chunks)) == whole


# Failing


async def test_a_failed_job_is_http_200_with_the_error_as_a_json_string():
    async def script(_):
        yield partial("so far")
        raise BadInput("No sound.")

    async with serving(Scripted(script)) as client:
        answer = await client.post("runsync", json=body())
        assert answer.status_code == 200
        report = answer.json()
        assert report["status"] == "FAILED"
        assert "output" not in report
        assert json.loads(report["error"]) == {
            "code": "bad_input",
            "message": "No sound.",
            "retryable": False,
        }
        stream = (await client.get(f"stream/{report['id']}")).json()
        assert stream["status"] == "FAILED"
        assert [c["output"]["status"] for c in stream["stream"]] == ["partial"]


async def test_an_unexpected_error_tells_no_more_than_its_type(caplog):
    async def script(_):
        raise ValueError("private words")
        yield

    async with serving(Scripted(script)) as client:
        answer = (await client.post("runsync", json=body())).json()
    assert json.loads(answer["error"])["code"] == "internal"
    assert "private" not in answer["error"]


async def test_a_job_for_another_service_fails_in_words():
    async with serving() as client:
        answer = (await client.post("runsync", json=body(service=Service.GRACE))).json()
    assert "addressed to GRACE" in json.loads(answer["error"])["message"]


async def test_retry_queues_a_failed_job_again():
    failures = [BadInput("once")]

    async def script(request):
        if failures:
            raise failures.pop()
        async for response in echo(request):
            yield response

    async with serving(Scripted(script)) as client:
        job_id = await submit(client)
        assert (await ended(client, job_id))["status"] == "FAILED"
        again = await client.post(f"retry/{job_id}")
        assert again.json() == {"id": job_id, "status": "IN_QUEUE"}
        report = await ended(client, job_id)
        assert (report["status"], report["retries"]) == ("COMPLETED", 1)
        refused = await client.post(f"retry/{job_id}")
        assert refused.status_code == 400
        assert "COMPLETED" in refused.json()["error"]
        assert (await client.get("health")).json()["jobs"]["retried"] == 1


# Cancelling


async def test_cancel_of_a_running_job_stops_the_handler_and_wakes_who_waits():
    handler = Scripted(hang)
    async with serving(handler) as client:
        job_id = await submit(client)
        await client.get(f"stream/{job_id}")
        async with asyncio.TaskGroup() as tasks:
            stream = tasks.create_task(client.get(f"stream/{job_id}"))
            sync = tasks.create_task(client.get(f"status-sync/{job_id}"))
            await asyncio.sleep(0.1)
            answer = await client.post(f"cancel/{job_id}")
        assert answer.json() == {"id": job_id, "status": "CANCELLED"}
        assert stream.result().json() == {"status": "CANCELLED", "stream": []}
        assert sync.result().json() == {"id": job_id, "status": "CANCELLED"}
        assert handler.running == 0
        assert (await client.post(f"cancel/{job_id}")).json()["status"] == "CANCELLED"
        health = (await client.get("health")).json()
        assert health["workers"]["idle"] == 1
        assert health["jobs"]["inProgress"] == 0


async def test_cancel_of_a_waiting_job_means_that_it_never_runs():
    handler = Scripted(hang)
    async with serving(handler) as client:
        first, second = await submit(client), await submit(client)
        await until_status(client, first, "IN_PROGRESS")
        await client.post(f"cancel/{second}")
        await client.post(f"cancel/{first}")
        third = await submit(client)
        await until_status(client, third, "IN_PROGRESS")
        assert handler.started == 2


async def test_cancel_of_a_job_that_has_ended_changes_nothing():
    async with serving() as client:
        job_id = await submit(client)
        await ended(client, job_id)
        answer = await client.post(f"cancel/{job_id}")
        assert answer.json() == {"id": job_id, "status": "COMPLETED"}
        assert "output" in (await client.get(f"status/{job_id}")).json()


async def test_purge_removes_what_waits_and_tells_who_waits_for_it():
    async with serving(Scripted(hang)) as client:
        jobs = [await submit(client) for _ in range(3)]
        await until_status(client, jobs[0], "IN_PROGRESS")
        answer = await client.post("purge-queue")
        assert answer.json() == {"removed": 2, "status": "completed"}
        assert (await client.get(f"status/{jobs[2]}")).json()["status"] == "CANCELLED"
        assert (await client.get(f"status/{jobs[0]}")).json()["status"] == "IN_PROGRESS"


# Queueing


async def test_jobs_queue_instead_of_running_all_at_once():
    handler = Scripted(spell)
    async with serving(handler) as client:
        jobs = [await submit(client) for _ in range(5)]
        reports = [await ended(client, job_id) for job_id in jobs]
    assert {report["status"] for report in reports} == {"COMPLETED"}
    assert handler.most_at_once == 1
    assert reports[-1]["delayTime"] > 0


async def test_an_endpoint_may_have_several_workers():
    handler = Scripted(hang)
    async with serving(handler, concurrency={"penny": 3}) as client:
        jobs = [await submit(client) for _ in range(4)]
        for job_id in jobs[:3]:
            await until_status(client, job_id, "IN_PROGRESS")
        assert handler.running == 3
        workers = (await client.get("health")).json()["workers"]
        assert (workers["running"], workers["idle"]) == (3, 0)


async def test_a_full_queue_is_429():
    async with serving(Scripted(hang), queue_limit=2) as client:
        running = await submit(client)
        await until_status(client, running, "IN_PROGRESS")
        for _ in range(2):
            await submit(client)
        for path in ("run", "runsync"):
            answer = await client.post(path, json=body())
            assert answer.status_code == 429
            assert "queue is full" in answer.json()["error"]


# Health and warm-up


async def test_health_tells_what_is_so():
    async with serving(Scripted(hang)) as client:
        await asyncio.sleep(0.05)
        assert (await client.get("health")).json() == {
            "jobs": {"completed": 0, "failed": 0, "inProgress": 0, "inQueue": 0, "retried": 0},
            "workers": {
                "idle": 1,
                "initializing": 0,
                "ready": 1,
                "running": 0,
                "throttled": 0,
                "unhealthy": 0,
            },
        }
        first, _ = await submit(client), await submit(client)
        await until_status(client, first, "IN_PROGRESS")
        health = (await client.get("health")).json()
        assert (health["jobs"]["inProgress"], health["jobs"]["inQueue"]) == (1, 1)
        assert (health["workers"]["running"], health["workers"]["ready"]) == (1, 0)


async def test_a_job_waits_in_the_queue_while_the_models_load():
    handler = Scripted(echo)
    handler.warm.clear()
    async with serving(handler) as client:
        job_id = await submit(client)
        await asyncio.sleep(0.1)
        assert (await client.get("health")).json()["workers"]["initializing"] == 1
        assert (await client.get(f"status/{job_id}")).json()["status"] == "IN_QUEUE"
        handler.warm.set()
        report = await ended(client, job_id)
        assert report["status"] == "COMPLETED"
        assert report["delayTime"] >= 90
        assert handler.warmed == 1


async def test_a_failed_warm_up_is_told_to_the_job_and_tried_again_with_the_next():
    broken = WeightsError("A model file is damaged.", hint="skydeck models pull")
    handler = Scripted(echo, warm_ups=[broken, broken])
    async with serving(handler) as client:
        while not (await client.get("health")).json()["workers"]["unhealthy"]:
            await asyncio.sleep(0.01)
        report = await ended(client, await submit(client))
        assert report["status"] == "FAILED"
        assert "damaged. skydeck models pull" in json.loads(report["error"])["message"]
        assert handler.started == 0
        report = await ended(client, await submit(client))
        assert report["status"] == "COMPLETED"
        assert handler.warmed == 3


async def test_a_job_that_came_during_a_failing_warm_up_shares_its_end():
    handler = Scripted(echo, warm_ups=[WeightsError("A model file is damaged.")])
    handler.warm.clear()
    async with serving(handler) as client:
        job_id = await submit(client)
        await asyncio.sleep(0.05)
        handler.warm.set()
        assert (await ended(client, job_id))["status"] == "FAILED"
        assert handler.warmed == 1


async def test_models_need_not_be_loaded_at_the_start():
    handler = Scripted(echo)
    async with serving(handler, warm_up=()) as client:
        assert (await client.get("health")).json()["workers"]["idle"] == 1
        assert handler.warmed == 0
        await ended(client, await submit(client))
        await ended(client, await submit(client))
        assert handler.warmed == 1


# Refusing


@pytest.mark.parametrize(
    "shown", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer"}, {"X-Key": KEY}]
)
async def test_without_the_key_there_is_nothing(shown):
    async with serving() as client:
        del client.headers["Authorization"]
        for method, path in [("GET", "health"), ("POST", "run"), ("GET", "../nowhere/health")]:
            answer = await client.request(method, path, headers=shown)
            assert answer.status_code == 401
            assert KEY not in answer.text


@pytest.mark.parametrize("shown", [KEY, f"Bearer {KEY}", f"bearer  {KEY}"])
async def test_the_key_may_come_bare(shown):
    async with serving() as client:
        assert (await client.get("health", headers={"Authorization": shown})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "status/nowhere-u1", 404),
        ("GET", "stream/nowhere-u1", 404),
        ("POST", "cancel/nowhere-u1", 404),
        ("POST", "retry/nowhere-u1", 404),
        ("GET", "nothing", 404),
        ("GET", "run", 405),
        ("GET", "cancel/x", 405),
        ("DELETE", "status/x", 405),
        ("POST", "health", 405),
        ("GET", "stream/x?wait=soon", 400),
        ("GET", "status-sync/x?wait=-1", 400),
        ("POST", "runsync?wait=9999999999999", 400),
    ],
)
async def test_refusals_are_json_with_one_line(method, path, status):
    async with serving() as client:
        answer = await client.request(method, path)
        assert answer.status_code == status
        assert answer.json().keys() == {"error"}


async def test_another_endpoint_is_404_and_the_known_ones_are_named():
    async with serving() as client:
        for method, op in [("GET", "health"), ("POST", "run"), ("GET", "status/x")]:
            answer = await client.request(method, f"../jeeves/{op}", json=body())
            assert answer.status_code == 404
            assert "penny" in answer.json()["error"]


@pytest.mark.parametrize("path", ["run", "runsync"])
@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"input":{}}', b'{"input":"x"}'])
async def test_a_bad_body_is_400(path, content):
    async with serving() as client:
        answer = await client.post(path, content=content)
        assert answer.status_code == 400
        assert answer.json()["error"]


@pytest.mark.parametrize(("path", "limit"), [("run", 10), ("runsync", 20)])
async def test_a_body_over_the_limit_is_400_in_runpod_s_words(path, limit):
    async def pieces():  # no content-length: counted as it comes
        for _ in range(limit + 1):
            yield b" " * MIB

    async with serving() as client:
        for content in (b" " * (limit * MIB + 1), pieces()):
            answer = await client.post(path, content=content)
            assert answer.status_code == 400
            assert f"exceeded max body size of {limit}MiB" in answer.json()["error"]


async def test_a_body_at_the_limit_is_taken():
    async with serving() as client:
        empty = len(json.dumps(body("")))
        content = json.dumps(body("x" * (20 * MIB - empty))).encode()
        assert len(content) == 20 * MIB
        answer = await client.post("runsync", content=content)
        # The echo of so much is over the limit of an output; the input was not over its own.
        assert answer.status_code == 200
        assert "exceeded max size" in answer.json()["error"]


# Time


@pytest.mark.parametrize(("path", "kept_s"), [("run", 1800), ("runsync", 60)])
async def test_results_are_forgotten_after_their_retention_time(path, kept_s):
    clock = TurnableClock()
    async with serving(clock=clock) as client:
        job_id = (await client.post(path, json=body())).json()["id"]
        await ended(client, job_id)
        await clock.turn(kept_s - 1)
        assert (await client.get(f"stream/{job_id}")).json()["stream"]
        await clock.turn(2)
        for op in ("status", "stream", "status-sync"):
            assert (await client.get(f"{op}/{job_id}")).status_code == 404
        assert (await client.post(f"retry/{job_id}")).status_code == 404


async def test_ttl_deletes_even_a_running_job_and_tells_who_waits():
    clock, handler = TurnableClock(), Scripted(hang)
    async with serving(handler, clock=clock) as client:
        job_id = await submit(client, policy={"ttl": 10_000})
        await client.get(f"stream/{job_id}")
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(client.get(f"status-sync/{job_id}"))
            await asyncio.sleep(0.1)
            await clock.turn(11)
        assert waiting.result().status_code == 404
        assert handler.running == 0


async def test_status_can_set_the_ttl():
    clock = TurnableClock()
    async with serving(clock=clock) as client:
        job_id = await submit(client)
        await ended(client, job_id)
        assert (await client.get(f"status/{job_id}?ttl=6000")).status_code == 200
        await clock.turn(6)
        assert (await client.get(f"status/{job_id}")).status_code == 404


async def test_the_execution_timeout_is_honoured():
    clock, handler = TurnableClock(), Scripted(hang)
    async with serving(handler, clock=clock) as client:
        job_id = await submit(client, policy={"executionTimeout": 5000})
        await until_status(client, job_id, "IN_PROGRESS")
        await client.get(f"stream/{job_id}")
        await clock.turn(6)
        report = await ended(client, job_id)
        assert report["status"] == "FAILED"
        assert report["error"] == "executionTimeout exceeded"
        assert handler.running == 0
        await submit(client)  # and the worker is free again
        while handler.started < 2:
            await asyncio.sleep(0.01)


async def test_delay_and_execution_are_measured():
    clock = TurnableClock()

    async def script(request):
        await clock.turn(2.5)
        async for response in echo(request):
            yield response

    async with serving(Scripted(script), clock=clock) as client:
        report = await ended(client, await submit(client))
        assert (report["delayTime"], report["executionTime"]) == (0, 2500)


# Logging


async def test_nothing_private_is_logged(caplog):
    with caplog.at_level(logging.DEBUG):
        async with serving() as client:
            await client.post("runsync", json=body("private words"))
            await client.get("health", headers={"Authorization": f"{KEY}x"})
    ours = [r for r in caplog.records if not r.name.startswith(("httpcore", "httpx"))]
    assert not [r for r in ours if "private" in r.getMessage() or KEY in r.getMessage()]
