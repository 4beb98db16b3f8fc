"""What people see of money: refusals, warnings, budgets and costs."""

# mypy: ignore-errors

import asyncio
import csv
import io
import re

import pytest
from PIL import Image

from bot.contract import Output, Response, Service, Status
from bot.contract.envelope import Usage
from bot.money import Basis, Call, Charge, Payer
from bot.settings import Settings
from bot.store.records import View
from tests.fakes.discord_bot import made
from tests.fakes.handlers import Scripted
from tests.integration.cogs.grace.sight import settled
from tests.waiting import until


async def dear(_request):
    usage = Usage(cost_usd=0.04)
    yield Response(
        status=Status.COMPLETED, output=Output(data="Short.", text="Short."), usage=usage
    )


@pytest.fixture
def handlers():
    return {s.value.lower(): Scripted(dear, service=s) for s in Service}


@pytest.fixture
def settings():
    return Settings(_env_file=None, skydeck_budget_user_day_usd="0.10")


@pytest.fixture
async def deck(sim, guild, channel, base_url, tmp_path, settings):
    async with made(base_url, tmp_path / "skydeck.db", settings=settings) as bot, sim.connect(bot):
        yield bot


@pytest.fixture
def owner(guild):
    owner = guild.owner()
    owner.user.locale = "en-US"
    return owner


async def booked(deck, number):
    async def found():
        sums = await deck.store.spending.by_day(View(since_ms=0, until_ms=2**62))
        return sum(day.calls for day in sums) >= number

    await until(found)


async def presses_are_done():
    """discord.py handles each press of a button in a task of its own."""

    def under_way():
        return [one for one in asyncio.all_tasks() if one.get_name().startswith("discord-ui-")]

    await until(lambda: not under_way())


async def spend(deck, guild, person, micro_usd, service=Service.PENNY, days_ago=0):
    ledger = deck.store.ledger
    payer = Payer(user_id=person.id, guild_id=guild.id, channel_id=1)
    number = spend.number = getattr(spend, "number", 0) + 1
    call = Call(call_id=f"made-{number}", service=service, module="CONVERSE", payer=payer)
    charge = Charge(micro_usd=micro_usd, basis=Basis.REPORTED)
    real = ledger._now
    ledger._now = lambda: real() - days_ago * 86_400_000
    await ledger.settle(call, charge)
    ledger._now = real


async def test_who_has_spent_their_budget_is_told_what_is_left_and_when_it_renews(
    sim, deck, guild, channel, ben, handlers
):
    for number in (1, 2):
        await ben.slash("/grace summarize", text="a long text " * 20)
        await settled(ben, "Short.")
        await booked(deck, number)
    await ben.slash("/grace summarize", text="a long text " * 20)
    refused = await ben.sees("might cost more than is left in your budget for today")
    assert refused.is_ephemeral
    assert "($0.02 of $0.10)" in refused.text
    assert "The budget resets <t:" in refused.text
    assert [m for m in ben.reads(channel) if "budget" in m.text] == [refused]
    assert handlers["grace"].started == 2
    low = await ben.sees("80%", ben.dm, ever=True)
    assert "`████████░░` Your budget for today: $0.08 of $0.10, $0.02 left" in low.text
    public = [m for m in ben.reads(channel) if not m.is_ephemeral]
    assert not [m for m in public if "$0.10" in m.text or "80%" in m.text]
    assert not sim.problems


async def test_who_asks_in_a_message_is_refused_in_a_direct_one(sim, deck, channel, ana, ben):
    for number in (1, 2):
        await ben.says("@Alfred tell me", channel)
        await booked(deck, number)
    await ben.says("@Alfred tell me more", channel)
    refused = await ben.sees("left in your budget for today ($0.02 of $0.10)", ben.dm)
    assert "over_budget" in refused.text
    await until(lambda: "One moment…" not in [m.content for m in ana.reads(channel)])
    assert not [m for m in ana.reads(channel) if "budget" in m.text]
    assert not sim.problems


async def test_who_takes_none_is_refused_in_the_channel_without_figures(sim, deck, channel, ben):
    ben.user.accepts_dms = False
    for number in (1, 2):
        await ben.says("@Alfred tell me", channel)
        await booked(deck, number)
    await ben.says("@Alfred tell me more", channel)
    refused = await ben.sees("might cost more than is left in your budget for today", channel)
    assert "$" not in refused.text


async def test_who_takes_no_direct_messages_is_told_of_a_low_budget_without_figures(
    sim, deck, guild, channel, ben
):
    ben.user.accepts_dms = False
    for number in (1, 2):
        await ben.slash("/grace summarize", text="a long text " * 20)
        await settled(ben, "Short.")
        await booked(deck, number)
    low = await ben.sees("80%", channel, ever=True)
    assert ben.mention in low.content
    assert "$" not in low.text
    assert "░" not in low.text


async def test_of_a_servers_low_budget_everybody_there_is_told(sim, deck, channel, owner, ben):
    await owner.slash("/budget set", period="Day", usd=0.05)
    await ben.slash("/grace summarize", text="a long text " * 20)
    low = await ben.sees("80%", channel)
    assert "This server's budget for today: $0.04 of $0.05" in low.text
    assert "Your budget" not in low.text


