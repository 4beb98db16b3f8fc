"""Parsing: any answer becomes one clear line, or nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runpod.results.parsing import (
    Failure,
    body_words,
    clean,
    read_failure,
    read_health,
    read_report,
    reading_stream,
)
from bot.steps import at_once

SDK_ERROR = {
    "error_type": "<class 'ValueError'>",
    "error_message": "bad\nthing",
    "error_traceback": "Traceback SECRET",
    "hostname": "h",
    "worker_id": "w",
    "runpod_version": "1.12.0",
}
OURS = {"code": "bad_input", "message": "Too quiet.", "retryable": True}


def read_stream(body):
    return at_once(reading_stream(body))


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (None, Failure("")),
        ("plain words", Failure("plain words")),
        (json.dumps(SDK_ERROR), Failure("ValueError: bad thing")),
        (json.dumps(json.dumps(SDK_ERROR)), Failure("ValueError: bad thing")),
        (str(SDK_ERROR), Failure("ValueError: bad thing")),
        (SDK_ERROR, Failure("ValueError: bad thing")),
        (OURS, Failure("Too quiet.", "bad_input", retryable=True)),
        (json.dumps(OURS), Failure("Too quiet.", "bad_input", retryable=True)),
        (
            {**SDK_ERROR, "error_message": json.dumps(OURS)},
            Failure("ValueError: Too quiet.", "bad_input", retryable=True),
        ),
        ({"error": {"message": "inner"}}, Failure("inner")),
        (
            {"detail": [{"loc": ["body"], "msg": "missing"}]},
            Failure("[{'loc': ['body'], 'msg': 'missing'}]"),
        ),
        ("{not json", Failure("{not json")),
        (["a", "b"], Failure("['a', 'b']")),
        (
            "Traceback (most recent call last):\n  File x, line 1\nKeyError: 'SECRET is out'\n",
            Failure("KeyError: 'SECRET is out'"),
        ),
        ("It broke.\nTraceback (most recent call last):\n  File x", Failure("It broke.")),
        ("\x1b[31mred\x00 \u202eevil", Failure("red evil")),
    ],
)
def test_failures(error, failure):
    assert read_failure(error) == failure


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(json_values)
def test_a_failure_is_always_one_printable_line(value):
    for error in (value, json.dumps(value), str(value)):
        message = read_failure(error).message
        assert len(message) <= 500
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in message)


@given(st.one_of(st.binary(max_size=200), json_values.map(lambda v: json.dumps(v).encode())))
def test_reading_never_raises(body):
    for read in (read_report, read_stream, read_health, body_words):
        read(body)


def test_depth_and_length_are_bounded():
    assert read_report(b"[" * 200_000) is None
    deep = b'{"id":"1","status":"FAILED","error":' + b'{"error":' * 5000 + b"1" + b"}" * 5001
    read_report(deep)
    nested: object = "x"
    for _ in range(50):
        nested = {"error": nested}
    assert len(read_failure(nested).message) <= 500
    assert len(clean("x" * 10**6)) == 500


def test_reports():
    assert read_report(b'{"id":"1"}').id == "1"
    assert read_report(b'{"error":"x"}') is None
    assert read_report(b'"COMPLETED"') is None
    assert read_report(b'{"id":"1","output":9007199254740993}').output == 9007199254740993
    assert read_stream(b'[{"output":1}]').stream[0].output == 1
    assert read_stream(b'{"error":"x"}') is None
    assert read_health(b"{}") is None


def test_pages_of_an_edge_say_nothing():
    assert body_words(b"<!DOCTYPE html><title>524</title>") == ""
    assert body_words(b'{"error":"queue is full"}') == "queue is full"
    assert body_words(b"plain") == "plain"
