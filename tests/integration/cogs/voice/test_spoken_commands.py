"""What people say to have something done at once, in a voice channel: rules decide, no model."""

# mypy: ignore-errors

import pytest

from bot.contract import Service
from bot.money import Basis, Call, Charge, Payer
from tests.fakes.handlers import Scripted, hang
from tests.integration.cogs.voice.conftest import finished, where_is_the_bot
from tests.waiting import until


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.voice", "cogs.factory")


@pytest.fixture
def handlers(penny_says):
    return {"penny": penny_says, "factory": Scripted(hang, service=Service.FACTORY)}


@pytest.fixture
async def quiet(sim, guild, called):
    """The bot has said hello."""
    line = sim.voice.line(guild)
    await finished(line)
    return line


async def say(speaker, word, penny, words):
    """Say something; Penny answers nothing, however long she is let."""
    penny.hears, penny.says = words, "No rule has decided this."
    await speaker.plays(word)


def spoken_by(penny):
    return "\n".join(str(r.input.data) for r in penny.asked if r.target.module == "SPEAK")


async def building(ben, channel, deck):
    await ben.slash("/factory build", channel, task="a dice roller")

    async def runs():
        return await deck.store.jobs.listing(user_id=ben.id, unfinished=True)

    await until(runs)


async def test_how_far_a_build_is_and_its_end(
    sim, deck, channel, lounge, ben, word, called, quiet, penny_says
):
    await building(ben, channel, deck)
    await say(called, word, penny_says, "How far is it?")
    await ben.sees("I've been working on your build for", lounge, ever=True)
    await say(called, word, penny_says, "Cancel the build, please.")
    shown = await ben.sees("I've cancelled your build.", lounge, ever=True)
    assert "**Ben:** Cancel the build, please." in shown.content

    async def is_over():
        return not await deck.store.jobs.listing(user_id=ben.id, unfinished=True)

    await until(is_over)
    await until(lambda: "I've cancelled your build." in spoken_by(penny_says))
    await say(called, word, penny_says, "How far is it?")
    await ben.sees("No rule has decided this.", lounge, ever=True)  # of what? a question, then
    assert not sim.problems


async def test_a_sum_is_no_ones_business_and_an_answer_is_said_again_without_a_call(
    sim, deck, guild, lounge, ben, word, called, quiet, penny_says
):
    payer = Payer(user_id=ben.id, guild_id=guild.id, channel_id=1)
    call = Call(call_id="made", service=Service.PENNY, module="CONVERSE", payer=payer)
    await deck.store.ledger.settle(call, Charge(micro_usd=120_000, basis=Basis.REPORTED))
    since = quiet.clock.now()
    await called.plays(word)
    await finished(quiet, since)
    since = quiet.clock.now()
    await say(called, word, penny_says, "What did today cost?")
    shown = await ben.sees("as a direct message", lounge, ever=True)
    await ben.sees("Today you have spent", ben.dm, ever=True)
    await until(lambda: "as a direct message" in spoken_by(penny_says))
    assert "cents" not in shown.content + spoken_by(penny_says)
    await finished(quiet, since)
    calls, since = penny_says.modules().count("SPEAK"), quiet.clock.now()
    await say(called, word, penny_says, "Say it again, slower.")

    def twice():
        shown = [m.content for m in ben.reads(lounge) if "France is Paris." in m.content]
        return len(shown) == 2

    await until(twice)
    await quiet.until_speaking(since=since)
    assert penny_says.modules().count("SPEAK") == calls
    assert not sim.problems


async def test_who_may_send_it_away_is_asked_first_when_others_are_there(
    sim, guild, lounge, ben, ana, word, called, quiet, penny_says
):
    speaker = await ana.joins(lounge)
    await say(speaker, word, penny_says, "Alfred, leave the channel.")  # she has not agreed
    since = quiet.clock.now()
    await say(called, word, penny_says, "Alfred, leave the channel.")
    asked = await ben.sees("Shall I really leave?", lounge, ever=True)
    assert "**Ben:**" in asked.content
    await finished(quiet, since)
    await say(called, word, penny_says, "Yes.")
    await ben.sees("Goodbye.", lounge, ever=True)
    await until(lambda: where_is_the_bot(sim, guild) is None)
    assert not sim.problems
