"""The bot's log as the panel reads it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voice_agent.turn_latency import TurnTrace
from local_discord.page.bot_log import LINE_MAX_CHARS, LINES_MAX, TURNS_MAX, BotLog, LogLine


def line(message, **fields):
    told = {"time": "2026-11-30T12:00:00.000Z", "level": "INFO", "logger": "bot.x"}
    return LogLine.read(json.dumps(told | {"message": message} | fields))


def spoken(request_id=1):
    """A turn of the bot's own making: what it logs must be what is read here."""
    trace = TurnTrace(request_id, user_id=7, request_sent=10.45)
    trace.ended(10.0, 10.4, 300.0)
    trace.transcript, trace.first_text, trace.first_audio = 10.6, 10.9, 11.0
    trace.first_packet_out = 11.05
    trace.service_ms = {"asr": 120.5}
    return trace


def test_a_spoken_turn_is_read_as_the_bot_logs_it():
    trace, log = spoken(), BotLog()
    log.take(line(f"turn {trace.to_json()}", trace_id="a" * 32))
    (turn,) = log.turns
    assert turn["kind"] == "spoken"
    assert turn["total_ms"] == pytest.approx(trace.total_ms, abs=0.1)
    assert turn["own_ms"] == pytest.approx(trace.own_ms, abs=0.1)
    assert turn["service_ms"] == {"asr": 120.5}
    for step, phase in zip(turn["steps"], trace.split(), strict=True):
        assert (step["name"], step["owner"]) == (phase.name, phase.owner.value)
        assert step["begins_ms"] == pytest.approx(phase.begins_ms, abs=0.5)
        assert step["lasts_ms"] == pytest.approx(phase.lasts_ms, abs=0.1)


def test_lines_and_turns_are_bounded():
    log = BotLog()
    for number in range(500):
        log.take(line(f"turn {spoken(number).to_json()}"))
        log.take(line("x" * 10_000))
    assert len(log.lines) == LINES_MAX
    assert len(log.turns) == TURNS_MAX
    assert max(len(one["message"]) for one in log.lines) == LINE_MAX_CHARS


@pytest.mark.parametrize(
    "message",
    [
        "turn left",
        "turn {}",
        'turn {"phases": []}',
        'turn {"phases": {"a": "b"}, "owners": 3}',
        'turn {"phases": {"a": 1e999}}',
        'turn {"phases": {"a": true}}',
        "turn [[",
        "turn " + "[" * 100_000,
    ],
)
def test_what_only_looks_like_a_turn_is_a_line_and_nothing_more(message):
    log = BotLog()
    log.take(line(message))
    assert len(log.lines) == 1
    assert not log.turns


def test_a_line_that_is_no_json_is_shown_as_it_is():
    read = LogLine.read("Fetching penny-llm: 30 %")
    assert str(read) == "Fetching penny-llm: 30 %"
    assert read.is_for("ERROR")


def test_an_operator_reads_the_levels_that_they_want_and_the_traceback():
    warning = line("it failed", level="WARNING", error="Traceback\nValueError")
    assert str(warning) == "WARNING bot.x: it failed\nTraceback\nValueError"
    assert warning.is_for("warning")
    assert not line("all is well").is_for("WARNING")
    assert line("odd", level="SHOUT").is_for("WARNING")


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_line_is_too_odd(text):
    log = BotLog()
    log.take(LogLine.read(text))
    json.dumps([*log.lines, *log.turns])