async def test_in_direct_messages_a_refusal_has_its_figures(sim, deck, ben):
    for number in (1, 2):
        await ben.says("Tell me", ben.dm)
        await booked(deck, number)
    await ben.says("Tell me more", ben.dm)
    refused = await ben.sees("might cost more than is left", ben.dm)
    assert "left in your budget for today ($0.02 of $0.10), so" in refused.text


async def test_a_server_chooses_its_budget(sim, deck, guild, channel, owner, ben):
    reply = await ben.slash("/budget set", period="Month", usd=5)
    assert "Manage Server" in reply.text
    reply = await owner.slash("/budget set", period="Month", usd=5)
    assert reply.ephemeral
    assert "This server's budget for this month: $0 of $5.00, $5.00 left" in reply.text
    shown = await ben.slash("/budget show")
    text = shown.message.embeds[0]["description"]
    assert "Your budget for today: $0 of $0.10" in text
    assert "This server's budget for today: $0, no limit" in text
    assert "all servers" not in text
    await owner.slash("/budget set", period="Month")
    shown = await ben.slash("/budget show")
    assert (
        "This server's budget for this month: $0, no limit"
        in (shown.message.embeds[0]["description"])
    )
    assert not sim.problems


async def test_costs_are_shown_as_words_a_picture_and_a_file(sim, deck, guild, owner, ben):
    for days_ago in range(12):
        for service in Service:
            await spend(deck, guild, ben, 3_000 * (days_ago % 4), service, days_ago)
    await spend(deck, guild, owner, 40)
    mine = await ben.slash("/costs")
    await mine.done()
    embed = mine.message.embeds[0]
    assert embed["title"] == "What you spent in the last 30 days"
    assert "**$0.16** for 36 calls." in embed["description"]
    assert "Factory · converse: $0.05 · 12 calls" in embed["description"]
    picture, table = mine.message.attachments
    assert Image.open(io.BytesIO(picture.data)).size[0] > 600
    rows = list(csv.DictReader(io.StringIO(table.data.decode())))
    assert len(rows) == 36
    assert sum(round(float(row["cost_usd"]) * 1e6) for row in rows) == 162_000
    assert {row["person"] for row in rows} == {str(ben.id)}
    servers = await owner.slash("/costs", whose="This server's", days=2)
    await servers.done()
    assert "**$0.009** for 7 calls." in servers.message.embeds[0]["description"]
    assert not sim.problems


async def test_in_spanish_every_figure_is_spanish(sim, deck, guild, ana):
    await spend(deck, guild, ana, 19_045_000, Service.FACTORY)
    await spend(deck, guild, ana, 1_100)
    reply = await ana.slash("/costes", días=7)
    await reply.done()
    text = reply.message.embeds[0]["description"]
    assert "**19,05\u00a0$** por 2 peticiones." in text
    assert "Penny · hablar: 0,0011\u00a0$ · 1 petición" in text
    assert not re.search(r"\$\d|\d\.\d|FACTORY", text)
    picture, table = reply.message.attachments
    assert Image.open(io.BytesIO(picture.data)).size[0] > 600
    assert "FACTORY,CONVERSE" in table.data.decode()
    shown = await ana.slash("/presupuesto ver")
    assert "de 0,10\u00a0$, quedan 0\u00a0$; se renueva <t:" in shown.text
    assert not sim.problems


async def test_what_is_none_of_their_business_stays_so(sim, deck, guild, ben):
    reply = await ben.slash("/costs", whose="This server's")
    assert "Only members who can manage the server" in reply.text
    reply = await ben.slash("/costs", whose="Everyone (operator only)")
    assert "Only the bot's operator" in reply.text
    reply = await ben.slash("/costs")
    await reply.done()
    assert reply.message.attachments == []
    assert "**$0** for 0 calls." in reply.message.embeds[0]["description"]
    assert not sim.problems


async def test_a_persons_budget_is_one_on_all_servers_and_in_direct_messages(
    sim, deck, guild, channel, ben
):
    other = sim.guild("Other")
    far = other.channel("far")
    there = other.member(ben)
    await ben.slash("/grace summarize", channel, text="a long text " * 20)
    await settled(ben, "Short.")
    await booked(deck, 1)
    await there.slash("/grace summarize", far, text="a long text " * 20)
    await booked(deck, 2)
    for person, place in ((there, far), (ben, ben.dm), (ben, channel)):
        await person.slash("/grace summarize", place, text="a long text " * 20)
        refused = await person.sees("might cost more than is left", place)
        assert "your budget for today" in refused.text


async def test_regenerate_spends_the_budget_of_who_presses(sim, deck, guild, channel, ben, owner):
    await ben.says("@Alfred hello", channel)
    shown = await ben.sees("Short.", channel)
    await booked(deck, 1)
    await ben.clicks("Regenerate", on=shown)
    await booked(deck, 2)
    await presses_are_done()  # booked, but not yet written: a press would be refused for that
    await ben.clicks("Regenerate", on=shown)
    await ben.sees("might cost more than is left in your budget", ben.dm)
    await presses_are_done()
    assert "Short." in shown.content
    assert "budget" not in shown.content
    await owner.clicks("Regenerate", on=shown)
    await booked(deck, 3)
    report = await deck.store.spending.by_day(View(since_ms=0, until_ms=2**62, user_id=owner.id))
    assert sum(day.calls for day in report) == 1
