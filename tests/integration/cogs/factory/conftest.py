"""The factory cog on the real bot, with a scripted Factory."""

import pytest

from bot.contract import Service
from tests.cogs.factory.scripts import Factory
from tests.fakes.handlers import Scripted


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.factory")


@pytest.fixture
def factory():
    """What the Factory does."""
    return Factory()


@pytest.fixture
def handlers(factory):
    return {"factory": Scripted(factory, service=Service.FACTORY)}
