"""One spoken turn in a voice channel of the local Discord, as a collector gets it: one trace."""

import asyncio
import base64

import numpy as np

from audio import codec, ogg
from bot.clock import SystemClock
from bot.contract import Response, Status
from bot.conversation.events import Stage
from bot.observability.calls import CallFigures, CallSpans
from bot.observability.metrics import Metrics
from bot.observability.turns import TurnRecorder
from bot.otlp import exporting
from bot.workers.traced import TracedHandler
from tests.bot.observability.test_traces import elsewhere
from tests.fakes.handlers import Scripted
from tests.fakes.voice_call import voice_call


async def paris(_request):
    tone = np.sin(np.arange(19_200) / 20).astype(np.float32) / 3
    sound = base64.b64encode(ogg.mux(codec.encode(tone, 48_000))).decode()
    heard = {"transcript": "What is the capital of France?", "language": "en"}
    yield Response.model_validate({"status": Status.PARTIAL, "output": heard})
    said = {"text": "Paris.", "audio": {"data": sound, "format": "ogg", "text": "Paris."}}
    whole = {"status": Status.COMPLETED, "output": heard | said, "timings_ms": {"transcript": 1.0}}
    yield Response.model_validate(whole)


async def test_a_spoken_turn_is_one_trace(collector, clips):
    clock, metrics = SystemClock(), Metrics()
    async with elsewhere(exporting(collector.url, service="skydeck")) as sink:
        penny = TracedHandler(Scripted(paris), sink, clock)
        watchers = (CallFigures(metrics, clock), CallSpans(sink, clock))
        turns = TurnRecorder(metrics, sink, clock)
        async with voice_call(penny, people=["Ana"], watchers=watchers, on_turn=turns) as (
            call,
            ana,
        ):
            [speaker] = await call.joins(ana)
            await speaker.plays(clips / "question.wav")
            await call.reader.sees(Stage.DONE)
            async with asyncio.timeout(10):
                while not metrics.registry.get_sample_value("skydeck_turn_seconds_count"):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
    [turn] = [span for span in collector.spans if span.name == "turn"]
    trace = [span for span in collector.spans if span.trace_id == turn.trace_id]
    [ours] = [span for span in trace if span.parent_span_id == turn.span_id and span.kind == 3]
    [worker] = [span for span in trace if span.parent_span_id == ours.span_id]
    assert {span.name for span in trace if span.parent_span_id == turn.span_id} >= {
        "turn listening",
        "turn asking",
        "turn playing",
    }
    assert [s.name for s in trace if s.parent_span_id == worker.span_id] == ["penny transcript"]
    assert turn.start_time_unix_nano < worker.start_time_unix_nano < turn.end_time_unix_nano
