"""The first message in a thread that was archived, told before the thread itself."""

import pytest

from local_discord.values import Permission
from tests.virtual_time import settle


@pytest.fixture
async def thread(sim, deck, guild, channel, ana):
    """A thread that the bot does not know, and will be told of late."""
    opened = await ana.starts_thread("plans", in_=channel)
    await guild.owner().archives(opened)
    await settle()
    assert deck.get_channel(opened.id) is None
    sim.tell_threads_late()
    return opened


async def test_its_parent_decides_whether_the_bot_answers_there(
    sim, deck, guild, channel, ben, penny_script, thread
):
    await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({channel.id}))
    await ben.says("@Alfred hello", thread)
    await ben.sees("You said: hello", thread)
    assert not sim.problems


async def test_its_parent_decides_against_it_too(
    sim, deck, guild, channel, ben, penny_script, thread
):
    other = guild.channel("bots")
    await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({other.id}))
    await ben.says("@Alfred hello", thread)
    await ben.sees(f"<#{other.id}>", thread)
    assert not penny_script.asked


async def test_the_real_permissions_count(sim, deck, guild, channel, ben, penny_script, thread):
    guild.deny(channel, sim.bot, Permission.SEND_MESSAGES_IN_THREADS)
    await ben.says("@Alfred hello", thread)
    told = await ben.sees("Send Messages in Threads", ben.dm)
    assert told.content
    assert not penny_script.asked


async def test_a_thread_that_is_deleted_before_it_is_looked_up(
    sim, deck, guild, channel, ben, penny_script, thread, monkeypatch
):
    from cogs.chat import _cog

    look_up = _cog.look_up_channel

    async def too_late(message):
        guild.removes(thread)
        await look_up(message)

    monkeypatch.setattr(_cog, "look_up_channel", too_late)
    await ben.says("@Alfred hello", thread)
    await settle()
    assert not [m for m in ben.dm.messages.values() if m.author == sim.bot]
    assert not penny_script.asked
