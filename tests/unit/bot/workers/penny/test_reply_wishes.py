"""What a caller may want of an answer: another language than the question's, and few words."""

import pytest

from bot.clock import SystemClock
from bot.contract import Source, System
from bot.contract.penny import converse
from bot.errors import BadInput
from bot.workers.penny.handler import PennyHandler
from tests.unit.bot.workers.penny.test_prepare import Brain, Ear
from tests.unit.bot.workers.penny.test_speech import Voice


@pytest.fixture
def brain() -> Brain:
    return Brain()


async def instruction(brain: Brain, **params: object) -> str:
    penny = PennyHandler(stt=Ear(), llm=brain, tts=Voice(), clock=SystemClock())
    wanted = {"speak": False, **params}
    question = "What is the capital of France?"
    request = converse(question, source=Source(system=System.DECK), params=wanted)
    async for _ in penny.handle(request):
        pass
    return brain.asked[-1][0]


async def test_the_answer_is_in_the_wanted_language(brain: Brain) -> None:
    assert "English" in await instruction(brain)
    assert "German" in await instruction(brain, reply_language="de")


async def test_short_answers(brain: Brain) -> None:
    assert "one sentence of at most" in await instruction(brain, brief=True)


@pytest.mark.parametrize(
    "params",
    [{"reply_language": "xx"}, {"reply_language": 5}, {"brief": "yes"}, {"reply_language": ""}],
)
async def test_what_is_no_wish_is_refused(brain: Brain, params: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        await instruction(brain, **params)
