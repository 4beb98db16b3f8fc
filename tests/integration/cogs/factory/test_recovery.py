"""The bot dies, another takes over, and the same message has the result."""

import asyncio
import contextlib
import sqlite3
from contextlib import closing

import pytest

from bot.clock import SystemClock
from bot.settings import Settings
from bot.store.repositories.recovery import Ending
from cogs.factory._job_view import FactoryJobView
from tests.fakes.discord_bot import made
from tests.virtual_time import settle

LEASE_MS = 600
DEADLINE_S = 60
SETTINGS = Settings(_env_file=None, skydeck_builds_per_guild=1)


@pytest.fixture
def start(sim, guild, channel, base_url, tmp_path, cogs):
    """Bots on the same database, one after the other."""

    @contextlib.asynccontextmanager
    async def start():
        making = made(
            base_url,
            tmp_path / "skydeck.db",
            cogs=cogs,
            settings=SETTINGS,
            lease_ms=LEASE_MS,
            deadline_s=DEADLINE_S,
        )
        async with making as bot, sim.connect(bot):
            yield bot

    return start


async def test_the_next_process_goes_on_in_the_same_message(sim, start, ben, factory):
    factory.go.clear()
    async with start():
        await ben.slash("/factory build", task="fizz")
        thread = await ben.sees_thread("fizz")
        shown = await ben.sees("reviewing", thread)
    async with start():
        reply = await ben.slash("/factory jobs", thread)
        assert "running" in reply.text
        factory.go.set()
        again = await ben.sees("ran and passed", thread)
        assert again is shown
        assert again.file("fizz.py")
        dialog = await ben.clicks("Refine", on=again)
        await ben.submits(dialog, {"What to change": "more"})
        await ben.sees(lambda m: m is not again and "ran and passed" in m.text, thread)
    assert factory.tasks[0] == "fizz"
    assert len(factory.requests) == 2
    assert not sim.problems


async def left_in_a_group(sim, start, ben, factory):
    """A build that Ben began in a group, where the bot is a guest, and whose process has ended."""
    sim.install(ben)
    group = sim.group("Trip", ben, sim.user("Carl"))
    factory.go.clear()
    async with start():
        reply = await ben.slash("/factory build", group, task="fizz")
        await ben.sees("reviewing", group)
    return group, reply


async def test_where_it_is_only_a_guest_the_next_process_answers_by_the_interaction(
    sim, start, ben, factory
):
    group, reply = await left_in_a_group(sim, start, ben, factory)
    async with start():
        factory.go.set()
        shown = await ben.sees("ran and passed", group)
        assert shown is reply.message
        assert shown.file("fizz.py")
    assert not ben.reads(ben.dm)
    assert not sim.problems


async def test_where_the_interaction_has_ended_the_next_process_sends_it_directly(
    sim, start, ben, factory
):
    _, reply = await left_in_a_group(sim, start, ben, factory)
    reply.expire()
    async with start():
        factory.go.set()
        assert (await ben.sees("ran and passed", ben.dm)).file("fizz.py")


async def test_who_waited_for_a_turn_waits_again_and_is_sent_once(sim, start, ana, ben, factory):
    factory.go.clear()
    async with start():
        await ben.slash("/factory build", task="first")
        first = await ben.sees_thread("first")
        await ben.sees("reviewing", first)
        await ana.slash("/factory build", ben.here, task="second")
        second = await ana.sees_thread("second")
        waiting = await ana.sees("puesto 1", second)
    assert factory.tasks == ["first"]
    async with start():
        await settle()  # it has both again
        factory.go.set()
        await ben.sees("ran and passed", first)
        assert await ana.sees("funciona", second) is waiting
    assert factory.tasks == ["first", "second"]
    assert not sim.problems


async def test_who_waited_for_too_long_is_told(sim, start, ana, ben, factory, monkeypatch):
    factory.go.clear()
    async with start():
        await ben.slash("/factory build", task="first")
        await ben.sees("reviewing", await ben.sees_thread("first"))
        await ana.slash("/factory build", ben.here, task="second")
        second = await ana.sees_thread("second")
        await ana.sees("puesto 1", second)
    real = SystemClock.wall
    monkeypatch.setattr(SystemClock, "wall", lambda clock: real(clock) + DEADLINE_S + 1)
    async with start():
        await ana.sees("Me están reiniciando", second)
    assert factory.tasks == ["first"]
    assert not sim.problems


async def test_a_thread_that_was_opened_but_not_noted_is_found_again(
    sim, start, channel, ana, ben, factory
):
    factory.go.clear()
    async with start() as bot:
        await ben.slash("/factory build", task="first")
        await ben.sees("reviewing", await ben.sees_thread("first"))
        reply = await ana.slash("/factory build", channel, task="second")
        second = await ana.sees_thread("second")
        shown = await ana.sees("puesto 1", second)
        job = (await bot.store.jobs.listing(user_id=ana.id))[0]
        before = {"channel": str(channel.id), "message": str(reply.message.id)}
        place = {**job.place, **before, "opens_thread": True}
        assert await bot.store.jobs.shown(job.journal_id, place, waits=True)
    async with start():
        factory.go.set()
        assert await ana.sees("funciona", second) is shown
    assert len([m for m in ana.reads(second) if m.embeds]) == 1
    assert factory.tasks == ["first", "second"]
    assert [problem.code for problem in sim.problems] == [160004]  # so it learned that it is there


