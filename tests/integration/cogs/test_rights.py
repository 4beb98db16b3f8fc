"""Who may do what, tried at the place itself: the bot's own commands, Discord's own permissions."""

# mypy: ignore-errors

import asyncio

import pytest

from bot.contract import Service
from bot.money import Payer, Period
from local_discord import CannotDo, Permission
from tests.fakes.handlers import Scripted, hang
from tests.waiting import HANGS_S

TITLE = "a budget for the board"
UNTITLED = "(untitled)"
NOBODYS = {"corner", "manager", "outsider", "stranger", "in a DM"}


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.factory", "cogs.grace", "cogs.ops", "cogs.costs", "cogs.chat")


@pytest.fixture
def handlers(note):
    return {
        "factory": Scripted(hang, service=Service.FACTORY),
        "grace": Scripted(note, service=Service.GRACE),
        "penny": Scripted(note, service=Service.PENNY),
    }


async def until(holds):
    """Wait until something is so."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class World:
    """A server with a closed board room, in which there is a private thread, and an open corner."""

    def __init__(self, sim, guild, channel):
        self.sim, self.guild, self.general = sim, guild, channel
        self.corner = guild.channel("corner")
        self.board = guild.channel("board")
        self.elsewhere = sim.guild("Elsewhere")
        self.far = self.elsewhere.channel("far")
        self.members = guild.role("board", Permission.VIEW_CHANNEL)
        guild.deny(self.board, guild.everyone, Permission.VIEW_CHANNEL)
        guild.allow(self.board, self.members, Permission.VIEW_CHANNEL)
        guild.allow(self.board, sim.bot, Permission.VIEW_CHANNEL)
        admin = guild.role("admin", Permission.ADMINISTRATOR)
        manager = guild.role("manager", Permission.MANAGE_GUILD)
        self.asker = guild.member("Ben", roles=(self.members,))
        self.people = {
            "asker": self.asker,
            "member": guild.member("Ana", roles=(self.members,)),
            "moderator": guild.member("Mo", roles=(self.members,)),
            "corner": guild.member("Cora"),
            "manager": guild.member("Max", roles=(manager,)),
            "admin": guild.member("Ada", roles=(admin,)),
            "outsider": guild.member("Oli"),
            "stranger": self.elsewhere.member("Flo"),
            "in a DM": guild.member("Dan"),
        }
        guild.allow(self.corner, self.people["corner"], Permission.MANAGE_MESSAGES)
        guild.allow(self.board, self.people["moderator"], Permission.MANAGE_MESSAGES)

    def where(self, who):
        """Where somebody types: never at the thing's place."""
        far = {"stranger": self.far, "in a DM": self.people[who].dm}
        return far.get(who, self.corner)

    async def place(self, kind):
        """A closed place with the board's people in it, and the bot."""
        if kind == "channel":
            return self.board
        thread = await self.asker.starts_thread("closed", in_=self.board, private=True)
        for who in ("member", "moderator"):
            await self.asker.brings(self.people[who], thread)
        await self.asker.brings(self.sim.bot, thread)
        return thread


@pytest.fixture
def world(sim, guild, channel):
    return World(sim, guild, channel)


async def begun(deck, world, place):
    """A build at a place, and the journal's number of it."""
    await world.asker.slash("/factory build", place, task=TITLE)
    (job,) = await deck.store.jobs.listing()
    return job


everybody = pytest.mark.parametrize(
    "who", ["asker", "member", "moderator", "admin", *sorted(NOBODYS)]
)
places = pytest.mark.parametrize("kind", ["channel", "private thread"])


@places
@everybody
async def test_a_build_is_listed_for_who_sees_its_place(deck, world, kind, who):
    await begun(deck, world, await world.place(kind))
    reply = await world.people[who].slash("/factory jobs", world.where(who))
    assert (TITLE in reply.text) == (who not in NOBODYS)
    assert (world.asker.mention in reply.text) == (who not in NOBODYS)


