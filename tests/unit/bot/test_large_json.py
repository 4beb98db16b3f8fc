"""JSON in steps: the same result as a parser's, and bounded before anything is built."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import large_json
from bot.large_json import MAX_VALUES, TooManyValues, read_json
from bot.runpod.results.assembly import Joiner, OutputAssembly
from bot.runpod.results.parsing import read_report, reading_stream
from bot.steps import at_once

texts = st.text(max_size=300) | st.sampled_from(
    ["\\" * 99, '\\"' * 50, "\u0000" * 70, "\U0001f600" * 40, "é" * 130, "\ud83d" * 30, "\\u0041"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


def legible(value):
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [legible(one) for one in value]
    if isinstance(value, dict):
        return {legible(name): legible(one) for name, one in value.items()}
    return value


@settings(max_examples=300, deadline=None)
@given(values, st.booleans(), st.integers(3, 200))
def test_it_is_what_a_parser_reads(value, is_ascii, slice_bytes):
    body = json.dumps(value, ensure_ascii=is_ascii).encode("utf-8", "replace")
    wanted = legible(json.loads(body))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_json, "SMALL_BYTES", 0)
        patch.setattr(large_json, "_SLICE_BYTES", slice_bytes)
        assert at_once(read_json(body)) == wanted


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join([b"[]"] * MAX_VALUES) + b"]",
        b"[" + b",".join([b"1"] * (MAX_VALUES + 2)) + b"]",
        b"{" + b",".join([b'"a":1'] * MAX_VALUES) + b"}",
        b"[" + b"9" * 70_000 + b"]",
        b"[" + b",".join([b"9" * 4000] * 100) + b"]",
        b'["' + "\U0001f600".encode() * (large_json.MAX_WIDE_CHARS + 1) + b'"]',
    ],
)
def test_too_much_is_refused(body):
    with pytest.raises(TooManyValues):
        at_once(read_json(body))
    assert read_report(b'{"id":"1","status":"COMPLETED","output":' + body + b"}") is None


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b"[" * 500 + b"]" * 500,
        b'"' + b"x" * 70_000,
        b'"' + b"\\" * 70_001,
        b'""' * 300_000,
        b'["\\x' + b"a" * 70_000 + b'"]',
        b'["\xff' + b"a" * 70_000 + b'"]',
        b'{"a":1' + b" " * 70_000,
    ],
)
def test_invalid_json_is_refused(body):
    with pytest.raises(ValueError, match=r".") as told:
        at_once(read_json(body))
    assert not isinstance(told.value, RecursionError)


def test_a_service_cannot_forge_placeholders():
    forged = json.dumps(["\x00" + "0" * 16 + ":0", "x" * 70_000])
    assert at_once(read_json(forged.encode())) == json.loads(forged)


@pytest.mark.parametrize("unit", [b"a", b"\\n", b"\\u0041", b"\\\\"])
def test_a_large_string_takes_many_steps(unit):
    body = b'["' + unit * (8_000_000 // len(unit)) + b'"]'
    assert sum(1 for _ in read_json(body)) >= 100


def test_partials_are_made_as_they_are_taken():
    chunk = {"status": "partial", "output": {"text": "a"}}
    report = at_once(
        reading_stream(json.dumps({"stream": [{"output": chunk}] * 1_000 + [7]}).encode())
    )
    outputs = OutputAssembly()
    taken = outputs.take(report.stream)
    assert next(taken).text == "a"
    assert outputs._unnumbered == 1, "the others are not made yet"
    rest = list(taken)
    assert rest.count(None) >= 10
    assert rest[-1].output.data == 7


def test_pieces_are_parsed_once_and_not_at_each_bracket(monkeypatch):
    parsed = []
    joiner = Joiner()
    assert at_once(joiner.steps('{"a":[')) == []
    monkeypatch.setattr("bot.runpod.results.assembly.read_json", parsed.append)
    assert all(at_once(joiner.steps('{"b":"}"},')) == [] for _ in range(3_000))
    assert not parsed


def test_a_contract_in_a_string_is_bounded_as_well():
    inner = '{"status":"completed","output":[' + "[]," * MAX_VALUES + "1]}"
    outputs = OutputAssembly()
    assert not any(outputs.finish(inner))
    assert outputs.result.text == inner, "it is passed on as the words that it is"
