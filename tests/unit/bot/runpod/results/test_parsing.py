"""Parsing: any answer becomes a report, or nothing."""

import codecs
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.large_json import SMALL_BYTES
from bot.runpod.results.assembly import OutputAssembly
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


@pytest.mark.parametrize("size", [1, SMALL_BYTES])
def test_a_byte_order_mark_is_passed_over(size):
    text = "x" * size
    body = codecs.BOM_UTF8 + json.dumps({"id": "1", "output": text}).encode()
    assert read_report(body).output == text
    stream = codecs.BOM_UTF8 + json.dumps([{"output": text}]).encode()
    assert read_stream(stream).stream[0].output == text
    health = codecs.BOM_UTF8 + b'{"workers":{"idle":1}}'
    assert read_health(health) is not None


def test_a_byte_order_mark_within_an_answer_is_passed_over():
    outputs = OutputAssembly()
    list(outputs.finish('\ufeff{"status":"completed","output":"Paris."}'))
    assert outputs.result.text == "Paris."