async def test_a_message_that_was_deleted_meanwhile_comes_anew(sim, start, guild, ben, factory):
    factory.go.clear()
    async with start():
        await ben.slash("/factory build", task="fizz")
        thread = await ben.sees_thread("fizz")
        shown = await ben.sees("reviewing", thread)
    await guild.owner().deletes(shown)
    async with start():
        factory.go.set()
        anew = await ben.sees("ran and passed", thread)
    assert anew is not shown
    assert anew.file("fizz.py")
    assert [problem.code for problem in sim.problems] == [10008]


async def test_an_end_stays_though_its_lease_runs_out_as_it_is_shown(
    sim, start, ben, factory, tmp_path, monkeypatch
):
    """As after a laptop's sleep: jobs end while the journal is searched for orphans."""
    show, searching = FactoryJobView.done, []

    async def done(view, response):
        await show(view, response)
        with closing(sqlite3.connect(tmp_path / "skydeck.db")) as connection, connection:
            connection.execute("UPDATE jobs SET lease_until_ms = 1")
        searching.append(asyncio.ensure_future(view.bot.runner.recovery.run()))
        await asyncio.sleep(0)  # until the search is under way

    monkeypatch.setattr(FactoryJobView, "done", done)
    async with start() as bot:
        await ben.slash("/factory build", task="fizz")
        thread = await ben.sees_thread("fizz")
        shown = await ben.sees("ran and passed", thread)
        edits = len(shown.revisions)
        await settle()
        [job] = await bot.store.jobs.listing()
        searching[0].cancel()
    assert job.ending is Ending.COMPLETED
    assert "ran and passed" in shown.text
    assert len(shown.revisions) == edits
    assert len(searching) == 1
    assert not sim.problems


async def left_waiting(start, ana, ben, channel, tmp_path):
    """A build that waited for its turn when its process went; its number and first answer."""
    async with start() as bot:
        await ben.slash("/factory build", channel, task="first")
        await ben.sees("reviewing", await ben.sees_thread("first"))
        reply = await ana.slash("/factory build", channel, task="second")
        await ana.sees("puesto 1", await ana.sees_thread("second"))
        job = (await bot.store.jobs.listing(user_id=ana.id))[0]
        place = {**job.place, "channel": str(channel.id), "message": "0"}
        assert await bot.store.jobs.shown(job.journal_id, place, waits=True)
        with closing(sqlite3.connect(tmp_path / "skydeck.db")) as connection, connection:
            connection.execute(
                "UPDATE jobs SET reply_token = ? WHERE journal_id = ?",
                (reply.interaction.token, job.journal_id),
            )
    return job.journal_id, reply


async def test_an_answer_that_was_given_but_not_noted_is_found_again(
    sim, start, channel, ana, ben, factory, tmp_path
):
    factory.go.clear()
    _, reply = await left_waiting(start, ana, ben, channel, tmp_path)
    async with start():
        factory.go.set()
        assert await ana.sees("funciona", channel) is reply.message
    assert factory.tasks == ["first", "second"]
    assert not sim.problems


async def test_what_was_never_answered_is_never_sent(
    sim, start, channel, ana, ben, factory, tmp_path
):
    factory.go.clear()
    number, reply = await left_waiting(start, ana, ben, channel, tmp_path)
    reply.expire()  # Discord has told the person that nobody responded
    async with start() as bot:
        factory.go.set()
        async with asyncio.timeout(10):
            while (await bot.store.jobs.get(number)).ending is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (await bot.store.jobs.get(number)).detail == "no_place"
    assert factory.tasks == ["first"]
    assert {problem.message for problem in sim.problems} == {"Invalid Webhook Token"}


async def test_a_build_that_is_taken_nowhere_waits_with_its_files(sim, start, guild, ben, factory):
    factory.go.clear()
    async with start() as bot:
        await ben.slash("/factory build", task="fizz")
        await ben.sees("reviewing", await ben.sees_thread("fizz"))
        for method in ("PATCH", "POST"):
            route = f"{method} /channels/{{channel_id}}/messages"
            sim.fail(route, 403, code=50013, times=1000)
        factory.go.set()
        [job] = await bot.store.jobs.listing(user_id=ben.id)
        async with asyncio.timeout(10):
            while (await bot.store.jobs.get(job.journal_id)).ending is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    sim.heal()
    async with start():
        listed = await ben.slash("/jobs")
        shown = await ben.selects(str(job.journal_id), on=listed)
        built = await shown.done()
    assert shown.ephemeral
    assert "ran and passed" in built.text
    assert built.file("fizz.py")
    assert len(factory.requests) == 1
