"""The embedded server over real sockets: health, refusals, limits and times."""

import asyncio
import json
import logging

import pytest

from bot.contract.job import MIB
from bot.errors import WeightsError
from tests.fakes.embedded import KEY, body, ended, serving, submit, until_status
from tests.fakes.handlers import Scripted, TurnableClock, echo, hang
from tests.virtual_time import settle
from tests.waiting import until


async def is_unhealthy(client):
    return (await client.get("health")).json()["workers"]["unhealthy"]


# Health and warm-up


async def test_health_tells_what_is_so():
    async with serving(Scripted(hang)) as client:
        await settle()
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
        await settle(0.1)
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
        await until(lambda: is_unhealthy(client))
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
        await settle(0.05)
        handler.warm.set()
        assert (await ended(client, job_id))["status"] == "FAILED"
        assert handler.warmed == 1


async def test_models_need_not_be_loaded_by_the_server():
    handler = Scripted(echo)
    async with serving(handler, warm_up=()) as client:
        assert (await client.get("health")).json()["workers"]["idle"] == 1
        assert (await ended(client, await submit(client)))["status"] == "COMPLETED"
        assert handler.warmed == 0


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
            await settle(0.1)  # it waits
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
        second = await submit(client)  # and the worker is free again
        await until_status(client, second, "IN_PROGRESS")


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
