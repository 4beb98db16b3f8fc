"""Spoken turns in a voice channel of the local Discord, end-to-end encrypted, real ears.

Our own share of a turn, and how soon an interruption silences us, with a Penny that answers at
once; then whole turns with the local models. The peer of those is what Python bots for Discord do
today: 1.5 s of silence end a turn (Hermes' and ElizaOS' figure), then recognition, the whole answer
and its speech, one after another, on the same questions in the same run.

    make bench
"""

import asyncio
import base64
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from audio import codec, ogg
from bot.contract import Response, Service, Status
from bot.voice_agent.events import Stage
from bot.voice_agent.turn_latency import summary
from tests.bench.quality.first_sound import (
    PEER,
    local_turns,
    percentile,
    question_clips,
    ratio,
    totals_ms,
)
from tests.fakes.handlers import Scripted
from tests.fakes.voice_call import voice_call

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

TURNS = 24
QUIET_S = 0.1
EVERY_MS = 1_200
WAYS: dict[str, dict[str, Any]] = {
    "recognition begins at the pause": {"early": False, "every_ms": 0},
    "... in short silences": {"early": True, "every_ms": 0},
    "... and while they speak": {"early": True, "every_ms": EVERY_MS},
}


def line(name: str, values: Sequence[float], target: str) -> str:
    median, p95 = statistics.median(values), percentile(values, 0.95)
    return f"{name:<46} median {median:6.0f} ms  p95 {p95:6.0f} ms  ({len(values)})  {target}"


class Prompt(Scripted):
    """A Penny who answers at once, with as much sound as is wanted."""

    def __init__(self, seconds: float) -> None:
        super().__init__(self._answer, service=Service.PENNY)
        sound = np.sin(np.arange(int(seconds * 48_000)) / 20).astype(np.float32) / 3
        self._sound = base64.b64encode(ogg.mux(codec.encode(sound, 48_000))).decode()

    async def _answer(self, request):
        heard = {"transcript": "What is the capital of France?", "language": "en"}
        yield Response.model_validate({"status": Status.PARTIAL, "output": heard})
        said = {"audio": {"data": self._sound, "format": "ogg", "text": "Paris it is."}}
        yield Response.model_validate({"status": Status.PARTIAL, "output": said})
        whole = heard | {"text": "Paris it is."} | said
        yield Response.model_validate({"status": Status.COMPLETED, "output": whole})


@pytest.fixture
async def clips(weights):
    return await question_clips(weights)


async def test_our_own_share_of_a_turn(clips):
    async with voice_call(Prompt(0.4), people=["Ana"]) as (call, ana):
        [speaker] = await call.joins(ana)
        for _ in range(TURNS):
            await speaker.plays(clips[0])
            await call.reader.sees(Stage.DONE)
            await asyncio.sleep(0.3)
        traces = [t for t in call.session.latency.turns if t.split()]
        own = [t.own_ms for t in traces]
        waits = [t.waited_ms for t in traces]
        total = [t.total_ms for t in traces]
    print("\n" + line("our own share, without the deliberate wait", own, "target: p95 60 ms"))
    print(line("the deliberate wait", waits, ""))
    print(line("last packet to first packet, Penny at once", total, ""))
    assert len(own) == TURNS


async def test_how_soon_an_interruption_silences_us(clips):
    stops = []
    async with voice_call(Prompt(20), people=["Ana"]) as (call, ana):
        [speaker] = await call.joins(ana)
        await speaker.plays(clips[0])
        for number in range(TURNS):  # each interruption is the next question
            await call.reader.sees(Stage.ANSWERING)
            await call.line.until_speaking()
            await asyncio.sleep(0.6 + number % 5 / 20)
            said = await speaker.plays(clips[0])
            await call.reader.sees(Stage.INTERRUPTED)
            sent = np.array(
                [p.at for p in call.line.recording.voice if p.at > said.first_packet_at]
            )
            pause = np.flatnonzero(np.diff(sent) > QUIET_S)
            last = sent[pause[0]] if len(pause) else sent[-1]
            stops.append((last - said.first_packet_at) * 1000)
    print("\n" + line("first packet of speech to our last packet", stops, "target: p95 400 ms"))


@pytest.mark.parametrize("llm", ["tiny", "small"])
async def test_whole_local_turns(clips, weights, llm):
    """With what begins before the turn is over, without, and the peer: one after another."""
    ours, theirs = await local_turns(weights, clips, llm, ways=WAYS)
    print(f"\n{llm}, last packet to first packet of the answer")
    print(line(PEER, totals_ms(theirs), ""))
    for name, traces in ours.items():
        totals = [t.total_ms for t in traces]
        print(line(name, totals, f"{ratio(theirs, traces):.2f} times as soon"))
        print("   ", {phase: round(s.median_ms) for phase, s in summary(traces).items()})
