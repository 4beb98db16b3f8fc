"""Several shards in the local Discord, as an unmodified discord.py lives with them."""

# mypy: ignore-errors

import asyncio

import discord
import pytest
from discord.ext import commands

from local_discord import LocalDiscord
from tests.system.local_discord.conftest import at_once


@pytest.fixture
async def sim():
    async with LocalDiscord() as simulator:
        simulator.gateway.shards = 3
        yield simulator


@pytest.fixture
def bot():
    bot = commands.AutoShardedBot("!", intents=discord.Intents.all(), help_command=None)
    bot.before_identify_hook = at_once
    return bot


async def servers(sim, count):
    """Servers in the order of their making; each is made in a millisecond of its own."""
    made = []
    for number in range(count):
        made.append(sim.guild(f"Server{number}"))
        await asyncio.sleep(0.002)
    return made


async def test_a_server_is_told_of_on_its_own_shard(sim, bot):
    made = await servers(sim, 6)
    heard = []

    @bot.listen()
    async def on_message(message):
        heard.append((message.guild.shard_id, message.guild.id))

    async with sim.connect(bot):
        assert len(bot.shards) == 3
        await sim.gateway.until_served(3)
        for one in made:
            await one.member("Ana").says("hello", one.channel("general"))
        async with asyncio.timeout(5):
            while True:
                if len(heard) == len(made):
                    break
                await asyncio.sleep(0.01)
    assert {guild_id: shard for shard, guild_id in heard} == {
        guild_id: (guild_id >> 22) % 3 for _, guild_id in heard
    }


async def test_direct_messages_are_on_the_first(sim, bot):
    sim.guild("Test").channel("general")
    async with sim.connect(bot):
        await sim.user("Ana").says("hello")
        assert len(sim.log.events("MESSAGE_CREATE")) == 1


@pytest.mark.real_time
async def test_who_identifies_too_soon_is_told_to_begin_again(sim, bot):
    sim.gateway.identify_seconds = 0.3
    async with sim.connect(bot):
        await sim.gateway.until_served(3)
    assert {problem.message for problem in sim.problems} == {"identified too soon"}


async def test_shards_of_different_buckets_may_identify_at_once(sim, bot):
    sim.gateway.identify_seconds = 60
    sim.gateway.max_concurrency = 3
    async with sim.connect(bot):
        await sim.gateway.until_served(3)
    assert sim.problems == []


async def test_a_shard_that_there_is_not_is_refused(sim):
    bot = discord.Client(intents=discord.Intents.all(), shard_id=3, shard_count=3)
    with pytest.raises(discord.ConnectionClosed) as refused:
        async with sim.connect(bot):
            pass
    assert refused.value.code == 4010
