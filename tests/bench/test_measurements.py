"""What measuring costs: processor time per call, beside the same call without."""

import statistics
import time

import pytest

from bot.clock import SystemClock
from bot.observability.metrics import Metrics
from bot.observability.turns import TurnRecorder
from bot.voice_agent.turn_latency import TurnTrace
from tests.integration.bot.observability.test_traces import answers, observed
from tests.integration.bot.service_calls.conftest import asking, whole

pytestmark = pytest.mark.bench

TURNS = 60


async def seconds_per_turn(sink):
    spent = []
    clock, metrics = SystemClock(), Metrics()
    record = TurnRecorder(metrics, sink, clock)
    async with observed(answers, sink, metrics) as board:
        if sink is None:
            board._observers[:] = [board._services]
        for number in range(TURNS):
            begun, at = time.process_time(), clock.now()
            turn = TurnTrace(number, 1, request_sent=at, trace_id=f"{number + 1:032x}")
            turn.ended(at - 0.3, at, 200)
            for update in await whole(board, asking()):
                turn.take(update, clock.now())
            turn.first_packet_out = clock.now()
            if sink is not None:
                record(turn)
            spent.append(time.process_time() - begun)
    return statistics.median(spent)


async def test_measuring_is_lost_in_the_noise():
    await seconds_per_turn(None)
    without, spans = await seconds_per_turn(None), []
    with_ = await seconds_per_turn(spans.append)
    again = await seconds_per_turn(None)
    print(f"\n  processor time per turn: {without * 1e3:.2f} ms without, {again * 1e3:.2f} again,")
    print(f"  {with_ * 1e3:.2f} ms with figures and {len(spans) / TURNS:.0f} spans")
    least = min(without, again)
    print(f"  ratio {with_ / least:.2f}; noise {max(without, again) / least:.2f}")
    assert with_ - least < 0.005  # of a turn of 500 ms and more
