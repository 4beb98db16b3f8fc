"""Coming, going, following, and being moved; what Discord does not allow is told beforehand."""

# mypy: ignore-errors

import asyncio

import pytest

from local_discord.values import Permission
from tests.fakes.discord_bot import made
from tests.integration.cogs.voice.conftest import where_is_the_bot
from tests.waiting import until


async def is_nowhere(bot):
    """Until the bot is to be in no voice channel, also after a restart."""

    async def nothing_is_noted():
        return not await bot.store.voice_rooms.all()

    await until(nothing_is_noted)


async def test_where_to_is_asked_for(sim, deck, channel, ben):
    reply = await ben.slash("/join", channel)
    assert reply.ephemeral
    assert "voice channel" in reply.text
    assert not sim.problems


async def test_what_it_may_not_do_is_told_beforehand(sim, deck, guild, lounge, channel, ben):
    await ben.joins(lounge)
    guild.deny(lounge, sim.bot, Permission.CONNECT, Permission.SPEAK)
    reply = await ben.slash("/join", channel)
    await reply.done()
    assert "Connect, Speak" in reply.text
    assert where_is_the_bot(sim, guild) is None
    assert not sim.problems


async def test_where_it_may_not_write_it_does_not_come(sim, deck, guild, lounge, channel, ben):
    await ben.joins(lounge)
    guild.deny(lounge, sim.bot, Permission.SEND_MESSAGES)
    reply = await ben.slash("/join", channel)
    await reply.done()
    assert "Send Messages" in reply.text
    assert not sim.problems


async def test_a_full_channel_is_told(sim, deck, guild, channel, ben):
    small = guild.voice_channel("Small", user_limit=1)
    await ben.joins(small)
    reply = await ben.slash("/join", channel)
    await reply.done()
    assert "full" in reply.text
    assert where_is_the_bot(sim, guild) is None
    assert not sim.problems


async def test_nobody_sends_it_where_they_may_not_go(sim, deck, guild, hall, channel, ben):
    guild.deny(hall, ben, Permission.CONNECT)
    reply = await ben.slash("/join", channel, channel=hall)
    await reply.done()
    assert where_is_the_bot(sim, guild) is None
    assert not sim.problems


async def test_it_leaves_when_told(sim, deck, guild, called, channel, ben):
    reply = await ben.slash("/leave", channel)
    await reply.done()
    assert "left" in reply.text
    assert where_is_the_bot(sim, guild) is None
    assert await deck.store.voice_rooms.all() == []
    again = await ben.slash("/leave", channel)
    assert "/join" in again.text
    assert not sim.problems


async def test_it_leaves_when_alone(sim, deck, guild, soon, called, ben):
    await ben.leaves_voice()
    await until(lambda: where_is_the_bot(sim, guild) is None)
    await is_nowhere(deck)
    assert not sim.problems


async def test_it_stays_when_somebody_comes_back(sim, deck, guild, farewells, called, lounge, ben):
    await ben.leaves_voice()
    await until(lambda: farewells)
    assert not farewells[-1].cancelled()
    await ben.joins(lounge)
    await until(farewells[-1].cancelled)
    assert where_is_the_bot(sim, guild) is lounge
    assert not sim.problems


async def test_called_where_nobody_is_it_does_not_stay(sim, deck, guild, soon, hall, channel, ben):
    reply = await ben.slash("/join", channel, channel=hall)
    await reply.done()
    await until(lambda: where_is_the_bot(sim, guild) is None)
    assert not sim.problems


async def test_it_is_moved_by_a_drag(sim, deck, guild, called, lounge, hall, ana, ben, word):
    await guild.drags(ben, hall)
    await guild.drags(sim.bot, hall)
    speaker = sim.voice.speakers[ben.id]

    async def is_noted():
        return (await deck.store.voice_rooms.all())[0].channel_id == hall.id

    await until(is_noted)
    await until(lambda: deck.voice_clients[0].can_speak)
    await speaker.plays(word)
    await ben.sees("Paris", hall, ever=True)
    assert not sim.problems


async def test_a_call_away_from_others_is_asked_about(
    sim, deck, guild, called, lounge, hall, channel, ana, ben
):
    await ana.joins(hall)
    reply = await ana.slash("/entrar", channel)
    await reply.done()
    assert where_is_the_bot(sim, guild) is lounge
    assert "con más gente" in reply.text
    await ana.clicks("Ven aquí", on=reply)
    await until(lambda: where_is_the_bot(sim, guild) is hall)
    assert not sim.problems


async def test_alone_it_moves_without_asking(sim, deck, guild, called, lounge, hall, channel, ben):
    await ben.joins(hall)
    reply = await ben.slash("/join", channel)
    await reply.done()
    await until(lambda: where_is_the_bot(sim, guild) is hall)
    assert not sim.problems


async def test_it_follows(sim, deck, guild, called, lounge, hall, channel, ben):
    reply = await ben.slash("/voice follow", channel)
    await reply.done()
    await ben.joins(hall)
    await until(lambda: where_is_the_bot(sim, guild) is hall)
    reply = await ben.slash("/voice follow", channel)
    await reply.done()
    await ben.joins(lounge)
    status = await ben.slash("/voice status", channel)  # told after it
    await status.done()
    assert where_is_the_bot(sim, guild) is hall
    assert not sim.problems


async def test_it_does_not_follow_where_it_may_not(sim, guild, called, lounge, hall, channel, ben):
    await ben.slash("/voice follow", channel)
    guild.deny(hall, sim.bot, Permission.CONNECT)
    await ben.joins(hall)
    await ben.sees("Connect", lounge, ever=True)
    assert not sim.problems


