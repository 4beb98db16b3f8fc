"""Failures: any error becomes one clear line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contract.failure import Failure, read_failure
from bot.contract.job import JobReport
from bot.errors import UNEXPLAINED, DeadlineExceeded, JobFailed
from bot.runpod.failed_job import failed_output, job_error, output_error
from bot.sanitize import clean_excerpt

SDK_ERROR = {
    "error_type": "<class 'ValueError'>",
    "error_message": "bad\nthing",
    "error_traceback": "Traceback SECRET",
    "hostname": "h",
    "worker_id": "w",
    "runpod_version": "1.12.0",
}
OURS = {"code": "bad_input", "message": "Too quiet.", "retryable": True}


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
            Failure("body: missing"),
        ),
        ("{not json", Failure("{not json")),
        (["a", "b"], Failure("a; b")),
        ([OURS, OURS, "also this"], Failure("Too quiet.; also this", "bad_input", retryable=True)),
        ([[["deep"]], None, 5], Failure("deep; 5")),
        ({"errors": ["a", "b"]}, Failure("a; b")),
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


def test_depth_and_length_are_bounded():
    nested: object = "x"
    for _ in range(50):
        nested = {"error": nested}
    assert len(read_failure(nested).message) <= 500
    assert len(clean_excerpt("x" * 10**6)) == 500


def test_a_job_that_runpod_stopped_is_late_and_not_broken():
    assert isinstance(job_error("executionTimeout exceeded"), DeadlineExceeded)
    broken = job_error(OURS)
    assert isinstance(broken, JobFailed)
    assert (broken.message, broken.service_code, broken.service_retryable) == (
        "Too quiet.",
        "bad_input",
        True,
    )
    assert job_error(None).message == UNEXPLAINED


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ({"output": {"status": "FAILED", "error": OURS}}, "Too quiet."),
        ({"output": {"error": "CUDA out of memory"}, "error": ""}, "CUDA out of memory"),
        ({"output": {"success": False, "message": "No speech."}, "error": None}, "No speech."),
        ({"output": {"error": "in the output"}, "error": "RunPod's"}, None),
        ({"output": {"text": "The first half of an answer"}}, None),
        ({}, None),
    ],
)
def test_a_failed_job_tells_why_in_its_output_or_in_its_error(report, message):
    output = failed_output(JobReport.model_validate({"status": "FAILED", **report}))
    assert (output and output_error(output).message) == message
