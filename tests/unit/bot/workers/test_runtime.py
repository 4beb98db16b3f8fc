"""The runtime: whatever a handler does, the last response, and only the last, is complete."""

import asyncio
import contextlib
import json
import logging
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.contract import Response, Service, ServiceError, Status, Usage
from bot.errors import BadInput, JobFailed, WeightsError
from bot.spans import new_span_id, new_trace_id, traceparent
from bot.workers.protocols import Handler
from bot.workers.runtime import run
from bot.workers.serverless import with_request_id
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


async def responses(handler: Handler, job_input: object, clock: Any = None) -> list[dict[str, Any]]:
    return [r async for r in run(handler, job_input, clock=clock or SystemClock())]


async def error_of(handler: Handler, job_input: object) -> dict[str, Any]:
    *_, last = await responses(handler, job_input)
    assert last["status"] == "failed"
    json.dumps(last)
    return last["error"]


async def test_partials_are_numbered_and_the_last_is_whole():
    first, second, last = await responses(Scripted(spell), {"contract": contract("good day")})
    assert first == {"status": "partial", "sequence": 0, "output": {"text": "good"}}
    assert second == {"status": "partial", "sequence": 1, "output": {"text": "day"}}
    assert last["status"] == "completed"
    assert "sequence" not in last
    assert last["output"]["data"] == "good day"


async def test_what_it_took_is_added_to_the_service_s_own_figures():
    clock = TurnableClock()

    async def script(_):
        await clock.turn(1.5)
        yield completed("x").model_copy(
            update={"usage": Usage(cost_usd=0.002), "timings_ms": {"asr": 40.0}}
        )

    (last,) = await responses(Scripted(script), {"contract": contract()}, clock)
    assert last["usage"] == {"cost_usd": 0.002, "compute_seconds": 1.5}
    assert last["timings_ms"] == {"asr": 40.0, "total": 1500.0}


async def test_a_service_s_own_count_of_compute_seconds_stands():
    async def script(_):
        yield completed("x").model_copy(update={"usage": Usage(compute_seconds=7)})

    (last,) = await responses(Scripted(script), {"contract": contract()})
    assert last["usage"]["compute_seconds"] == 7


@pytest.mark.parametrize(
    ("job_input", "says"),
    [
        (None, "holds no contract"),
        ("secret words", "holds no contract"),
        ({"prompt": "secret words"}, "holds no contract"),
        ({"contract": "secret words"}, "contract: Input should be"),
        ({"contract": contract() | {"source": {"system": "secret words"}}}, "source.system"),
        ({"contract": contract() | {"input": {"type": "text"}}}, "input.data: Field required."),
        ({"contract": contract() | {"contract_version": "3.0"}}, "expected 2.1"),
        ({"contract": contract() | {"policy": {"deadline_ms": 0}}}, "policy.deadline_ms"),
        ({"contract": contract(service=Service.GRACE)}, "This is PENNY; the contract is addressed"),
        ({"contract": contract() | {"contract_version": "9." + "9" * 9000}}, "contract_version"),
    ],
)
async def test_a_bad_contract_is_refused_in_one_line_that_does_not_quote_it(job_input, says):
    handler = Scripted(echo)
    error = await error_of(handler, job_input)
    assert error["code"] == "bad_input"
    assert error["retryable"] is False
    assert says in error["message"]
    assert "secret" not in error["message"]
    assert "\n" not in error["message"]
    assert len(error["message"]) <= 500
    assert handler.started == 0


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (BadInput("No sound.", hint="Speak."), ("bad_input", "No sound. Speak.", False)),
        (WeightsError("A file is damaged."), ("weights", "A file is damaged.", False)),
        (
            JobFailed("Too busy.", service_code="overloaded", service_retryable=True),
            ("overloaded", "Too busy.", True),
        ),
        (JobFailed("It failed."), ("job_failed", "It failed.", False)),
        (
            KeyError("private words"),
            ("internal", "The service failed unexpectedly (KeyError).", False),
        ),
    ],
)
async def test_an_error_becomes_a_failed_response(raised, expected):
    async def script(_):
        yield partial("so far")
        raise raised

    error = await error_of(Scripted(script), {"contract": contract()})
    assert (error["code"], error["message"], error["retryable"]) == expected


