"""What a program says of its own run, whatever it says."""

import io
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.build_notes import english, note
from bot.workers.factory import drafts, verdict
from bot.workers.factory.reports import ProcessEnd, find_report, read_run
from bot.workers.factory.sandbox_guest.examine import REPORT
from bot.workers.factory.verdict import ExampleRun

SOUND: dict[str, Any] = {
    "checks": 2, "held": 1, "ended": True, "failed": [3], "got": {"3": "1"},
    "problems": ["`assert add(1, 2) == 3` does not hold: add(1, 2) is 1."],
    "notes": [{"kind": "fails_with", "check": "assert add(1, 2) == 3", "got": "add(1, 2) → 1"}],
}  # fmt: skip


def written(report: object) -> bytes:
    return f"words\n{REPORT}{json.dumps(report)}\n".encode()


def judged(tail: bytes) -> ExampleRun | None:
    """All that is done with a report; none of it may raise, or make an example that is none."""
    run = find_report(tail)
    if run is None:
        return None
    found = verdict.from_run(run)
    assert 0 <= found.score <= 1
    assert run.held <= run.checks
    assert "\x1b" not in run.problem
    assert all(drafts.parse_literal(one) is not None for one in found.got.values())
    return run


def test_a_sound_one_is_taken() -> None:
    run = judged(written(SOUND))

    assert run == ExampleRun(
        ended=True, checks=2, held=1, failed=(3,), got={3: "1"}, problem=SOUND["problems"][0],
        notes=(note("fails_with", check="assert add(1, 2) == 3", got="add(1, 2) → 1"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        '{"checks": 1e400, "held": 0, "ended": true, "failed": [], "got": {}, "problems": []}',
        '{"checks": 1, "held": 0, "ended": true, "failed": [Infinity], "got": {}, "problems": []}',
        '{"checks": NaN, "held": 0, "ended": true, "failed": [], "got": {}, "problems": []}',
        '{"checks": true, "held": 0, "ended": true, "failed": [], "got": {}, "problems": []}',
        '{"checks": -1, "held": -9, "ended": true, "failed": [], "got": {}, "problems": []}',
        '{"checks": 1' + "0" * 5000 + "}",
        '{"checks": "many", "held": [], "failed": 3}',
        "[" * 7000,
        '{"a":' * 3000,
        "null", "[]", "{}", "", "\x00", "{" * 3, '"' * 3, "1e999", "\ud800",
    ],
)  # fmt: skip
def test_one_that_is_none_is_none(text: str) -> None:
    assert judged(REPORT.encode() + text.encode("utf-8", "surrogatepass")) is None


@pytest.mark.parametrize(
    "got",
    [
        "add(1, 2)", "1/0", "1 +", "\x00", "[" * 150, "{1: 2, []: 3}", "-" * 200 + "1", "{1e999}",
        "__import__('os')", "'\ud800'", "9" * 301, "f'{1}'", "(", "'" + "a" * 400 + "'", "",
    ],
)  # fmt: skip
def test_what_is_no_literal_is_not_what_came_out(got: str) -> None:
    run = judged(written(SOUND | {"got": {"3": got}}))

    assert run is not None
    assert run.got == {}


@pytest.mark.parametrize(
    "got", ["1", "'a'", "[1, 2]", "{'a': (1, None)}", "-3.5", "1e999", "b'x'", "set()", "'\\d'"]
)
def test_what_is_one_is_expected(got: str) -> None:
    run = judged(written(SOUND | {"got": {"3": got}}))

    assert run is not None
    assert run.got == {3: got}


@pytest.mark.parametrize("line", ["-1", "03x", "1e3", "٣", "9" * 5000, "", "100000"])
def test_what_is_no_line_is_left_out(line: str) -> None:
    run = judged(written(SOUND | {"got": {line: "1"}, "failed": [0, -4, 10**30, 3]}))

    assert run is not None
    assert not run.got or line == "100000"
    assert run.failed == (3,)


_words = st.text(max_size=40)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _words | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=4),
    max_leaves=12,
)
_reports = st.fixed_dictionaries(
    {
        "checks": st.integers(-2, 12) | _values,
        "held": st.integers(-2, 12) | _values,
        "ended": st.booleans() | _values,
        "failed": st.lists(st.integers(-1, 6) | _values, max_size=5) | _values,
        "got": st.dictionaries(st.sampled_from(["3", "4", "x"]) | _words, _words | _values)
        | _values,
        "problems": st.lists(_words | _values, max_size=3) | _values,
        "notes": st.lists(st.dictionaries(st.just("kind") | _words, _words) | _values, max_size=3)
        | _values,
    }
)


@given(st.binary(max_size=300))
@example(b"[" * 9000)
def test_any_bytes_give_a_verdict(tail: bytes) -> None:
    judged(tail)
    judged(REPORT.encode() + tail)
    run = read_run(io.BytesIO(tail), ProcessEnd(code=1), wall_s=1, cpu_s=1)
    assert run.problem or run.passed


@given(_reports)
def test_any_report_gives_a_verdict(report: object) -> None:
    judged(written(report))


@given(
    st.dictionaries(
        st.sampled_from(["3", "4"]),
        st.text(alphabet="[](){}'\"\\,:0123456789.+-je None\nTrue\x00", max_size=60),
    )
)
def test_any_value_gives_an_example(got: dict[str, str]) -> None:
    run = judged(written(SOUND | {"got": got}))
    assert run is not None


@pytest.mark.parametrize(
    ("ended", "printed", "words"),
    [
        (ProcessEnd(code=1), b"", "It broke off before the end of its example."),
        (ProcessEnd(code=-9), b"", "It takes more than 8 seconds of processor time."),
        (ProcessEnd(code=137), b"", "It takes more than 8 seconds of processor time."),
        (ProcessEnd(code=139), b"", "It crashed the interpreter."),
        (ProcessEnd(is_late=True), b"", "It did not end within 10 seconds."),
        (ProcessEnd(code=1), b"x" * 1024 * 1024, "It prints without end."),
        (ProcessEnd(code=-9, excess=note("memory")), b"", "It needs more memory than the limit."),
    ],
)
def test_without_one_the_end_itself_tells(ended: ProcessEnd, printed: bytes, words: str) -> None:
    run = read_run(io.BytesIO(printed), ended, wall_s=10, cpu_s=8)
    assert run == ExampleRun(problem=words, notes=run.notes)
    assert english(*run.notes) == words
