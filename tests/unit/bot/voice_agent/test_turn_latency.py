"""The phases of a turn's latency add up without gaps."""

import json

from audio.speech_events import Clip, TurnEnded
from bot.contract import Output, Response, Status
from bot.runpod.models import JobState, Update
from bot.voice_agent.events import SendRequest
from bot.voice_agent.latency_phase import Owner
from bot.voice_agent.turn_latency import LatencyStopwatch, TurnTrace, summary


def turn(**marks) -> TurnTrace:
    usual = {
        "last_packet": 10.0,
        "end_of_turn": 10.3,
        "waited_ms": 280,
        "request_sent": 10.31,
        "transcript": 10.5,
        "first_text": 10.6,
        "first_audio": 10.8,
        "first_packet_out": 10.82,
    }
    return TurnTrace(1, 7, **(usual | marks))


def phases(trace: TurnTrace) -> dict[str, int]:
    return {phase.name: round(phase.lasts_ms) for phase in trace.split()}


def test_the_phases_add_up():
    trace = turn()
    assert phases(trace) == {
        "listening": 280,
        "deciding": 20,
        "asking": 10,
        "recognizing": 190,
        "thinking": 100,
        "speaking": 200,
        "playing": 20,
    }
    assert sum(p.lasts_ms for p in trace.split()) == trace.total_ms
    assert round(trace.own_ms) == 50
    begins = [round(p.begins_ms) for p in trace.split()]
    assert begins == [0, 280, 300, 310, 500, 600, 800]


def test_a_preemptive_request_costs_nothing_while_the_turn_may_go_on():
    trace = turn(request_sent=10.1, transcript=10.2)
    assert phases(trace)["asking"] == 0
    assert phases(trace)["recognizing"] == 0
    assert phases(trace)["thinking"] == 300


def test_a_preemptive_answer_that_is_there_already():
    trace = turn(
        request_sent=10.1, transcript=10.15, first_text=10.2, first_audio=10.25,
        first_packet_out=10.32,
    )  # fmt: skip
    assert phases(trace)["speaking"] == 0
    assert phases(trace)["playing"] == 20
    assert sum(phases(trace).values()) == 320


def test_a_service_that_says_nothing_on_the_way():
    trace = turn(transcript=None, first_text=None, first_partial=10.8)
    assert phases(trace)["recognizing"] == 0
    assert phases(trace)["thinking"] == 490
    assert sum(p.lasts_ms for p in trace.split() if p.owner is Owner.SERVICE) > 489


def test_a_turn_without_sound_has_no_split():
    assert turn(first_packet_out=None).split() == ()
    assert turn(first_packet_out=None).own_ms is None
    assert json.loads(turn(first_packet_out=None).to_json())["phases"] == {}


def test_the_summary_is_by_nearest_rank():
    spread = summary(turn(first_packet_out=10.82 + n / 100) for n in range(20))
    assert spread["total"].turns == 20
    assert round(spread["total"].median_ms) == 910
    assert round(spread["total"].p95_ms) == 1000
    assert summary([]) == {}


def test_a_stopwatch_follows_a_request():
    watch = LatencyStopwatch()
    clip = Clip(7, (), 900, 9.0, 10.0)
    watch.requested(SendRequest(3, 7, clip, None, wants_answer=True, preemptive=True), 10.1)
    watch.heard(TurnEnded(clip, 10.3, 0.9, 290))
    output = Output(transcript="Hi", language="en")
    partial = Response(status=Status.PARTIAL, output=output)
    watch.received(3, Update(state=JobState.RUNNING, response=partial, job_id="j"), 10.2)
    watch.received(9, Update(state=JobState.RUNNING), 10.2)
    watch.played(3, 10.6)
    watch.played(3, 10.7)
    final = Response(timings_ms={"asr": 70.0})
    watch.received(3, Update(state=JobState.COMPLETED, response=final), 10.9)
    [trace] = watch.turns
    assert (trace.last_packet, trace.end_of_turn, trace.transcript) == (10.0, 10.3, 10.2)
    assert (trace.first_packet_out, trace.done, trace.service_ms) == (10.6, 10.9, {"asr": 70.0})
    assert round(trace.total_ms) == 600


def test_words_asked_again_belong_to_the_turn_that_was_transcribed():
    watch = LatencyStopwatch()
    watch.heard(TurnEnded(Clip(7, (), 900, 9.0, 10.0), 10.3, None, 300))
    watch.requested(
        SendRequest(4, 7, None, "what time is it", wants_answer=True, preemptive=False), 10.6
    )
    watch.played(4, 10.9)
    assert round(watch.turns[0].total_ms) == 900


def test_who_withdraws_or_is_forgotten_leaves_nothing():
    watch = LatencyStopwatch()
    clip = Clip(7, (), 900, 9.0, 10.0)
    for number in range(200):
        watch.requested(
            SendRequest(number, 7, clip, None, wants_answer=True, preemptive=True), 10.1
        )
    assert len(watch._open) <= 64
    watch.played(199, 11.0)
    watch.forget(7)
    assert not watch._open
    assert not watch.turns
