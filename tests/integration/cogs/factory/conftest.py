"""The factory cog on the real bot, with a scripted Factory."""

import pytest

from bot.contract import Service
from tests.fakes.handlers import Scripted
from tests.integration.cogs.factory.scripts import Factory


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.factory", "cogs.jobs")


@pytest.fixture
def factory():
    """What the Factory does."""
    return Factory()


@pytest.fixture
def handlers(factory):
    return {"factory": Scripted(factory, service=Service.FACTORY)}
