"""A local Discord and two people, for stories that go over several cogs."""

import pytest

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
def ben(guild, channel):
    return guild.member("Ben", locale="en-US")
