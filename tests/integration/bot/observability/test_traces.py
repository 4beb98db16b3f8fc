"""One spoken turn is one trace: the bot's spans and the worker's, as a collector receives them."""

import asyncio
import contextlib

import pytest
from pydantic import SecretStr

from bot.choices import Mode
from bot.clock import SystemClock
from bot.contract import Output, Response, Service, Status
from bot.contract.envelope import Usage
from bot.errors import JobFailed
from bot.observability.calls import CallMetrics, CallSpans
from bot.observability.metrics import Metrics
from bot.observability.turns import TurnRecorder
from bot.otlp import exporting_aside
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.client import ServiceClient
from bot.spans import new_trace_id
from bot.voice_agent.turn_latency import TurnTrace
from bot.workers.server.lifecycle import embedded_server
from bot.workers.traced import TracedHandler
from tests.fakes.handlers import Scripted, partial
from tests.integration.bot.service_calls.conftest import asking, whole

KEY = SecretStr("a-key-of-thirty-two-characters-x")


async def answers(_request):
    await asyncio.sleep(0.02)
    yield partial("Paris")
    yield Response(
        status=Status.COMPLETED,
        output=Output(data="Paris."),
        usage=Usage(input_tokens=7, output_tokens=2),
        timings_ms={"asr": 5.0, "first_token": 12.0, "first_audio": 19.0},
    )


async def breaks(_request):
    yield partial("I begin")
    raise JobFailed("It broke.")


@contextlib.asynccontextmanager
async def observed(script, sink, metrics):
    clock = SystemClock()
    handler = TracedHandler(Scripted(script), sink, clock) if sink else Scripted(script)
    async with embedded_server({"penny": handler}, key=KEY, clock=clock, queue_limit=9) as url:
        endpoint = Endpoint(Service.PENNY, "penny", mode=Mode.STREAM, deadline_s=30)
        client = RunPodClient(url, KEY, {Service.PENNY: endpoint}, clock=clock)
        observers = (CallMetrics(metrics, clock), CallSpans(sink, clock))
        async with ServiceClient(client, clock=clock, observers=observers) as board:
            yield board


async def test_a_turn_is_one_trace_of_bot_and_worker(collector):
    clock, metrics, trace_id = SystemClock(), Metrics(), new_trace_id()
    async with (
        exporting_aside(collector.url, service="skydeck") as sink,
        observed(answers, sink, metrics) as board,
    ):
        begun = clock.now()
        turn = TurnTrace(1, 11, request_sent=begun, trace_id=trace_id)
        turn.ended(begun - 0.3, begun, 200)
        request = asking().model_copy(update={"trace_id": trace_id})
        for update in await whole(board, request):
            turn.take(update, clock.now())
        turn.first_packet_out = clock.now()
        TurnRecorder(metrics, sink, clock)(turn)
    spans = {span.name: span for span in collector.spans if span.kind != 3}
    [call] = [span for span in collector.spans if span.kind == 3]
    assert {span.trace_id.hex() for span in collector.spans} == {trace_id}
    root, worker = spans["turn"], spans["penny CONVERSE"]
    assert root.parent_span_id == b""
    assert call.parent_span_id == root.span_id
    assert worker.parent_span_id == call.span_id
    stages = [span for span in collector.spans if span.parent_span_id == worker.span_id]
    assert {"penny asr", "penny first_token", "penny first_audio"} <= {span.name for span in stages}
    assert {"turn listening", "turn thinking", "turn playing"} <= set(spans)
    assert root.start_time_unix_nano < call.start_time_unix_nano <= worker.start_time_unix_nano
    assert "completed" in {event.name for event in call.events}
    tokens = {a.key: a.value.int_value for a in worker.attributes}
    assert tokens["gen_ai.usage.input_tokens"] == 7


@pytest.mark.parametrize("traced", [True, False])
async def test_what_breaks_is_counted_under_its_code(traced):
    metrics, spans = Metrics(), []
    async with observed(breaks, spans.append if traced else None, metrics) as board:
        with pytest.raises(JobFailed):
            await whole(board, asking())
    text = metrics.text().decode()
    ended = f'ending="{JobFailed.code}",module="CONVERSE",service="PENNY"'
    assert f"skydeck_calls_total{{{ended}}} 1.0" in text
    assert 'skydeck_calls_under_way{service="PENNY",state="failed"} 0.0' in text
    assert {span.error for span in spans if "CONVERSE" in span.name} == (
        {JobFailed.code} if traced else set()
    )
    assert len({span.trace_id for span in spans}) == (1 if traced else 0)


async def test_a_call_carries_a_trace_even_where_none_is_recorded():
    stamped = CallSpans(None, SystemClock()).inject_traceparent(asking())
    assert len(stamped.trace_id or "") == 32
    assert "traceparent" not in stamped.to_wire()
