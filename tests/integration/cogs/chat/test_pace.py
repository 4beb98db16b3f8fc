"""Answers that grow at Discord's own pace: five edits in five seconds for a whole channel."""

# mypy: ignore-errors

import asyncio

import pytest

from bot.contract import Service
from local_discord import LocalDiscord
from tests.fakes.handlers import Scripted, completed, partial

WORDS = 40


@pytest.fixture
async def sim():
    async with LocalDiscord(answer_seconds=None, real_limits=True) as simulator:
        yield simulator


@pytest.fixture
def handlers():
    async def penny(request):
        for number in range(WORDS):
            yield partial(f"{number} ")
            await asyncio.sleep(0.5)
        yield completed(f"done with {request.input.data}")

    return {"penny": Scripted(penny, service=Service.PENNY)}


async def test_several_answers_in_one_channel_grow_and_none_is_refused(sim, deck, guild, channel):
    people = [guild.member(f"Person {n}") for n in range(4)]
    for person in people:
        await person.says(f"@Alfred question of {person.user.name}")
    for person in people:
        await person.sees(f"done with question of {person.user.name}", within=120)
    edits = sim.log.requests("PATCH", "/messages/")
    assert not [one for one in sim.log.requests("", "") if one.status == 429]
    assert len(edits) >= 20  # they did grow
    assert not sim.problems
