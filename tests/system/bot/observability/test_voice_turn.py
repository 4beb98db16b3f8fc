"""One spoken turn in a voice channel of the local Discord is one trace at the collector."""

import base64

import numpy as np
import pytest

from audio import codec, ogg
from bot.clock import SystemClock
from bot.contract import Response, Status
from bot.observability.calls import CallMetrics, CallSpans
from bot.observability.metrics import Metrics
from bot.observability.turns import TurnRecorder
from bot.otlp import exporting_aside
from bot.voice_agent.events import Stage
from bot.workers.traced import TracedHandler
from tests.fakes.handlers import Scripted
from tests.fakes.voice_call import voice_call
from tests.waiting import until

_SERVER = 2
"""OTLP's number for the span kind of a server."""


async def paris(_request):
    tone = np.sin(np.arange(19_200) / 20).astype(np.float32) / 3
    sound = base64.b64encode(ogg.mux(codec.encode(tone, 48_000))).decode()
    heard = {"transcript": "What is the capital of France?", "language": "en"}
    yield Response.model_validate({"status": Status.PARTIAL, "output": heard})
    said = {"text": "Paris.", "audio": {"data": sound, "format": "ogg", "text": "Paris."}}
    whole = {"status": Status.COMPLETED, "output": heard | said, "timings_ms": {"asr": 1.0}}
    yield Response.model_validate(whole)


async def trace_of_a_turn(collector, clips, handler):
    """The spans of one spoken question's trace, and its root span."""
    clock, metrics = SystemClock(), Metrics()
    async with exporting_aside(collector.url, service="skydeck") as sink:
        penny = TracedHandler(handler, sink, clock)
        observers = (CallMetrics(metrics, clock), CallSpans(sink, clock))
        turns = TurnRecorder(metrics, sink, clock)
        async with voice_call(penny, people=["Ana"], observers=observers, on_turn=turns) as (
            call,
            ana,
        ):
            [speaker] = await call.joins(ana)
            await speaker.plays(clips / "question.wav")
            done = await call.reader.sees(Stage.DONE)
            await until(lambda: metrics.registry.get_sample_value("skydeck_turn_seconds_count"))
    assert "Paris" in done.reply
    [turn] = [span for span in collector.spans if span.name == "turn"]
    return turn, [span for span in collector.spans if span.trace_id == turn.trace_id]


def below(span, trace):
    return {one.name: one for one in trace if one.parent_span_id == span.span_id}


async def test_a_spoken_turn_is_one_trace(collector, clips):
    turn, trace = await trace_of_a_turn(collector, clips, Scripted(paris))
    parts = below(turn, trace)
    assert set(parts) >= {"turn listening", "turn asking", "turn playing", "penny CONVERSE"}
    [worker] = below(parts["penny CONVERSE"], trace).values()
    assert set(below(worker, trace)) == {"penny asr"}
    assert turn.start_time_unix_nano < worker.start_time_unix_nano < turn.end_time_unix_nano


@pytest.mark.models
async def test_so_it_is_with_the_real_penny(penny, collector, clips):
    await penny.warm_up()
    turn, trace = await trace_of_a_turn(collector, clips, penny)
    parts = below(turn, trace)
    assert set(parts) >= {"turn listening", "turn asking", "turn thinking", "turn playing"}
    answers = [one for one in trace if one.name == "penny CONVERSE" and one.kind == _SERVER]
    assert answers
    stages = below(answers[-1], trace)  # an eager one may have been withdrawn
    assert set(stages) == {"penny asr", "penny first_token", "penny first_audio", "penny total"}
    first, last = stages["penny first_token"], stages["penny first_audio"]
    assert turn.start_time_unix_nano < first.start_time_unix_nano
    assert last.end_time_unix_nano < turn.end_time_unix_nano
