"""Builds whose thread, channel or server is deleted while they run."""

import logging

import pytest

from bot.discord_client import COGS
from tests.fakes.discord_bot import made
from tests.virtual_time import settle
from tests.waiting import until


@pytest.fixture
def cogs():
    return COGS


@pytest.fixture(autouse=True)
def no_error(caplog):
    yield
    assert [r.message for r in caplog.records if r.levelno >= logging.ERROR] == []


async def begun(ben, channel, factory):
    """A build under way, and its thread."""
    factory.go.clear()
    await ben.slash("/factory build", channel, task="a secret")
    thread = await ben.sees_thread("a secret")
    await ben.sees("reviewing", thread)
    return thread


async def is_closed(bot):
    jobs = await bot.store.jobs.listing()
    return jobs and all(job.finished_at_ms for job in jobs)


def own(sim, channel):
    return [m for m in channel.messages.values() if m.author == sim.bot and not m.deleted]


async def test_without_its_thread_a_build_comes_to_its_channel(
    sim, deck, guild, channel, ben, factory
):
    """Its request is in the channel, which stays."""
    thread = await begun(ben, channel, factory)
    guild.removes(thread)
    await settle()
    factory.go.set()
    shown = await ben.sees("ran and passed", channel)
    assert shown.file("fizz.py")
    assert not own(sim, ben.dm)


@pytest.mark.parametrize("goes", ["channel", "server"])
async def test_without_its_channel_a_build_is_stopped(
    sim, deck, guild, channel, ben, factory, goes
):
    await begun(ben, channel, factory)
    if goes == "channel":
        guild.removes(channel)
    else:
        guild.removes_bot()
    await settle()
    assert not deck.runner._running
    if goes == "channel":
        assert not own(sim, ben.dm)
    else:
        await ben.sees("Stopped", ben.dm)
    assert "secret" not in str(await deck.store.privacy.export(ben.id))


async def test_a_build_whose_channel_went_between_two_processes(
    sim, guild, channel, ben, base_url, tmp_path, cogs, factory
):
    where = {"cogs": cogs, "lease_ms": 600}
    async with made(base_url, tmp_path / "x.db", **where) as bot, sim.connect(bot):
        await begun(ben, channel, factory)
    guild.removes(channel)
    async with made(base_url, tmp_path / "x.db", **where) as bot, sim.connect(bot):
        await until(lambda: is_closed(bot))
        [job] = await bot.store.jobs.listing()
        assert (job.ending, job.title) == ("cancelled", "")
        assert await bot.store.jobs.request(job.journal_id) is None
    assert not own(sim, ben.dm)


async def test_a_build_that_waits_for_its_turn(sim, deck, guild, channel, ben, factory, ana):
    other = guild.channel("other")
    await begun(ben, channel, factory)
    await ana.slash("/factory build", other, task="another")
    await ana.sees_thread("another")
    guild.removes(other)
    await settle()
    assert len(deck.runner._running) == 1
    factory.go.set()
    await until(lambda: is_closed(deck))
    assert factory.tasks == ["a secret"]
    assert not own(sim, ana.dm)
