"""How a job ended, kept and read again."""

import base64
import os

import pytest

from bot.contract import Audio, Output, Response, Status
from bot.errors import DeadlineExceeded, JobFailed, OverBudget, SkydeckError, StoreFailed
from bot.jobs.outcomes import Outcome
from bot.store.repositories import results


def response(**more):
    return Response(status=Status.COMPLETED, output=Output(type="text", text="Hello.", **more))


def test_a_response_comes_back_whole():
    audio = Audio(data=base64.b64encode(b"OggS").decode(), format="ogg", text="Hello.")
    kept = Outcome.unpack(Outcome(response=response(audio=audio, data={"files": ["a"]})).pack())
    assert kept.response == response(audio=audio, data={"files": ["a"]})
    assert kept.error is None


@pytest.mark.parametrize("error", [JobFailed("x", service_code="too_large"), DeadlineExceeded("y")])
def test_an_error_comes_back_with_what_had_been_written(error):
    kept = Outcome.unpack(Outcome(error=error, so_far="Once upon").pack())
    assert type(kept.error) is type(error)
    assert kept.error.message == error.message
    assert getattr(kept.error, "service_code", "") == getattr(error, "service_code", "")
    assert kept.draft.text == "Once upon"


def test_an_error_that_needs_more_than_words_comes_back_as_the_nearest():
    kept = Outcome.unpack(Outcome(error=StoreFailed("no room")).pack())
    assert type(kept.error) is SkydeckError
    assert kept.error.message == "no room"
    assert issubclass(OverBudget, SkydeckError)


def test_of_what_is_too_large_the_words_are_kept(monkeypatch):
    monkeypatch.setattr(results, "MAX_RESULT_BYTES", 10_000)
    noise = base64.b64encode(os.urandom(50_000)).decode()
    audio = Audio(data=noise, format="ogg", text="Hello.")
    kept = Outcome.unpack(Outcome(response=response(audio=audio)).pack())
    assert kept.response.audio is None
    assert kept.response.text == "Hello."
    kept = Outcome.unpack(Outcome(response=response(data=noise)).pack())
    assert kept.response.text == "Hello."


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"no zlib",
        results.pack([1]),
        results.pack({"response": "x"}),
        results.pack({"response": {}})[:-3],
    ],
)
def test_what_was_tampered_with_is_a_value_error(kept):
    with pytest.raises(ValueError, match=r"."):
        Outcome.unpack(kept)


def test_one_odd_field_is_left_out_alone():
    kept = results.pack({"response": {"status": "completed", "output": {"text": "Hi", "audio": 5}}})
    read = Outcome.unpack(kept)
    assert read.response.text == "Hi"
    assert read.response.audio is None


def test_what_unpacks_to_more_than_anything_does_is_refused(monkeypatch):
    kept = results.pack({"response": {"output": {"text": "x" * 100_000}}})
    monkeypatch.setattr(results, "MAX_UNPACKED_BYTES", 50_000)
    with pytest.raises(ValueError, match="too large"):
        Outcome.unpack(kept)
