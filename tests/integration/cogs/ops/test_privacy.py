"""What people can ask for about their own data."""

# mypy: ignore-errors

import asyncio
import json

import pytest

from bot.contract import System, factory
from bot.errors import JobCancelled
from bot.jobs.place import JobPlace
from bot.jobs.view import Requester
from bot.store.records import Minute, Role, StoredMessage
from cogs.ops._export import packed


def said(person, channel, words, number=1):
    return StoredMessage(
        message_id=number,
        conversation_id=number,
        person_id=person.id,
        author_id=person.id,
        author_name=person.user.name,
        role=Role.USER,
        content=words,
        created_at_ms=0,
        guild_id=None,
    )


class Face:
    """Notes what a job's person would have seen."""

    def __init__(self):
        self.working = asyncio.Event()
        self.ended = None

    async def started(self, journal_id):
        """Not of interest."""

    def update(self, update):
        if update.response is not None:
            self.working.set()

    async def refresh(self):
        """Not of interest."""

    async def done(self, response):
        self.ended = response

    async def failed(self, error):
        self.ended = error


@pytest.fixture
async def building(deck, channel, ana):
    """A build of Ana's that never ends by itself."""
    face = Face()
    requester = Requester(
        user_id=ana.id,
        user_name="Ana",
        channel_id=channel.id,
        guild_id=None,
        locale="es-ES",
        system=System.DECK,
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(
            deck.runner.perform(
                factory.build("a word counter", source=requester.source),
                requester=requester,
                place=JobPlace(channel_id=channel.id),
                title="a word counter",
                view=face,
            )
        )
        await face.working.wait()
        yield face
        await deck.runner.stop_all_of(ana.id)


async def test_the_export_is_a_file_that_only_they_see(sim, deck, channel, ana, ben, building):
    await deck.store.conversations.add(said(ana, channel, "¿Qué hora es?"))
    await deck.store.conversations.add(said(ben, channel, "hello", number=2))
    reply = await ana.slash("/privacidad exportar")
    await reply.done()
    assert "1 mensaje y 1 trabajo" in reply.text
    assert reply.ephemeral
    document = json.loads(reply.message.file("skydeck-data.json").data)
    assert document["user_id"] == str(ana.id)
    assert [m["content"] for m in document["messages"]] == ["¿Qué hora es?"]
    assert [j["title"] for j in document["jobs"]] == ["a word counter"]
    assert not sim.problems


async def test_what_is_too_large_for_discord_is_said(sim, deck, channel, ben):
    channel.guild.upload_limit_bytes = 10
    reply = await ben.slash("/privacy export")
    await reply.done()
    assert "too large for one Discord file" in reply.text
    assert not sim.problems


async def test_forget_stops_jobs_then_deletes_everything(sim, deck, channel, ana, ben, building):
    await deck.store.conversations.add(said(ana, channel, "¿Qué hora es?"))
    await deck.store.conversations.add(said(ben, channel, "hello", number=2))
    await deck.store.minutes.add(Minute(channel.guild.id, channel.id, ana.id, "Ana", "Ajá.", 1))
    reply = await ana.slash("/privacidad olvidar")
    assert reply.ephemeral
    await ana.clicks("Borrarlo todo", on=reply)
    told = await ana.sees("He borrado 1 mensaje y 1 trabajo")
    assert "1 línea de lo que dijiste en canales de voz" in told.text
    assert not reply.message.buttons
    assert isinstance(building.ended, JobCancelled)
    document = await deck.store.privacy.export(ana.id)
    assert document["messages"] == document["jobs"] == []
    assert await deck.store.conversations.get(2) is not None
    assert not sim.problems


async def test_forget_can_be_thought_better_of(sim, deck, channel, ben):
    await deck.store.conversations.add(said(ben, channel, "hello"))
    reply = await ben.slash("/privacy forget", ben.dm)
    await ben.clicks("Cancel", on=reply)
    assert reply.text == "Nothing was changed."
    assert not reply.message.buttons
    assert await deck.store.conversations.get(1) is not None
    assert not sim.problems


def test_data_over_the_limit_are_packed():
    document = {"messages": [{"content": "hello " * 1000}]}
    plain = packed(document, 10_000)
    assert (plain.name, plain.fits) == ("skydeck-data.json", True)
    assert json.loads(plain.data) == document
    small = packed(document, 1_000)
    assert (small.name, small.fits) == ("skydeck-data.zip", True)
    assert not packed(document, 100).fits