async def test_a_kick_is_for_good(sim, deck, guild, called, lounge, channel, ben):
    await guild.disconnects(sim.bot)
    await is_nowhere(deck)
    assert where_is_the_bot(sim, guild) is None
    reply = await ben.slash("/join", channel)
    await reply.done()
    assert where_is_the_bot(sim, guild) is lounge
    assert not sim.problems


async def test_left_and_called_again_at_once_it_is_there(
    sim, deck, guild, called, lounge, channel, ben
):
    leaving = asyncio.ensure_future(ben.slash("/leave", channel))
    reply = await ben.slash("/join", channel)
    await (await leaving).done()
    await reply.done()
    await (await ben.slash("/join", channel)).done()
    assert where_is_the_bot(sim, guild) is lounge
    await until(lambda: deck.voice_clients and deck.voice_clients[0].can_speak)
    assert not sim.problems


async def test_two_who_call_it_at_once_are_greeted_once(
    sim, deck, guild, lounge, channel, ana, ben
):
    await asyncio.gather(ana.joins(lounge), ben.joins(lounge))
    replies = await asyncio.gather(ana.slash("/entrar", channel), ben.slash("/join", channel))
    for reply in replies:
        await reply.done()
    assert where_is_the_bot(sim, guild) is lounge
    greetings = [one for one in lounge.messages.values() if one.components]
    assert len(greetings) == 1
    assert not sim.problems


@pytest.mark.parametrize("code", [4006, 4015])
async def test_a_break_of_the_line_is_no_kick(sim, deck, guild, called, lounge, ben, word, code):
    before = sim.voice.session(guild.guild).socket

    def is_there_anew():
        session = sim.voice.session(guild.guild)
        return session is not None and session.socket not in {None, before}

    await sim.voice.close(guild, code)
    await until(is_there_anew)
    await until(lambda: deck.voice_clients and deck.voice_clients[0].can_speak)
    assert where_is_the_bot(sim, guild) is lounge
    [place] = await deck.store.voice_rooms.all()
    assert place.channel_id == lounge.id
    await called.plays(word)
    await ben.sees("Paris", lounge, ever=True)


async def test_on_a_stage_it_asks_to_speak(sim, deck, guild, channel, ben):
    stage = guild.stage_channel("Talk")
    await ben.joins(stage)
    reply = await ben.slash("/join", channel)
    await reply.done()
    await ben.sees("audience", stage, ever=True)
    state = guild.guild.voice_states[sim.bot.id]
    assert state["request_to_speak_timestamp"]
    assert not sim.problems


@pytest.fixture
def moderating(sim, guild):
    """The bot may mute others."""
    guild.give(sim.bot, guild.role("Moderator", Permission.MUTE_MEMBERS))


async def test_with_the_right_to_it_goes_on_stage(sim, moderating, deck, guild, channel, ben):
    stage = guild.stage_channel("Talk")
    await ben.joins(stage)
    reply = await ben.slash("/join", channel)
    await reply.done()
    await until(lambda: not guild.guild.voice_states[sim.bot.id]["suppress"])
    assert not sim.problems


async def test_a_moderator_s_mute_is_told(sim, guild, called, lounge, ben):
    guild.sets_voice(sim.bot, mute=True)
    await ben.sees("I'm muted here", lounge, ever=True)
    guild.sets_voice(sim.bot, mute=False, deaf=True)
    await ben.sees("deafened me", lounge, ever=True)
    guild.sets_voice(sim.bot, deaf=False)
    await ben.sees("again", lounge, ever=True)
    assert not sim.problems


async def test_only_who_is_there_commands_it(sim, guild, called, channel, ana):
    reply = await ana.slash("/salir", channel)
    await reply.done()
    assert "Solo quien está en" in reply.text
    assert where_is_the_bot(sim, guild) is not None
    assert not sim.problems


async def test_after_a_restart_it_is_back(
    sim, guild, channel, lounge, ben, base_url, tmp_path, cogs, word
):
    database = tmp_path / "skydeck.db"
    async with made(base_url, database, cogs=cogs) as bot, sim.connect(bot):
        await ben.joins(lounge)
        reply = await ben.slash("/join", channel)
        await reply.done()
        reply = await ben.slash("/voice mode", channel, when="always")
        await reply.done()
        reply = await ben.slash("/voice follow", channel)
        await reply.done()
    assert where_is_the_bot(sim, guild) is None
    async with made(base_url, database, cogs=cogs) as bot, sim.connect(bot):
        await until(lambda: where_is_the_bot(sim, guild) is lounge)
        [place] = await bot.store.voice_rooms.all()
        assert place.attention == "always"
        assert place.follow_user_id == ben.id
        await until(lambda: bot.voice_clients and bot.voice_clients[0].can_speak)
        await sim.voice.speakers[ben.id].plays(word)
        await ben.sees("Paris", lounge, ever=True)
    assert not sim.problems


async def test_after_a_restart_it_does_not_go_where_nobody_is(
    sim, guild, channel, lounge, ben, base_url, tmp_path, cogs
):
    database = tmp_path / "skydeck.db"
    async with made(base_url, database, cogs=cogs) as bot, sim.connect(bot):
        await ben.joins(lounge)
        reply = await ben.slash("/join", channel)
        await reply.done()
    await ben.leaves_voice()
    async with made(base_url, database, cogs=cogs) as bot, sim.connect(bot):
        await is_nowhere(bot)
        assert where_is_the_bot(sim, guild) is None
    assert not sim.problems
