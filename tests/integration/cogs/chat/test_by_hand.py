"""Shards that are divided by hand: each server is answered by its own process, once."""

import asyncio
import contextlib

import pytest

from bot.errors import BadSettings
from bot.settings import Settings
from tests.fakes.discord_bot import made


async def test_two_processes_with_a_range_each(sim, base_url, tmp_path, cogs):
    sim.gateway.shards = 2
    asked = []
    for number in range(6):
        await asyncio.sleep(0.002)  # a server's shard is told by the millisecond it was made in
        guild = sim.guild(f"Server{number}")
        channel = guild.channel("general")
        asked.append((guild.member("Ana"), channel, f"question{number}"))
    async with contextlib.AsyncExitStack() as stack:
        for shards in ("0/2", "1/2"):
            settings = Settings(_env_file=None, skydeck_shards=shards)
            making = made(base_url, tmp_path / "skydeck.db", cogs=cogs, settings=settings)
            bot = await stack.enter_async_context(making)
            await stack.enter_async_context(sim.connect(bot))
            assert list(bot.shards) == [int(shards[0])]
        for ana, channel, words in asked:
            await ana.says(f"@Alfred {words}", channel)
        for ana, channel, words in asked:
            await ana.sees(words, channel)
        answers = [
            message
            for ana, channel, _ in asked
            for message in ana.reads(channel)
            if message.author is sim.bot
        ]
    assert len(answers) == len(asked)
    assert len(sim.log.requests("PUT", "/commands")) == 1
    assert not sim.problems


async def test_a_file_cannot_divide_them(base_url, tmp_path):
    settings = Settings(_env_file=None, skydeck_shards="auto")
    with pytest.raises(BadSettings, match="needs PostgreSQL"):
        async with made(base_url, tmp_path / "skydeck.db", settings=settings):
            pass
