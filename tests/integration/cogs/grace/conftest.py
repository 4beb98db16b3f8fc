"""The grace cog on services that note what they are asked, and answer as the test says."""

import pytest

from bot.contract import Service
from bot.workers.protocols import Delivery
from tests.fakes.handlers import Scripted, echo, hang


class Desk:
    """What was asked of a service, and what it answers: at first, the words themselves."""

    def __init__(self):
        self.asked = []
        self.answer = echo

    async def __call__(self, request):
        self.asked.append(request)
        async for response in self.answer(request):
            yield response

    @property
    def last(self):
        return self.asked[-1]


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.grace")


@pytest.fixture
def grace():
    return Desk()


@pytest.fixture
def penny():
    return Desk()


@pytest.fixture
def handlers(grace, penny):
    return {
        "grace": Scripted(grace, service=Service.GRACE, delivery=Delivery.REPLY),
        "penny": Scripted(penny, service=Service.PENNY),
        "factory": Scripted(hang, service=Service.FACTORY),
    }