@places
@everybody
async def test_a_build_is_offered_and_cancelled_where_one_may(deck, world, kind, who):
    job = await begun(deck, world, await world.place(kind))
    person, where = world.people[who], world.where(who)
    may = who in {"asker", "moderator", "admin"}

    offered = await person.autocompletes("/factory cancel", "job", "", where)
    reply = await person.slash("/factory cancel", where, job=str(job.journal_id))

    assert [TITLE in one["name"] for one in offered] == [True] * may
    assert ("Done." in reply.text) == may
    assert ("I can't find that build" in reply.text) == (who in NOBODYS)
    if may:
        await ended(deck, job)
    else:
        assert (await deck.store.jobs.get(job.journal_id)).ending is None


async def ended(deck, job):
    async with asyncio.timeout(10):
        while (await deck.store.jobs.get(job.journal_id)).ending is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("who", ["asker", "moderator", "admin", "outsider"])
async def test_of_a_deleted_place_only_the_asker_and_administrators_know(
    sim, deck, world, guild, who
):
    place = await world.place("channel")
    job = await begun(deck, world, place)
    gone = deck.wait_for("guild_channel_delete", check=lambda one: one.id == place.id, timeout=10)
    waiting = asyncio.ensure_future(gone)
    await asyncio.sleep(0)  # so that it listens
    guild.removes(place)
    await waiting
    await until_forgotten(deck, job)
    reply = await world.people[who].slash("/factory jobs", world.corner)
    assert (f"**{UNTITLED}** · cancelled" in reply.text) == (who in {"asker", "admin"})
    assert TITLE not in reply.text


async def until_forgotten(deck, job):
    """Until nothing is left of its words."""
    async with asyncio.timeout(HANGS_S):
        while (await deck.store.jobs.get(job.journal_id)).title:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_who_has_left_the_server_still_has_what_is_theirs(deck, world, guild):
    job = await begun(deck, world, await world.place("channel"))
    guild.leaves(world.asker)
    listed = await world.asker.slash("/factory jobs", world.asker.dm)
    reply = await world.asker.slash("/factory cancel", world.asker.dm, job=str(job.journal_id))
    assert TITLE in listed.text
    assert "Done." in reply.text


# -- a link to a message --------------------------------------------------------------------------


@places
@everybody
async def test_a_link_is_read_for_who_may_read_it(deck, world, kind, who, asked):
    place = await world.place(kind)
    said = await world.asker.says("the merger is on Friday", place)
    guild_id = world.guild.id
    person, where = world.people[who], world.where(who)
    for link in (
        f"https://discord.com/channels/{guild_id}/{place.id}/{said.id}",
        f"{place.id}-{said.id}",
    ):
        reply = await person.slash("/grace summarize", where, message=link)
        await finished(reply)
    told = [request for request in asked if "merger" in str(request)]
    assert bool(told) == (who not in NOBODYS)


async def finished(reply):
    """Either the message has the answer, or the person alone was told why not."""
    message = reply.message
    await until(lambda: message.deleted or message.is_ephemeral or "merger" in message.text)


async def test_the_chat_of_a_voice_channel_is_read_by_who_may_enter_it(deck, world, guild, asked):
    vocal = guild.voice_channel("Talks")
    said = await world.asker.says("the merger is on Friday", vocal)
    outsider = world.people["outsider"]
    guild.deny(vocal, outsider, Permission.CONNECT)
    await outsider.slash("/grace summarize", world.corner, message=f"{vocal.id}-{said.id}")
    await outsider.sees("can't find that message", world.corner)
    assert not asked


async def test_the_name_of_a_private_thread_is_told_to_nobody_who_knows_its_number(
    deck, world, asked
):
    thread = await world.place("private thread")
    outsider = world.people["outsider"]
    said = await outsider.says(f"what is <#{thread.id}>?", world.corner)
    reply = await outsider.slash("/grace summarize", world.corner, message=str(said.id))
    await until(lambda: asked)
    assert "closed" not in str(asked[0])
    assert reply.message


# -- what holds for a whole server ----------------------------------------------------------------

SERVER = {
    "settings": "/settings show",
    "reset": "/settings reset",
    "budget": "/budget set",
    "costs": "/costs",
}


