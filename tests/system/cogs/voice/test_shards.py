"""A voice channel whose shard changes hands: the conversation comes to a pause, and goes on."""

# mypy: ignore-errors

import asyncio

import pytest

from bot.cluster import identify_limiter, shard_keeper
from bot.settings import Settings
from tests.fakes.discord_bot import made
from tests.integration.cogs.voice.conftest import where_is_the_bot
from tests.waiting import HANGS_S, until


@pytest.fixture
async def process(monkeypatch, postgres, base_url, cogs):
    """Makes a process that claims its shards."""
    monkeypatch.setattr(shard_keeper, "BEAT_S", 0.2)
    monkeypatch.setattr(identify_limiter, "IDENTIFY_EVERY_MS", 300)
    url = await postgres.clean()

    def make(farewell_s=15.0):
        settings = Settings(_env_file=None, skydeck_shards="auto/1", skydeck_farewell_s=farewell_s)
        return made(base_url, url, settings=settings, cogs=cogs)

    return make


@pytest.fixture
def calls(sim, guild, channel, lounge, ben):
    """Ben calls the bot into the lounge, and waits until it has said hello; gives his speaker."""

    async def call():
        speaker = await ben.joins(lounge)
        reply = await ben.slash("/join", channel)
        await reply.done()
        line = sim.voice.line(guild)
        await line.until_speaking()
        await line.until_silent(for_=0.5)
        return speaker

    return call


async def test_a_question_is_answered_before_the_shard_is_given(
    sim, guild, lounge, ben, process, calls, clips
):
    async with process() as bot, sim.connect(bot):
        speaker = await calls()
        speaking = asyncio.create_task(speaker.plays(clips / "question.wav"))
        await until(lambda: bot.get_cog("Voice").talks(0))
        closing = asyncio.create_task(bot.close())
        await ben.sees("The capital of France is Paris.", lounge, ever=True)
        await speaking
        await closing
    await until(lambda: where_is_the_bot(sim, guild) is None)
    async with process() as bot, sim.connect(bot):
        await until(lambda: where_is_the_bot(sim, guild) is lounge)
        await ben.sees("back", lounge, ever=True)
        line = sim.voice.line(guild)
        before = len(line.recording.voice)
        await sim.voice.speakers[ben.id].plays(clips / "question.wav")
        await until(lambda: len(line.recording.voice) > before)
    assert not sim.problems


async def test_who_talks_on_and_on_is_not_waited_for(
    sim, guild, lounge, ben, process, calls, clips
):
    async with process(farewell_s=0.3) as bot, sim.connect(bot):
        speaker = await calls()

        async def talks_on_and_on():
            while True:
                await speaker.plays(clips / "question.wav")

        speaking = asyncio.create_task(talks_on_and_on())
        await until(lambda: bot.get_cog("Voice").talks(0))
        async with asyncio.timeout(HANGS_S):
            await bot.close()
        assert not speaking.done()
        speaking.cancel()
    await until(lambda: where_is_the_bot(sim, guild) is None)
    assert not sim.problems


async def test_where_a_dead_process_has_left_it_it_comes_anew(
    sim, guild, channel, lounge, ben, process, calls
):
    """Else it would be put out of the channel with the dead one's line, some seconds later."""
    sim.voice.states.enter(sim.bot, lounge, guild.guild)
    async with process() as bot, sim.connect(bot):
        await calls()
        own = [d.data for d in sim.log.events("VOICE_STATE_UPDATE")]
        places = [d["channel_id"] for d in own if d["user_id"] == str(sim.bot.id)]
        assert places[-2:] == [None, str(lounge.id)]
    assert not sim.problems
