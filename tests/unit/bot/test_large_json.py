"""JSON in steps: the same result as a parser's, and bounded before anything is built."""

import json
import re

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


# Around the sizes at which a string leaves its run, and a gap counts as a value.
_lengths = st.sampled_from([0, 1, 62, 63, 64, 65, 66, 130])
_inner = st.builds(
    lambda length, odd, at: b"x" * min(at, length) + odd + b"x" * max(length - at - len(odd), 0),
    _lengths,
    st.sampled_from(
        [
            *(b"", b"\\n", b"\\\\", b'\\"', b"\\u00e9", b"\\x", b"\\u12", b"[,:]{}"),
            *(b"\\ud83d", b"\\ud83d\\ude00", b"\\ude00\\ud83d", b"\x00", b"\n", b"\x7f", b"\xff"),
            *("é".encode(), "\U0001f600".encode()),
        ]
    ),
    _lengths,
)
_gaps = st.builds(lambda length, char: char * length, _lengths, st.sampled_from([b" ", b"\n"]))
_items = st.builds(
    lambda before, inner, after, name: (
        before + (b'{"%s":"%s"}' % (inner, inner) if name else b'"%s"' % inner) + after
    ),
    _gaps,
    _inner,
    _gaps,
    st.booleans(),
) | st.sampled_from([b"1", b"-1.5e3", b"true", b"[]", b"{}", b"null", b"9" * 64, b"9" * 330])
_bodies = st.lists(_items, max_size=12).map(lambda items: b"[" + b",".join(items) + b"]")


def read_in_one_go(body):
    """What a parser makes of it; None: it is not JSON."""
    try:
        return large_json._parsed(body)
    except ValueError:
        return None


def read_in_runs(body):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_json, "SMALL_BYTES", 0)
        try:
            return at_once(read_json(body))
        except ValueError:
            return None


@settings(max_examples=200)
@given(_bodies, st.sampled_from([1, 1, 1, 90]))
def test_a_run_of_strings_is_what_a_parser_reads(body, times):
    whole = b"[" + b",".join([body] * times) + b"]"
    assert read_in_runs(whole) == read_in_one_go(whole)


@settings(max_examples=200)
@given(
    _bodies.filter(lambda body: len(body) > 2),
    st.floats(0, 1),
    st.integers(0, 2),
    st.sampled_from([b"", b'"', b"\\", b"\x00", b",", b"]", b"{", b" " * 64, b'""']),
)
def test_damage_is_what_a_parser_sees(body, where, lost, put):
    at = int(where * len(body))
    damaged = body[:at] + put + body[at + lost :]
    assert read_in_runs(damaged) == read_in_one_go(damaged)


@pytest.mark.parametrize("count", [999, 1_000, 1_001, 2_001])
@pytest.mark.parametrize("last", [b'"a"', b'"\\n"', b"1"])
def test_a_run_ends_where_a_step_does(count, last):
    body = b"[" + b'"%s",' % (b"x" * 64) * count + last + b"]"
    assert read_in_runs(body) == json.loads(body)


@settings(max_examples=100)
@given(_bodies.filter(lambda body: read_in_one_go(body) is not None))
def test_a_run_counts_the_values_that_it_has(body):
    gaps = re.split(rb'"(?:[^"\\]|\\.)*"', body)
    count = sum(len(re.findall(rb"[,:\[{]", gap)) + len(gap) // 64 for gap in gaps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_json, "MAX_VALUES", count)
        assert read_in_runs(body) == read_in_one_go(body)
        patch.setattr(large_json, "MAX_VALUES", count - 1)
        patch.setattr(large_json, "SMALL_BYTES", 0)
        with pytest.raises(TooManyValues):
            at_once(read_json(body))


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