async def test_an_unexpected_error_leaves_its_traceback_in_the_log(caplog):
    async def script(_):
        raise ZeroDivisionError
        yield

    with caplog.at_level(logging.ERROR):
        await error_of(Scripted(script), {"contract": contract()})
    assert caplog.records[0].exc_info[0] is ZeroDivisionError


async def test_a_handler_that_only_gives_partials_has_failed():
    async def script(_):
        yield partial("and then")

    error = await error_of(Scripted(script), {"contract": contract()})
    assert error["code"] == "internal"


async def test_nothing_comes_after_the_complete_response():
    async def script(_):
        yield completed("first")
        yield completed("second")

    handler = Scripted(script)
    (only,) = await responses(handler, {"contract": contract()})
    assert only["output"]["data"] == "first"
    assert handler.running == 0


async def test_a_failed_response_without_an_error_is_given_one():
    async def script(_):
        yield Response(status=Status.FAILED)

    assert (await error_of(Scripted(script), {"contract": contract()}))["code"] == "service_failed"


async def test_a_service_s_own_failed_response_is_passed_on():
    async def script(_):
        yield Response(status=Status.FAILED, error=ServiceError(code="quota", message="Enough."))

    error = await error_of(Scripted(script), {"contract": contract()})
    assert error == {"code": "quota", "message": "Enough.", "retryable": False}


async def test_what_is_no_json_is_an_internal_error():
    async def script(_):
        yield completed("x").model_copy(update={"output": {"data": object()}})

    assert (await error_of(Scripted(script), {"contract": contract()}))["code"] == "internal"


@pytest.mark.virtual_time
async def test_the_deadline_of_the_contract_ends_the_handler():
    handler = Scripted(hang)
    job_input = {"contract": contract() | {"policy": {"deadline_ms": 50}}}
    first, last = await asyncio.wait_for(responses(handler, job_input), 5)
    assert first["status"] == "partial"
    assert last["error"]["code"] == "deadline_exceeded"
    assert last["error"]["retryable"] is True
    assert "50 ms" in last["error"]["message"]
    assert handler.running == 0


async def test_a_handler_s_own_timeout_is_not_taken_for_the_deadline():
    async def script(_):
        raise TimeoutError
        yield

    job_input = {"contract": contract() | {"policy": {"deadline_ms": 60_000}}}
    assert (await error_of(Scripted(script), job_input))["code"] == "internal"


async def test_cancelling_the_task_cancels_the_handler():
    handler = Scripted(hang)
    begun = asyncio.Event()

    async def consume():
        async for _ in run(handler, {"contract": contract()}, clock=SystemClock()):
            begun.set()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(consume())
        await begun.wait()
        task.cancel()
    assert task.cancelled()
    assert handler.running == 0


async def test_closing_the_generator_closes_the_handler():
    handler = Scripted(spell)
    job = run(handler, {"contract": contract("one two three")}, clock=SystemClock())
    async with contextlib.aclosing(job):
        async for _ in job:
            break
    assert (handler.started, handler.running) == (1, 0)


@pytest.mark.parametrize("by", ["trace_id", "traceparent"])
async def test_a_job_is_logged_with_the_id_of_the_callers_request(by, caplog):
    trace_id = new_trace_id()
    ids = {
        "trace_id": {"trace_id": trace_id},
        "traceparent": {"traceparent": traceparent(trace_id, new_span_id())},
    }
    logger = logging.getLogger("bot.workers.runtime")
    logger.addFilter(with_request_id)
    try:
        with caplog.at_level(logging.INFO, logger=logger.name):
            job = {"contract": contract() | ids[by]}
            async for _ in run(Scripted(spell), job, clock=SystemClock()):
                pass
    finally:
        logger.removeFilter(with_request_id)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"[{trace_id[:8]}] the job of penny completed after")
