"""The embedded server over real sockets: RunPod's routes, as RunPod documents them."""

import asyncio
import json
import re

import httpx
import pytest

from bot.clock import SystemClock
from bot.contract import Service
from bot.contract.job import MIB
from bot.errors import BadInput
from bot.workers.protocols import Delivery
from tests.fakes.embedded import body, ended, serving, streamed, submit, until_status
from tests.fakes.handlers import Scripted, completed, echo, hang, partial, spell
from tests.virtual_time import settle
from tests.waiting import until


async def has_completed(client):
    return (await client.get("health")).json()["jobs"]["completed"]


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
        await until(lambda: has_completed(client))


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
        assert clock.now() - began == pytest.approx(1)  # of virtual time


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
        await settle()  # the server hears of it
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
            await settle(0.1)  # both wait
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
