"""Penny under a script, and what people see of her answers."""

import asyncio
import base64

import pytest

from bot.contract import Audio, Output, Response, Service, Status
from tests.fakes.handlers import Scripted, completed, partial

WHOLE = "The end of it all. " + "x" * 2500 + " really."


class Penny:
    """Begins to answer, and ends when she is let; with a sound where there is one."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.asked = 0
        self.answer = WHOLE
        self.sound: bytes | None = None

    async def __call__(self, request):
        self.asked += 1
        yield partial("The end ")
        await self.go_on.wait()
        if self.sound is None:
            yield completed(self.answer)
        else:
            audio = Audio(data=base64.b64encode(self.sound).decode(), format="ogg", text="Hello.")
            output = Output(type="audio", audio=audio)
            yield Response(status=Status.COMPLETED, output=output)


@pytest.fixture
def penny():
    return Penny()


@pytest.fixture
def handlers(penny):
    return {"penny": Scripted(penny, service=Service.PENNY)}


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.jobs")


def own(person, channel, bot):
    """The bot's messages in a channel."""
    return [m for m in person.reads(channel) if m.author == bot]


async def ended(deck, person):
    """The job, when the journal says that it has ended."""
    for _ in range(400):
        jobs = await deck.store.jobs.listing(user_id=person.id)
        if jobs and jobs[0].ending is not None:
            return jobs[0]
        await asyncio.sleep(0.05)
    raise AssertionError("the job has not ended")
