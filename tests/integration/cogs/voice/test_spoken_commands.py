"""What people say to have something done at once, in a voice channel: rules decide, no model."""

# mypy: ignore-errors

import asyncio

import pytest

from bot.contract import Service
from bot.money import Basis, Call, Charge, Payer
from tests.fakes.handlers import Scripted, hang
from tests.integration.cogs.voice.conftest import where_is_the_bot
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
    await line.until_speaking()
    await line.until_silent(for_=0.5)
    return line


async def say(speaker, clips, penny, words):
    """Say something; Penny answers nothing, however long she is let."""
    penny.hears, penny.says = words, "No rule has decided this."
    await speaker.plays(clips / "question.wav")


async def building(ben, channel, deck):
    await ben.slash("/factory build", channel, task="a dice roller")

    async def runs():
        return await deck.store.jobs.listing(user_id=ben.id, unfinished=True)

    await until(runs)


async def test_a_build_is_cancelled(
    sim, deck, channel, lounge, ben, clips, called, quiet, penny_says
):
    await building(ben, channel, deck)
    await say(called, clips, penny_says, "Cancel the build, please.")
    shown = await ben.sees("I've cancelled your build.", lounge, ever=True)
    assert "**Ben:** Cancel the build, please." in shown.content
    before = len(quiet.recording.voice)

    async def is_over():
        return not await deck.store.jobs.listing(user_id=ben.id, unfinished=True)

    await until(is_over)
    await until(lambda: len(quiet.recording.voice) >= before)
    spoken = [r.input.data for r in penny_says.asked if r.target.module == "SPEAK"]
    assert "I've cancelled your build." in spoken
    assert not sim.problems


async def test_how_far_it_is(sim, deck, channel, lounge, ben, clips, called, quiet, penny_says):
    await building(ben, channel, deck)
    await say(called, clips, penny_says, "How far is it?")
    await ben.sees("I've been working on your build for", lounge, ever=True)
    assert not sim.problems


async def test_without_a_job_it_is_a_question(lounge, ben, clips, called, quiet, penny_says):
    await say(called, clips, penny_says, "How far is it?")
    await ben.sees("No rule has decided this.", lounge, ever=True)


async def test_a_sum_is_no_ones_business(
    sim, deck, guild, lounge, ben, clips, called, quiet, penny_says
):
    payer = Payer(user_id=ben.id, guild_id=guild.id, channel_id=1)
    call = Call(call_id="made", service=Service.PENNY, module="CONVERSE", payer=payer)
    await deck.store.ledger.settle(call, Charge(micro_usd=120_000, basis=Basis.REPORTED))
    await say(called, clips, penny_says, "What did today cost?")
    shown = await ben.sees("as a direct message", lounge, ever=True)
    assert "cents" not in shown.content
    await ben.sees("Today you have spent", ben.dm, ever=True)
    said = " ".join(str(r.input.data) for r in penny_says.asked if r.target.module == "SPEAK")
    assert "cents" not in said
    assert not sim.problems


async def test_the_latest_answer_is_said_again_without_a_call(
    sim, lounge, ben, clips, called, quiet, penny_says
):
    await called.plays(clips / "question.wav")
    await ben.sees("The capital of France is Paris.", lounge, ever=True)
    await quiet.until_speaking()
    await quiet.until_silent(for_=0.5)
    spoken = penny_says.modules().count("SPEAK")
    await say(called, clips, penny_says, "Say it again, slower.")

    def twice():
        shown = [m.content for m in ben.reads(lounge) if "France is Paris." in m.content]
        return len(shown) == 2

    await until(twice)
    await quiet.until_speaking()
    assert penny_says.modules().count("SPEAK") == spoken
    assert not sim.problems


async def test_it_leaves_when_it_is_told(sim, guild, lounge, ben, clips, called, quiet, penny_says):
    await say(called, clips, penny_says, "Leave the channel.")
    await ben.sees("Goodbye.", lounge, ever=True)
    await until(lambda: where_is_the_bot(sim, guild) is None)
    assert not sim.problems


async def test_it_asks_first_when_others_are_there(
    sim, guild, lounge, ben, ana, clips, called, quiet, penny_says
):
    await ana.joins(lounge)
    await say(called, clips, penny_says, "Alfred, leave the channel.")
    await ben.sees("Shall I really leave?", lounge, ever=True)
    await quiet.until_speaking()
    await quiet.until_silent(for_=0.3)
    await say(called, clips, penny_says, "Yes.")
    await ben.sees("Goodbye.", lounge, ever=True)
    await until(lambda: where_is_the_bot(sim, guild) is None)
    assert not sim.problems


async def test_what_was_said_is_forgotten(sim, deck, lounge, ben, clips, called, quiet, penny_says):
    await called.plays(clips / "question.wav")
    await ben.sees("The capital of France is Paris.", lounge, ever=True)
    await quiet.until_speaking()
    await quiet.until_silent(for_=0.5)
    [session] = [v.session for v in deck.get_cog("Voice").channels.on_shard(0)]
    assert session.chat_context.messages()
    await say(called, clips, penny_says, "Forget what I said.")
    await ben.sees("Shall I really forget", lounge, ever=True)
    await quiet.until_speaking()
    await quiet.until_silent(for_=0.3)
    await say(called, clips, penny_says, "Yes, please.")
    await ben.sees("I've forgotten it.", lounge, ever=True)
    assert not session.chat_context.messages()
    assert not sim.problems


async def test_who_has_not_agreed_commands_nothing(
    sim, guild, lounge, ben, ana, clips, called, quiet, penny_says
):
    speaker = await ana.joins(lounge)
    await say(speaker, clips, penny_says, "Alfred, leave the channel.")
    await say(called, clips, penny_says, "Alfred, say something else.")
    await ben.sees("No rule has decided this.", lounge, ever=True)
    assert where_is_the_bot(sim, guild) is lounge
    await asyncio.sleep(0)
