"""What is asked for in a sentence reaches Grace and the Factory, by our own Penny."""

import pytest

from bot.contract import Service
from bot.workers.protocols import Delivery
from tests.fakes.handlers import Scripted
from tests.integration.cogs.chat.actions.services import Grace, Penny
from tests.integration.cogs.factory.scripts import Factory


@pytest.fixture
def penny():
    return Penny()


@pytest.fixture
def grace():
    return Grace()


@pytest.fixture
def factory():
    return Factory()


@pytest.fixture
def handlers(penny, grace, factory):
    return {
        "penny": penny,
        "grace": Scripted(grace, service=Service.GRACE, delivery=Delivery.REPLY),
        "factory": Scripted(factory, service=Service.FACTORY),
    }


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.grace", "cogs.factory", "cogs.jobs")
