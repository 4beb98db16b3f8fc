"""A build in a process that has given its shard away: who presses Cancel asks another process."""

import asyncio
import contextlib

import pytest

from bot.cluster import identify_limiter, shard_keeper
from bot.settings import Settings
from tests.fakes.discord_bot import made
from tests.waiting import until


@pytest.fixture
async def two(monkeypatch, postgres, base_url, cogs, sim, guild, channel):
    """Gives two processes; the first one has the shard until it ends its share."""
    monkeypatch.setattr(shard_keeper, "BEAT_S", 0.2)
    monkeypatch.setattr(identify_limiter, "IDENTIFY_EVERY_MS", 300)
    url = await postgres.clean()
    settings = Settings(
        _env_file=None, skydeck_shards="auto/1", skydeck_farewell_s=0, skydeck_builds_per_guild=1
    )
    async with contextlib.AsyncExitStack() as stack:
        bots = [
            await stack.enter_async_context(made(base_url, url, settings=settings, cogs=cogs))
            for _ in range(2)
        ]
        await stack.enter_async_context(sim.connect(bots[0]))

        async def hand_over():
            ending = asyncio.create_task(bots[0].membership.end())
            await stack.enter_async_context(sim.connect(bots[1]))
            await ending

        yield *bots, hand_over


async def test_cancel_reaches_it(sim, two, ben, channel, factory):
    _, _, hand_over = two
    factory.go.clear()
    await ben.slash("/factory build", channel, task="fizz")
    thread = await ben.sees_thread("fizz")
    shown = await ben.sees("reviewing", thread)
    await hand_over()
    await ben.clicks("Cancel", on=shown)
    await ben.sees("Stopped.", thread)
    await factory.until_idle()
    assert not sim.problems


async def test_to_be_forgotten_reaches_it(sim, two, ben, channel, factory):
    _, second, hand_over = two
    factory.go.clear()
    await ben.slash("/factory build", channel, task="fizz")
    await ben.sees("reviewing", await ben.sees_thread("fizz"))
    await hand_over()
    await second.remote_jobs.stop_all_of(ben.id)
    assert await second.store.jobs.listing(user_id=ben.id, unfinished=True) == []
    await factory.until_idle()


async def test_it_takes_up_room(sim, two, ben, channel, factory, monkeypatch):
    _, second, hand_over = two
    factory.gates = {task: asyncio.Event() for task in ("fizz", "buzz")}
    await ben.slash("/factory build", channel, task="fizz")
    await ben.sees("reviewing", await ben.sees_thread("fizz"))
    await hand_over()
    queue, looks = second.get_cog("Factory").queue, []
    really_look = queue.elsewhere

    async def look(*whose):
        looks.append(await really_look(*whose))
        return looks[-1]

    monkeypatch.setattr(queue, "elsewhere", look)
    await ben.slash("/factory build", channel, task="buzz")
    buzz = await ben.sees_thread("buzz")
    await until(lambda: len(looks) > 2)
    assert set(looks) == {1}
    assert factory.tasks == ["fizz"]
    factory.gates["fizz"].set()
    await ben.sees("reviewing", buzz, ever=True)
    assert factory.most_at_once == 1
    factory.gates["buzz"].set()
    await ben.sees("ran and passed", buzz, ever=True)
    assert not sim.problems
