"""The contract: golden messages, minimal replies, foreign shapes, strict output."""

import json

import pytest
from pydantic import ValidationError

from bot.contract import Context, Message, Output, Request, Response, Service, Source, Status
from bot.contract.job import JobReport, Submission
from bot.contract.penny import audio_input, converse
from bot.errors import BadInput
from tests.paths import GOLDEN


def golden(name: str) -> dict:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["seed_request.json", "full_request.json"])
def test_requests_survive_a_round_trip(name: str) -> None:
    wire = golden(name)
    assert Submission.model_validate(wire).to_wire() == wire


@pytest.mark.parametrize("name", ["seed_response.json", "full_response.json"])
def test_responses_survive_a_round_trip(name: str) -> None:
    wire = golden(name)
    report = JobReport.model_validate(wire)
    assert report.to_wire() == wire
    outputs = wire["output"] if isinstance(wire["output"], list) else [wire["output"]]
    for output in outputs:
        assert Response.parse(output).to_wire() == output


def test_the_seeds_messages_mean_what_they_say() -> None:
    request = Submission.model_validate(golden("seed_request.json")).input.contract
    assert (request.source.system, request.target.service) == ("DECK", Service.GRACE)
    assert request.source.system.assistant == "Alfred"
    response = Response.parse(golden("seed_response.json")["output"])
    assert (response.status, response.text) == (Status.COMPLETED, "...")
    assert response.usage is not None
    assert response.usage.cost_usd == 0.002


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("just words", "just words"),
        ({"output": "words"}, "words"),
        ({"output": {"data": "words"}}, "words"),
        ({"status": "completed", "output": {"text": "words", "data": {"a": 1}}}, "words"),
        ({"status": "completed", "output": {"data": {"reply": "words"}}}, "words"),
        ({"status": "ok", "output": {"data": "words"}}, "words"),
        ({"answer": 42}, ""),
        (None, ""),
        (7, ""),
    ],
)
def test_minimal_and_foreign_replies_are_accepted(output: object, text: str) -> None:
    assert Response.parse(output).text == text


@pytest.mark.parametrize(
    "output",
    [
        {"output": {"audio": {"data": "QUJD", "format": "wav"}}},
        {"output": {"audio": "QUJD"}},
        {"output": {"type": "audio", "data": "QUJD", "format": "wav"}},
        {"output": {"data": {"audio": "QUJD", "format": "wav"}}},
        {"output": {"data": {"audio": {"data": "QUJD"}}}},
        {"output": {"data": "hi", "audio_base64": "QUJD"}},
        {"output": {"data": "hi"}, "audio": "QUJD"},
    ],
)
def test_audio_is_found_wherever_the_service_put_it(output: dict) -> None:
    audio = Response.parse(output).audio
    assert audio is not None
    assert audio.file() == b"ABC"


def test_audio_that_is_not_base64_is_an_error_in_words() -> None:
    audio = Response.parse({"output": {"audio": "not base64!"}}).audio
    assert audio is not None
    with pytest.raises(BadInput, match="base64"):
        audio.file()


def test_spoken_text_is_not_mistaken_for_words() -> None:
    response = Response.parse({"output": {"type": "audio", "data": "QUJD"}})
    assert response.text == ""


def test_what_was_not_given_is_not_written() -> None:
    request = converse("hi", source=Source(system="DECK"))
    assert request.to_wire() == {
        "contract_version": "2.1",
        "source": {"system": "DECK"},
        "target": {"service": "PENNY", "module": "CONVERSE"},
        "input": {"type": "text", "data": "hi"},
    }


def test_what_was_given_is_written() -> None:
    context = Context(history=[Message(role="user", content="a", name="Ana")], speaker="Bo")
    clip = audio_input(b"ABC", format="ogg", language="es")
    wire = converse(clip, source=Source(system="CORP", user="9"), context=context).to_wire()
    assert wire["input"] == {"type": "audio", "data": "QUJD", "format": "ogg", "language": "es"}
    assert wire["context"]["history"] == [{"role": "user", "content": "a", "name": "Ana"}]
    assert "locale" not in wire["context"]


def test_a_null_that_came_in_goes_out_again() -> None:
    wire = golden("seed_request.json")["input"]["contract"] | {"context": None, "trace_id": None}
    written = Request.model_validate(wire).to_wire()
    assert written["context"] is None
    assert written["trace_id"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"contract_version": "3.0"},
        {"source": {"system": "EVIL"}},
        {"target": {"service": "NOBODY", "module": "X"}},
        {"target": {"service": "GRACE", "module": ""}},
        {"input": {"type": "smell", "data": "x"}},
        {"policy": {"deadline_ms": 0}},
    ],
)
def test_a_broken_request_is_refused(change: dict) -> None:
    wire = golden("seed_request.json")["input"]["contract"] | change
    with pytest.raises(ValidationError):
        Request.model_validate(wire)


def test_versions_of_the_same_generation_are_understood() -> None:
    wire = golden("seed_request.json")["input"]["contract"] | {"contract_version": "2.7"}
    assert Request.model_validate(wire).contract_version == "2.7"


def test_module_names_are_read_in_any_case() -> None:
    wire = golden("seed_request.json")["input"]["contract"]
    wire["target"]["module"] = "summarizer"
    assert Request.model_validate(wire).target.module == "SUMMARIZER"


def test_an_option_that_is_null_is_its_default() -> None:
    request = converse("hi", source=Source(system="DECK"), params={"voice": None, "speak": False})
    assert request.option("voice", "joe") == "joe"
    assert request.option("speak", True) is False


def test_numbers_beyond_2_to_the_53_are_kept() -> None:
    wire = {"id": "a", "status": "COMPLETED", "output": {"output": {"data": {"n": 2**60 + 1}}}}
    assert JobReport.model_validate(wire).to_wire() == wire


def test_null_output_is_no_output() -> None:
    assert not JobReport.model_validate({"id": "a", "output": None}).has_output
    assert not JobReport.model_validate({"id": "a"}).has_output
    assert Output(data=None).to_wire() == {"data": None}
