"""What is asked for in the text chat of a voice channel, where the bot listens, too."""

# mypy: ignore-errors

import pytest

from bot.contract import Service
from tests.fakes.handlers import Scripted, echo

TRANSLATION = {"service": "GRACE", "module": "TRANSLATOR", "params": {"to": "Spanish"}}


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.voice", "cogs.chat", "cogs.grace")


@pytest.fixture
def handlers(penny_says):
    return {"penny": penny_says, "grace": Scripted(echo, service=Service.GRACE)}


@pytest.mark.parametrize("text", ["The cat sleeps here.", "It was late for the meeting."])
async def test_the_answer_to_what_to_work_on_is_understood(
    sim, deck, called, lounge, ben, penny_says, text
):
    penny_says.action, penny_says.says = TRANSLATION, "I'm on it."
    await ben.says("@Alfred translate to Spanish", lounge)
    question = await ben.sees("What should I work on?", lounge)
    penny_says.action = None
    await ben.says(text, lounge, reply_to=question)
    await ben.sees(lambda m: "Translation" in m.content and text in m.content, lounge, ever=True)
    assert not sim.problems
