"""How soon a bot hears again after its voice session was forgotten, beside discord.py's own client.

Both are in the same call of the local Discord, one after the other; the same packets count.
"""

# mypy: ignore-errors

import time

import discord
import numpy as np
import pytest

from audio.discord_voice.client import DiscordVoiceClient
from local_discord import LocalDiscord
from tests.fakes.discord_bot import at_once
from tests.system.local_discord.voice.conftest import Listening
from tests.waiting import HANGS_S, until

pytestmark = pytest.mark.bench

CODES = (4006, 4009, 4006)
VOICE = 0x78


async def seconds_away(line):
    """For each time that the session is forgotten: until the next packet of voice."""
    intents = discord.Intents.none()
    intents.guilds = intents.voice_states = True
    bot = discord.Client(intents=intents)
    bot.before_identify_hook = at_once
    async with LocalDiscord() as sim:
        guild = sim.guild("Test")
        lounge, ana = guild.voice_channel("Lounge"), guild.member("Ana")
        async with sim.connect(bot):
            link = await bot.get_channel(lounge.id).connect(cls=line, timeout=HANGS_S)
            came = []

            def hear(data):
                if data[1] == VOICE:
                    came.append(time.perf_counter())

            link._connection.add_socket_listener(hear)
            call = await ana.joins(lounge)
            noise = np.random.default_rng(0).uniform(-0.3, 0.3, 48_000).astype(np.float32)
            await call.plays(np.tile(noise, 200), wait=False)
            away = []
            for code in CODES:
                heard = len(came)
                await until(lambda n=heard: len(came) > n + 50)
                await sim.voice.close(guild, code)
                heard, broke_s = len(came), time.perf_counter()
                await until(lambda n=heard: len(came) > n + 5, within=100)
                away.append(came[heard + 5] - broke_s)
            call.stops()
            link._connection.timeout = 1.0
            await link.disconnect(force=True)
    return away


@pytest.mark.timeout(900)
async def test_how_soon_it_hears_again():
    ours = await seconds_away(
        DiscordVoiceClient.factory(may_hear=lambda _: True, on_fault=print, now=time.monotonic)
    )
    theirs = await seconds_away(Listening)
    for name, away in (("ours", ours), ("discord.py's", theirs)):
        print(f"\n{name}: " + ", ".join(f"{one:.2f} s" for one in away), end="")
    assert np.median(ours) < np.median(theirs)
