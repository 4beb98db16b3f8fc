"""Several builds at once, in turn; their list, and their end."""

import asyncio

import pytest

from bot.settings import Settings
from local_discord import Permission
from tests.fakes.discord_bot import made


@pytest.fixture
def cleo(guild, channel):
    return guild.member("Cleo", locale="en-GB")


@pytest.fixture
async def deck(sim, guild, channel, base_url, tmp_path, cogs):
    """The bot, which lets a server build one thing at a time."""
    settings = Settings(_env_file=None, skydeck_builds_per_guild=1)
    making = made(base_url, tmp_path / "skydeck.db", cogs=cogs, settings=settings)
    async with making as bot, sim.connect(bot):
        yield bot


async def order(person, task, factory):
    """Ask for a build that ends when its gate is opened."""
    factory.gates.setdefault(task, asyncio.Event())
    await person.slash("/factory build", person.here, task=task)
    return await person.sees_thread(task)


async def test_three_people_take_turns(sim, deck, channel, ana, ben, cleo, factory):
    asked = [(ana, "a1"), (ana, "a2"), (ana, "a3"), (ben, "b1"), (cleo, "c1"), (cleo, "c2")]
    threads = {}
    for person, task in asked:
        threads[task] = await order(person, task, factory)
        words = "buscando fallos" if task == "a1" else None
        words = words or ("En la cola" if person is ana else "Queued on this server")
        await person.sees(words, threads[task])
    places = {"a2": 1, "b1": 2, "c1": 3, "a3": 4, "c2": 5}
    for person, task in asked[1:]:
        words = "puesto" if person is ana else "number"
        await person.sees(f"{words} {places[task]}", threads[task], ever=True)
    for task in ("a1", "a2", "b1", "c1", "a3", "c2"):
        person = next(p for p, t in asked if t == task)
        await person.sees("fallos" if person is ana else "reviewing", threads[task], ever=True)
        factory.gates[task].set()
        done = "funciona" if person is ana else "ran and passed"
        await person.sees(done, threads[task], ever=True)
    assert factory.tasks == ["a1", "a2", "b1", "c1", "a3", "c2"]
    assert factory.most_at_once == 1
    assert not sim.problems


async def test_another_server_does_not_wait(sim, deck, ben, factory):
    await order(ben, "here", factory)
    elsewhere = sim.guild("Elsewhere")
    there = elsewhere.channel("general")
    dan = elsewhere.member("Dan")
    await dan.slash("/factory build", there, task="there")
    thread = await dan.sees_thread("there")
    await dan.sees("In the service's queue", thread)  # which works on one thing at a time
    factory.gates["here"].set()
    await dan.sees("ran and passed", thread)
    assert not sim.problems


async def test_cancel_in_the_queue_never_sends_it(sim, deck, ben, cleo, factory):
    first = await order(ben, "first", factory)
    second = await order(cleo, "second", factory)
    waiting = await cleo.sees("number 1", second)
    await cleo.clicks("Cancel", on=waiting)
    await cleo.sees("Stopped.", second)
    factory.gates["first"].set()
    await ben.sees("ran and passed", first)
    assert factory.tasks == ["first"]
    assert not sim.problems


async def test_the_list_of_builds(sim, deck, guild, channel, ben, cleo, factory):
    reply = await ben.slash("/factory jobs")
    assert "There are no builds yet" in reply.text
    thread = await order(ben, "**first**", factory)
    await cleo.sees("number 1", await order(cleo, "second", factory))
    secret = guild.channel("secret")
    guild.deny(secret, cleo.user, Permission.VIEW_CHANNEL)
    await ben.slash("/factory build", secret, task="hidden from cleo")
    await ben.sees("number 2", await ben.sees_thread("hidden from cleo"))
    factory.gates["**first**"].set()
    await ben.sees("ran and passed", thread)
    reply = await cleo.slash("/factory jobs", channel)
    assert reply.ephemeral
    lines = reply.text.splitlines()
    assert "\\*\\*first\\*\\*" in reply.text
    assert f"<@{ben.id}>" in reply.text
    assert f"/channels/{guild.id}/{thread.id}/" in reply.text
    second = next(line for line in lines if "second" in line)
    assert "running" in second
    assert "hidden from cleo" not in reply.text
    assert "and 1 in places you can't see" in reply.text
    reply = await ben.slash("/factory jobs", channel)
    assert "hidden from cleo" in reply.text
    assert "queued" in reply.text
    assert not sim.problems


async def test_cancel_by_command(sim, deck, guild, channel, ana, ben, factory):
    boss = guild.member("Boss", roles=(guild.role("mod", Permission.MANAGE_MESSAGES),))
    thread = await order(ben, "a long thing", factory)
    shown = await ben.sees("reviewing", thread)
    assert await ana.autocompletes("/factory cancel", "job", "", channel) == []
    offered = await boss.autocompletes("/factory cancel", "job", "LONG", channel)
    assert [choice["name"] for choice in offered] == ["a long thing · running"]
    assert await boss.autocompletes("/factory cancel", "job", "short", channel) == []
    number = offered[0]["value"]
    reply = await ana.slash("/factory cancel", channel, job=number)
    assert "gestiona los mensajes" in reply.text
    for nonsense in ("none", "9" * 30, "999"):
        reply = await ben.slash("/factory cancel", channel, job=nonsense)
        assert "I can't find that build" in reply.text
    reply = await ben.slash("/factory cancel", channel, job=number)
    assert reply.ephemeral
    assert reply.text == "Done."
    await ben.sees(lambda m: m.id == shown.id and "Stopped." in m.text, thread, ever=True)
    async with asyncio.timeout(5):
        while "already finished" not in reply.text:
            reply = await ben.slash("/factory cancel", channel, job=number)
    assert not sim.problems


async def test_a_list_in_direct_messages_has_ones_own(sim, deck, ana, ben, factory):
    await ben.slash("/factory build", ben.dm, task="mine")
    await ben.sees("ran and passed", ben.dm)
    reply = await ben.slash("/factory jobs", ben.dm)
    assert "mine" in reply.text
    assert "/channels/@me/" in reply.text
    reply = await ana.slash("/factory jobs", ana.dm)
    assert "mine" not in reply.text
    assert not sim.problems
