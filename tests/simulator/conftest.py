"""What the simulator's own tests share."""

import discord
import pytest
from discord.ext import commands

from tests.simulator import Simulator


@pytest.fixture
async def sim():
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def guild(sim):
    return sim.guild("Test")


@pytest.fixture
def channel(guild):
    return guild.channel("general")


@pytest.fixture
def ana(guild, channel):
    return guild.member("Ana", locale="es-ES")


@pytest.fixture
def bot():
    return commands.Bot("!", intents=discord.Intents.all(), help_command=None)
