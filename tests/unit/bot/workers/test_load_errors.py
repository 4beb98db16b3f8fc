"""What people are told when a model cannot be loaded."""

import pytest

from bot.workers import load_errors
from bot.workers.load_errors import load_error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("std::bad_alloc"),
        RuntimeError("Failed to allocate memory for requested buffer of size 1"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_too_little_memory_is_told_with_what_to_do(monkeypatch, error):
    monkeypatch.setattr(load_errors, "usable_memory_bytes", lambda: 2**30)
    told = load_error("The language model", error, hint="Verify it.")
    assert told.message == (
        "The language model could not be loaded: memory is short (1.0 GiB for this process)."
    )
    assert "SKYDECK_LLM_URL" in told.hint


def test_a_runtime_that_does_not_say_why_is_judged_by_what_there_is(monkeypatch):
    monkeypatch.setattr(load_errors, "usable_memory_bytes", lambda: 2**30)
    error = RuntimeError("Failed to init server, please check the input params.")
    assert "memory is short" in load_error("It", error, hint="", needed_bytes=2**31).message
    assert "Failed to init" in load_error("It", error, hint="", needed_bytes=2**29).message
    monkeypatch.setattr(load_errors, "usable_memory_bytes", lambda: 0)  # nobody can tell
    assert "Failed to init" in load_error("It", error, hint="", needed_bytes=2**31).message


def test_anything_else_is_one_line_with_its_hint():
    told = load_error("It", ValueError("bad\nheader " + "x" * 999), hint="Verify it.")
    assert told.message.startswith("It could not be loaded (ValueError: bad header x")
    assert len(told.message) < 400
    assert told.hint == "Verify it."
    assert load_error("It", KeyError(), hint="").message == "It could not be loaded (KeyError)."
