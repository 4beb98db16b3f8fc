"""Fixtures for a local Discord, two people, and the bot on scripted services.

A module overrides the fixture `handlers` (endpoint id to handler) to script the services, and
`cogs` to choose what the bot loads. By default Penny and Grace echo, and the Factory hangs.
"""

import sys

import pytest


@pytest.fixture(autouse=True)
def _as_discord_wishes(request):
    """Fail if a bot used a deprecated feature, or violated Discord's published API description."""
    yield
    breaches = sys.modules.get("local_discord.breaches")
    noted = breaches.taken() if breaches else []
    if noted and not request.node.get_closest_marker("breaches"):
        pytest.fail("\n".join(noted), pytrace=False)


@pytest.fixture
async def sim(request):
    """Import here and below, not at the top: most tests need no Discord, and it takes a second."""
    from local_discord import PATIENCE, LocalDiscord
    from tests.virtual_time import is_virtual

    # In real time a busy machine would decide whether an answer arrives within three seconds.
    async with LocalDiscord(
        answer_seconds=None if is_virtual(request.node) else PATIENCE
    ) as simulator:
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
    from bot.contract import Service
    from tests.fakes.handlers import Scripted, echo, hang, spell

    return {
        "penny": Scripted(spell, service=Service.PENNY),
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(hang, service=Service.FACTORY),
    }


@pytest.fixture
async def base_url(handlers):
    from tests.fakes.discord_bot import serving

    async with serving(handlers) as url:
        yield url


@pytest.fixture
def cogs():
    from bot.discord_client import COGS

    return COGS


@pytest.fixture
async def deck(sim, guild, channel, base_url, tmp_path, cogs):
    """The bot, online."""
    from tests.fakes.discord_bot import made

    async with made(base_url, tmp_path / "skydeck.db", cogs=cogs) as bot, sim.connect(bot):
        yield bot
