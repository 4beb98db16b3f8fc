"""An answer to what nobody said is silence, whatever the service."""

import pytest

from bot.contract import Audio, Output, Request, Response, Source, Status, Usage
from bot.contract.penny import audio_input, converse, transcribe
from bot.runpod.models import JobState, Update
from bot.service_calls.silence import SilenceFilter

SOURCE = Source(system="DECK")
SPOKEN = audio_input(b"RIFF", format="wav")
ANSWER = {"text": "You are welcome!", "audio": Audio(data="AAAA")}


def final(**output: object) -> Update:
    response = Response(output=Output.model_validate(output), usage=Usage(cost_usd=0.5))
    return Update(state=JobState.COMPLETED, response=response)


def partial(**output: object) -> Update:
    response = Response(status=Status.PARTIAL, output=Output.model_validate(output))
    return Update(state=JobState.RUNNING, response=response)


def taken(request: Request | None, *updates: Update) -> list[Response]:
    silence = SilenceFilter(request)
    return [found for one in updates if (found := silence.take(one).response) is not None]


@pytest.mark.parametrize(
    "heard",
    ["Thanks for watching!", "Subtítulos realizados por la comunidad de Amara.org", "[Music]"],
)
def test_an_answer_to_an_invention_is_silence_and_still_costs(heard: str) -> None:
    [response] = taken(converse(SPOKEN, source=SOURCE), final(transcript=heard, **ANSWER))
    assert (response.transcript, response.text, response.audio) == ("", "", None)
    assert response.usage is not None
    assert response.usage.cost_usd == 0.5


def test_neither_the_words_nor_the_answer_are_streamed() -> None:
    found = taken(
        converse(SPOKEN, source=SOURCE),
        partial(transcript="Thanks for watching!"),
        partial(text="You are "),
        partial(text="welcome!"),
        final(transcript="Thanks for watching!", **ANSWER),
    )
    assert [(r.transcript or "", r.text, r.audio) for r in found] == [("", "", None)] * 4


def test_words_that_follow_bring_back_what_was_held() -> None:
    found = taken(
        converse(SPOKEN, source=SOURCE),
        partial(transcript="Thanks for watching!"),
        partial(transcript=" What time is it?"),
        partial(text="Nine."),
    )
    assert found[1].transcript == "Thanks for watching! What time is it?"
    assert found[2].text == "Nine."


@pytest.mark.parametrize("heard", ["Thank you.", "Gracias.", "What is Amara.org?"])
def test_what_people_say_to_a_bot_is_answered(heard: str) -> None:
    [response] = taken(converse(SPOKEN, source=SOURCE), final(transcript=heard, **ANSWER))
    assert response.text == "You are welcome!"


def test_a_typed_question_is_answered_even_if_a_service_calls_it_a_transcript() -> None:
    request = converse("Thanks for watching!", source=SOURCE)
    [response] = taken(request, final(transcript="Thanks for watching!", **ANSWER))
    assert response.text == "You are welcome!"


def test_a_recording_keeps_its_farewell_but_no_credits() -> None:
    request = transcribe(SPOKEN, source=SOURCE)
    [kept] = taken(request, final(transcript="Thanks for watching!", text="Thanks for watching!"))
    assert kept.text == "Thanks for watching!"
    [gone] = taken(request, final(data="Subtitles by the Amara.org community"))
    assert (gone.transcript, gone.text) == ("", "")


def test_a_call_that_was_sent_earlier_is_not_judged() -> None:
    [response] = taken(None, final(transcript="Thanks for watching!", **ANSWER))
    assert response.text == "You are welcome!"