@pytest.mark.parametrize("what", SERVER)
@pytest.mark.parametrize(
    "who", ["member", "moderator", "manager", "admin", "by overwrite", "in a DM"]
)
async def test_a_servers_own_affairs_are_its_managers(sim, deck, world, guild, what, who):
    person = world.people["outsider" if who == "by overwrite" else who]
    if who == "by overwrite":
        guild.allow(world.corner, person, Permission.MANAGE_GUILD)
    options = {"budget": {"period": "Day", "usd": 5.0}, "costs": {"whose": "This server's"}}
    refusals = ("To do that, you need", "can manage the server", "works only on a server")
    try:
        reply = await person.slash(
            SERVER[what],
            world.where(who) if who in world.people else world.corner,
            **options.get(what, {}),
        )
    except CannotDo:
        assert who in {"member", "moderator", "in a DM"}
        return
    await reply.done()
    assert reply.ephemeral
    assert any(one in reply.text for one in refusals) == (who not in {"manager", "admin"})
    balances = await deck.store.ledger.balances(payer_of(guild))
    limits = [
        b.limit for b in balances if b.bucket.period == Period.DAY and b.bucket.scope == "guild"
    ]
    assert any(limits) == (what == "budget" and who in {"manager", "admin"})


def payer_of(guild):
    return Payer(guild_id=guild.id)


async def test_who_manages_the_server_no_more_resets_nothing(sim, deck, world, guild):
    role = guild.role("for a while", Permission.MANAGE_GUILD)
    person = guild.member("Mia", roles=(role,))
    await deck.store.guilds.patch(guild.id, language="en-US")
    reply = await person.slash("/settings reset", world.corner)
    guild.take(person, role)
    refused = await person.clicks("Reset", on=reply)
    assert "Only members who can manage the server" in refused.text
    assert (await deck.store.guilds.get(guild.id)).language == "en-US"


async def test_who_waits_on_a_server_that_puts_the_bot_out_is_told_directly(
    sim, deck, world, guild, channel
):
    await begun(deck, world, channel)
    await world.asker.sees("A build for", channel)  # from now on it is shown in its thread
    guild.removes_bot()
    told = await world.asker.sees("Stopped", world.asker.dm)
    assert TITLE in told.text
    async with asyncio.timeout(10):
        while await deck.store.jobs.listing():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


# -- what is one's own ----------------------------------------------------------------------------

USER, ROLE, MENTIONABLE = 6, 8, 9


async def test_no_command_names_another_person(sim, deck):
    """Nobody exports, forgets, hears or agrees for another: there is no way to say for whom."""

    def options(one):
        for option in one.get("options", []):
            yield option
            yield from options(option)

    everything = [option for command in sim.commands for option in options(command)]
    assert everything
    assert not [one for one in everything if one["type"] in {USER, ROLE, MENTIONABLE}]
    assert not [one for one in sim.commands if one.get("type") == 2]  # no menu of a person


async def test_an_export_and_what_is_forgotten_are_ones_own(sim, deck, world):
    await begun(deck, world, await world.place("channel"))
    admin = world.people["admin"]
    reply = await admin.slash("/privacy export", world.corner)
    message = await reply.done()
    assert TITLE.encode() not in message.file("skydeck-data.json").data
    reply = await admin.slash("/privacy forget", world.corner)
    await admin.clicks("Delete everything", on=reply)
    assert len(await deck.store.jobs.listing()) == 1


# -- a dialog that was opened before a right was lost ----------------------------------------------


@pytest.mark.parametrize("door", ["command", "menu"])
@pytest.mark.parametrize("lost", ["role", "channel"])
async def test_a_dialog_is_taken_from_who_may_still_ask(deck, world, guild, asked, door, lost):
    person = world.people["member"]
    await deck.store.guilds.patch(guild.id, allowed_roles=frozenset({world.members.id}))
    said = await world.asker.says("the merger is on Friday", world.board)
    if door == "command":
        dialog = await person.slash("/grace summarize", world.board)
    else:
        dialog = await person.menu("Ask Penny", on=said)
    if lost == "role":
        guild.allow(world.board, person, Permission.VIEW_CHANNEL)
        guild.take(person, world.members)
    else:
        await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({world.corner.id}))
    (field,) = dialog.modal.fields
    reply = await person.submits(dialog, {field: "and now?"})
    assert reply.ephemeral
    assert "On this server I only answer" in reply.text
    assert not asked
