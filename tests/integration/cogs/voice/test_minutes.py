"""`/minutes`: the latest meeting's transcript, summed up; also over a restart of the bot."""

# mypy: ignore-errors

import asyncio

import pytest

from bot.contract import Output, Response, Service, Status
from bot.store.records import Minute
from bot.workers.protocols import Delivery
from local_discord.values import Permission
from tests.fakes.discord_bot import made
from tests.fakes.handlers import Scripted, completed
from tests.waiting import until

HOUR_MS = 3_600_000


class Grace(Scripted):
    """Sums up once she may."""

    def __init__(self):
        super().__init__(self._sum_up, service=Service.GRACE, delivery=Delivery.REPLY)
        self.may = asyncio.Event()
        self.may.set()
        self.asked = []

    async def _sum_up(self, request):
        self.asked.append(request)
        progress = {"progress": {"done": 1, "total": 3}}
        yield Response(status=Status.PARTIAL, output=Output(type="json", data=progress))
        await self.may.wait()
        yield completed("They meet on Monday. @everyone")


@pytest.fixture
def grace():
    return Grace()


@pytest.fixture
def handlers(grace, penny_says):
    return {"penny": penny_says, "grace": grace}


async def talk(bot, guild, lounge, people, *, hours_ago=0.0):
    """What was said there, a second each."""
    now_ms = int(bot.clock.wall() * 1000 - hours_ago * HOUR_MS)
    for number, (person, text) in enumerate(people):
        at_ms = now_ms + 1000 * number
        name = person.user.name
        await bot.store.minutes.add(Minute(guild.id, lounge.id, person.id, name, text, at_ms))


async def test_the_latest_meeting_is_summed_up(sim, deck, guild, lounge, channel, ana, ben, grace):
    await talk(deck, guild, lounge, [(ana, "An old story.")], hours_ago=3)
    await talk(deck, guild, lounge, [(ana, "On Monday?"), (ben, "Yes.")])
    await ben.joins(lounge)
    await ben.slash("/minutes", channel)
    shown = await ben.sees("They meet on Monday.", channel)
    assert lounge.mention in shown.content
    assert "of 2 turns" in shown.content
    assert not shown.buttons
    [request] = grace.asked
    assert request.target.module == "SUMMARIZER"
    assert request.input.data == "Ana: On Monday?\nBen: Yes."
    assert b"Ana: On Monday?" in shown.file("transcript.txt").data
    assert b"An old story." not in shown.file("transcript.txt").data
    assert len(await deck.store.minutes.get(guild.id, lounge.id)) == 3
    assert not sim.problems


async def test_it_can_be_forgotten_afterwards(sim, deck, guild, lounge, channel, ana, ben):
    await talk(deck, guild, lounge, [(ana, "On Monday?")])
    refused = await ben.slash("/minutes", lounge, clear=True)
    assert "can delete its transcript" in refused.text
    assert len(await deck.store.minutes.get(guild.id, lounge.id)) == 1
    await ben.joins(lounge)
    await ben.slash("/minutes", channel, clear=True)
    await ben.sees("They meet on Monday.", channel)

    async def is_forgotten():
        return not await deck.store.minutes.get(guild.id, lounge.id)

    await until(is_forgotten)
    assert not sim.problems


async def test_who_may_not_enter_may_not_read(sim, deck, guild, lounge, channel, ana, ben, grace):
    await talk(deck, guild, lounge, [(ana, "On Monday?")])
    await ana.joins(lounge)
    reply = await ana.slash("/entrar", channel)
    await reply.done()
    guild.deny(lounge, ben, Permission.CONNECT)
    reply = await ben.slash("/minutes", channel)
    assert reply.ephemeral
    assert "have access to that voice channel" in reply.text
    assert not grace.asked
    assert not sim.problems


async def test_it_can_be_stopped(sim, deck, guild, lounge, channel, ben, grace):
    grace.may.clear()
    await talk(deck, guild, lounge, [(ben, "On Monday?")])
    await ben.joins(lounge)
    await ben.slash("/minutes", channel)
    working = await ben.sees(lambda m: "Stop" in m.buttons, channel)
    await ben.clicks("Stop", on=working)
    await ben.sees("Stopped.", channel)
    assert not sim.problems


async def test_a_restart_does_not_lose_them(
    sim, guild, lounge, channel, ben, base_url, tmp_path, cogs, grace
):
    database = tmp_path / "skydeck.db"
    grace.may.clear()
    async with made(base_url, database, cogs=cogs) as bot, sim.connect(bot):
        await talk(bot, guild, lounge, [(ben, "On Monday?")])
        await ben.slash("/minutes", lounge, wait=False)
        await ben.sees("1/3", lounge)
    grace.may.set()
    async with made(base_url, database, cogs=cogs) as bot, sim.connect(bot):
        shown = await ben.sees("They meet on Monday.", lounge)
        assert "of 1 turn" in shown.content
        assert b"Ben: On Monday?" in shown.file("transcript.txt").data
    assert not sim.problems
