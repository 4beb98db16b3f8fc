"""What the bot and discord.py send, held against Discord's own description of its API."""

import json
import os
from pathlib import Path

import discord
import pytest

from bot.contract import Service
from local_discord import File, Permission
from local_discord.description import VARIABLE, description
from local_discord.openapi import Description
from local_discord.tolerances import TOLERANCES, UNLIKE
from tests.fakes.handlers import Scripted, echo, spell
from tests.integration.cogs.factory.scripts import Factory

pytestmark = pytest.mark.skipif(
    VARIABLE not in os.environ, reason=f"{VARIABLE} does not name Discord's description of its API"
)


@pytest.fixture
def handlers():
    return {
        "penny": Scripted(spell, service=Service.PENNY),
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(Factory(), service=Service.FACTORY),
    }


async def test_a_broad_set_of_requests_is_as_discord_describes_it(
    sim, deck, guild, channel, ana, ben, capsys
):
    await talk(channel, ana, ben)
    await ask_grace(channel, guild.member("Cleo"), guild.member("Dan"))
    await build(channel, guild.member("Eve"))
    await look_after(guild, channel, ben)
    await by_library(sim, deck, guild, channel, ana)
    operations = {
        operation.name
        for call in sim.log.calls
        if (operation := description().find(call.method, call.path))
    }
    with capsys.disabled():
        print(f"\n{len(sim.log.calls)} requests of {len(operations)} operations held")
    assert len(operations) >= 40
    assert not sim.problems
    assert_each_tolerance_is_met(sim.log.calls)
    assert_answers_are_as_described(sim.log.calls)


async def talk(channel, ana, ben):
    await ben.says("@Alfred hello there", channel)
    first = await ben.sees("hello there")
    await ben.says("and more", channel, reply_to=first)
    second = await ben.sees("more", channel)
    await ben.clicks("Regenerate", on=second)
    await ben.says("hello", ben.dm)
    await ben.sees("hello", ben.dm)
    await (await ana.slash("/preguntar", channel, pregunta="¿Qué hora es?")).done()
    await ben.autocompletes("/grace translate", "to", "spa")


async def ask_grace(channel, ben, dan):
    said = await ben.says("Good morning", channel)
    opened = await dan.menu("Ask Penny", on=said)
    await dan.submits(opened, dict.fromkeys(opened.modal.fields, "What time is it?"))
    await (await ben.menu("Translate", on=said)).done()
    await (await ben.slash("/grace summarize", channel, text="A long text.")).done()
    await (await ben.slash("/grace summarize", channel, file=File("a.txt", b"Words."))).done()
    await (await ben.slash("/grace summarize", channel, last=3)).done()


async def build(channel, ben):
    await ben.slash("/factory build", channel, task="a fizz function")
    thread = await ben.sees_thread("a fizz function")
    shown = await ben.sees("ran and passed", thread, ever=True)
    opened = await ben.clicks("Refine", on=shown)
    await ben.submits(opened, dict.fromkeys(opened.modal.fields, "more tests"))
    await ben.slash("/factory jobs", channel)


async def look_after(guild, channel, ben):
    owner = guild.owner()
    owner.user.locale = "en-US"
    settings = await owner.slash("/settings show", channel)
    await owner.selects("Jared (CORP)", on=settings, menu="Who I speak as")
    await owner.selects(channel, on=settings, menu="Channels to answer in (none: all)")
    for command in ("/help", "/status", "/privacy export", "/costs"):
        await (await ben.slash(command, channel)).done()


