"""Parsing: any answer becomes a report, or nothing."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.runpod.results.parsing import read_health, read_report, reading_stream
from bot.steps import at_once


def read_stream(body):
    return at_once(reading_stream(body))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.one_of(st.binary(max_size=200), json_values.map(lambda v: json.dumps(v).encode())))
def test_reading_never_raises(body):
    for read in (read_report, read_stream, read_health):
        read(body)


def test_depth_is_bounded():
    assert read_report(b"[" * 200_000) is None
    deep = b'{"id":"1","status":"FAILED","error":' + b'{"error":' * 5000 + b"1" + b"}" * 5001
    read_report(deep)


def test_reports():
    assert read_report(b'{"id":"1"}').id == "1"
    assert read_report(b'{"error":"x"}') is None
    assert read_report(b'"COMPLETED"') is None
    assert read_report(b'{"id":"1","output":9007199254740993}').output == 9007199254740993
    assert read_stream(b'[{"output":1}]').stream[0].output == 1
    assert read_stream(b'{"error":"x"}') is None
    assert read_health(b"{}") is None
