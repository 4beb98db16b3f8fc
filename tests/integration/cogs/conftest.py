"""A local Discord, two people, and the bot on scripted services.

`services` is a dict of handlers by endpoint id that a test module may override by its own fixture
`handlers`; by default Penny and Grace echo, and the Factory hangs.
"""

import pytest

from bot.client import COGS
from bot.contract import Service
from tests.fakes.discord_bot import made, serving
from tests.fakes.handlers import Scripted, echo, hang, spell
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


@pytest.fixture
def handlers():
    """Endpoint id to handler: what a test module overrides to script the services."""
    return {
        "penny": Scripted(spell, service=Service.PENNY),
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(hang, service=Service.FACTORY),
    }


@pytest.fixture
async def base_url(handlers):
    async with serving(handlers) as url:
        yield url


@pytest.fixture
def cogs():
    """Which cogs the bot loads."""
    return COGS


@pytest.fixture
async def deck(sim, guild, channel, base_url, tmp_path, cogs):
    """The bot, online."""
    async with made(base_url, tmp_path / "skydeck.db", cogs=cogs) as bot, sim.connect(bot):
        yield bot
