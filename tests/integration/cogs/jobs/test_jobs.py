"""`/jobs`: everything of a person's own, of all three services."""

# mypy: ignore-errors

import asyncio

import pytest

from bot.contract import Service
from bot.workers.protocols import Delivery
from tests.fakes.handlers import Scripted, completed, hang


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.grace", "cogs.factory", "cogs.jobs")


@pytest.fixture
def gate():
    return asyncio.Event()


@pytest.fixture
def handlers(gate):
    async def grace(_request):
        await gate.wait()
        yield completed("a summary")

    async def penny(_request):
        yield completed("an answer")

    return {
        "grace": Scripted(grace, service=Service.GRACE, delivery=Delivery.REPLY),
        "penny": Scripted(penny, service=Service.PENNY),
        "factory": Scripted(hang, service=Service.FACTORY),
    }


async def test_what_runs_and_what_is_done_with_links(sim, deck, guild, channel, ana, ben, gate):
    await ben.slash("/ask", question="why is the sky blue?")
    answer = await ben.sees("an answer")
    await ben.slash("/grace summarize", text="The ferry leaves at eight.")
    summary = await ben.sees(lambda m: "Stop" in m.buttons)
    await ben.slash("/factory build", task="a dice roller")
    await ben.sees_thread("a dice roller")
    listed = await ben.slash("/jobs")
    assert listed.ephemeral
    running, done = listed.text.split("**Done in the last 24 hours**")
    assert "Summary · “The ferry leaves at eight.” · Grace" in running
    assert f"https://discord.com/channels/{guild.id}/{channel.id}/{summary.id}" in running
    assert "a dice roller · Factory" in running
    assert "Penny" in done
    assert f"https://discord.com/channels/{guild.id}/{channel.id}/{answer.id}" in done
    theirs = await ana.slash("/trabajos")
    assert "ferry" not in theirs.text
    gate.set()
    assert not sim.problems


async def test_any_of_them_can_be_cancelled_there(sim, deck, ana, ben):
    await ben.slash("/grace summarize", text="The ferry leaves at eight.")
    await ben.sees(lambda m: "Stop" in m.buttons)
    await ben.slash("/factory build", task="a dice roller")
    await ben.sees_thread("a dice roller")
    listed = await ben.slash("/jobs")
    [summary] = [
        job for job in await deck.store.jobs.listing(unfinished=True) if job.service == "GRACE"
    ]
    await ben.selects(str(summary.journal_id), on=listed, menu="Cancel a job")
    await ben.sees("Stopped")
    assert "ferry" not in listed.message.text.split("**Done")[0]
    assert "a dice roller" in listed.message.text
    assert not sim.problems


async def test_nothing_is_said_so(sim, deck, ana, ben):
    listed = await ana.slash("/trabajos")
    assert "No tienes nada en marcha" in listed.text
    assert not listed.message.components
