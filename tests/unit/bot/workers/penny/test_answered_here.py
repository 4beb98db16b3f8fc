"""Penny answers sums, and questions about the day and the time, without her model."""

import pytest

from bot.clock import SystemClock
from bot.contract import Context, Message, Source, System
from bot.contract.envelope import ContextPersona
from bot.contract.penny import converse
from bot.workers.penny.handler import PennyHandler
from tests.unit.bot.workers.penny.test_prepare import Brain, Ear
from tests.unit.bot.workers.penny.test_speech import Voice

DECK = Source(system=System.DECK)


async def asked(question: str, brain: Brain, voice: Voice | None = None, **given: object) -> str:
    penny = PennyHandler(stt=Ear(), llm=brain, tts=voice or Voice(), clock=SystemClock())
    params = {"speak": voice is not None, **given.pop("params", {})}
    request = converse(question, source=DECK, params=params, **given)
    return [response async for response in penny.handle(request)][-1].text or ""


async def test_a_sum_is_answered_and_spoken_without_the_model() -> None:
    brain, voice = Brain(), Voice()
    answer = await asked("Alfred, what is twelve times twelve?", brain, voice, language="en")
    assert answer == "12 times 12 is 144."
    assert voice.said == ["12 times 12 is 144."]
    assert not brain.asked


@pytest.mark.parametrize(
    ("question", "begins"), [("¿Qué día es hoy?", "Hoy es "), ("What time is it?", "It's ")]
)
async def test_the_day_and_the_time(question: str, begins: str) -> None:
    brain = Brain()
    assert (await asked(question, brain)).startswith(begins)
    assert not brain.asked


async def test_how_a_place_wants_its_answers_counts_for_these_too() -> None:
    brain = Brain()
    persona = ContextPersona(instructions="Answer in rhymes.")
    await asked("What is 7 times 8?", brain, context=Context(persona=persona))
    assert brain.asked[-1][-1] == "What is 7 times 8?\n(7 times 8 is 56.)"


async def test_in_another_language_than_the_question_the_model_answers() -> None:
    brain = Brain()
    await asked("What is 7 times 8?", brain, params={"reply_language": "de"})
    assert brain.asked


async def test_the_model_does_not_read_by_which_name_it_is_called() -> None:
    brain = Brain()
    history = [Message(role="user", content="Nova, who was Nero?")]
    persona = ContextPersona(name="Nova")
    context = Context(history=history, persona=persona)
    await asked("What is the capital of France, Nova?", brain, context=context)
    assert brain.asked[-1][1:] == ["Who was Nero?", "What is the capital of France?"]
