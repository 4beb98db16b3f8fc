"""The language of real recordings and texts under a Discord in another language."""

import re

import pytest

from bot.contract import Context, Message, Response, Source
from bot.contract.penny import audio_input, converse, transcribe
from bot.languages import NO_HINTS, LanguageHints
from bot.workers.text_language import decide_on

pytestmark = pytest.mark.models

DECK = Source(system="DECK")
ENGLISH_TURN = Message(role="user", content="What is the weather like in London today?")


async def last(penny, request) -> Response:
    return [response async for response in penny.handle(request)][-1]


def recording(clips, name: str):
    return audio_input((clips / name).read_bytes(), format="wav")


@pytest.mark.parametrize(
    "context",
    [
        None,
        Context(locale="en-US"),
        Context(locale="en-US", history=[ENGLISH_TURN]),
        Context(locale="en-US", history=[ENGLISH_TURN] * 3),
    ],
    ids=["nothing known", "Discord is English", "after English", "after much English"],
)
async def test_a_spanish_recording_is_heard_in_spanish(penny, clips, context) -> None:
    asked = transcribe(recording(clips, "pregunta.wav"), source=DECK, context=context)
    final = await last(penny, asked)
    assert final.output.language == "es"
    assert re.search("capital de españa", final.output.transcript, re.IGNORECASE)


@pytest.mark.parametrize("name", ["question.wav", "sr_english.wav"])
async def test_an_english_recording_is_heard_in_english(penny, clips, name) -> None:
    spanish = [Message(role="user", content="¿Qué tiempo hace hoy en Madrid?")] * 2
    context = Context(locale="es-ES", history=spanish)
    final = await last(penny, transcribe(recording(clips, name), source=DECK, context=context))
    assert final.output.language == "en"


async def test_only_what_is_set_is_not_questioned(penny, clips) -> None:
    asked = transcribe(recording(clips, "pregunta.wav"), source=DECK, language="en")
    assert (await last(penny, asked)).output.language == "en"


async def test_a_spanish_question_is_answered_in_spanish(penny) -> None:
    context = Context(locale="en-US")
    asked = converse(
        "¿Cuál es la capital de Francia?", source=DECK, context=context, params={"speak": False}
    )
    for _ in range(3):  # half a billion parameters miss now and then
        final = await last(penny, asked)
        assert final.output.language == "es"
        if "Par" in final.output.text:
            break
    assert decide_on(final.output.text, LanguageHints(allowed={"en", "es"})).likely == "es"
    assert "Par" in final.output.text
    assert decide_on(final.output.text, NO_HINTS).likely != "en"