async def by_library(sim, deck, guild, channel, ana):
    """Routes that the bot needs seldom or never, as discord.py sends them."""
    server, there = deck.get_guild(guild.id), deck.get_channel(channel.id)
    everything = [p for p in Permission if p is not Permission.ADMINISTRATOR]
    guild.allow(channel, sim.bot, *everything)
    guild.give(sim.bot, guild.role("Keeper", *everything))
    embed = discord.Embed(title="t", description="d", color=1, timestamp=discord.utils.utcnow())
    embed.set_author(name="a", url="https://example.org").set_footer(text="f")
    sent = await there.send("x", embed=embed, file=discord.File(__file__, "a.py"))
    await sent.edit(content="y", attachments=sent.attachments, suppress=True)
    await sent.add_reaction("👀")
    assert [u.id async for u in (await there.fetch_message(sent.id)).reactions[0].users()]
    await sent.remove_reaction("👀", deck.user)
    await sent.clear_reactions()
    await sent.pin()
    assert [m async for m in there.pins()]
    await sent.unpin()
    thread = await sent.create_thread(name="t", auto_archive_duration=60)
    await thread.add_user(discord.Object(ana.id))
    await thread.fetch_members()
    await thread.remove_user(discord.Object(ana.id))
    await thread.edit(name="u", archived=True)
    assert [t async for t in there.archived_threads(limit=5)]
    await thread.edit(archived=False)
    await thread.delete()
    async with there.typing():
        assert [m async for m in there.history(limit=5, after=sent)] == []
    hook = await there.create_webhook(name="hook")
    posted = await hook.send("x", username="h", wait=True, embed=embed)
    await posted.edit(content="y")
    await posted.delete()
    await there.webhooks()
    await hook.delete()
    await there.set_permissions(server.default_role, send_messages=True)
    await there.edit(topic="new")
    await there.delete_messages([sent, await there.send("z")])
    member = await server.fetch_member(ana.id)
    role = server.get_role(guild.role("Reader").id) or (await server.fetch_roles())[-1]
    await member.add_roles(role)
    await member.remove_roles(role)
    await member.edit(nick="Annie")
    await server.fetch_channels()
    await (await server.create_text_channel("new")).delete()
    await deck.fetch_guild(guild.id)
    await deck.fetch_user(ana.id)
    await deck.fetch_channel(channel.id)
    await deck.application_info()
    assert await deck.tree.fetch_commands()


def assert_each_tolerance_is_met(calls):
    """A tolerance that nothing needs any more is to go."""
    document = json.loads(Path(os.environ[VARIABLE]).read_text())
    for tolerance in TOLERANCES:
        strict = Description(
            json.loads(json.dumps(document)), tolerances=[t for t in TOLERANCES if t != tolerance]
        )
        assert any(faults(strict, c.method, c.path, c.query, c.body) for c in calls), tolerance.name


def assert_answers_are_as_described(calls):
    """The local Discord's own answers, too."""
    found = set()
    for call in calls:
        operation = description().find(call.method, call.path)
        if operation and call.status == 200:
            wrong = description().faults_of_answer(operation, call.answer)
            found |= {f"{operation.name} {f}" for f in wrong if not any(u in f for u in UNLIKE)}
    assert not found


def faults(held, method, path, query=None, body=None):
    operation = held.find(method, path)
    return held.faults(operation, query or {}, body) if operation else ["no such route"]


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "said"),
    [
        ("POST", "/channels/1/messages", {}, {"content": "x" * 4001}, "body.content"),
        ("POST", "/channels/1/messages", {}, {"contents": "x"}, "contents"),
        ("POST", "/channels/1/messages", {}, {"embeds": [{"titel": "x"}]}, "titel"),
        ("GET", "/channels/1/messages", {"limit": "101"}, None, "query limit"),
        ("GET", "/channels/1/messages", {"until": "1"}, None, "no such parameter"),
        ("PUT", "/channels/1/messages", {}, None, "no such route"),
        (
            "POST",
            "/channels/1/messages",
            {},
            {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": 7}]}]},
            "components[0].components[0].label",
        ),
        ("PUT", "/applications/1/commands", {}, [{"name": "x" * 33}], "body[0].name"),
    ],
)
def test_what_discord_does_not_describe_is_found(method, path, query, body, said):
    assert said in faults(description(), method, path, query, body)[0]


@pytest.mark.breaches
async def test_a_breach_fails_the_test_that_makes_it(sim, deck, channel):
    from local_discord import breaches

    route = discord.http.Route("POST", "/channels/{c}/messages", c=channel.id)
    await deck.http.request(route, json={"content": "x", "colour": "red"})
    assert "colour" in str(sim.problems[-1])
    assert any("colour" in noted for noted in breaches.taken())
