"""Wherever Discord refuses the end of an answer: it comes whole, once, and as near as can be.

The steps: the message is edited; another takes its place; the thread's channel; the person's direct
messages; `/jobs`.
"""

import asyncio

import numpy as np
import pytest

from audio import codec, ogg
from bot.choices import Mode
from bot.contract import Service
from bot.errors import JobFailed
from bot.jobs import running_job
from bot.jobs.outcomes import Outcome
from bot.store.repositories.recovery import Ending, Entry, JobStage
from cogs.shared import discord_retry
from cogs.shared.live import LiveMessage
from local_discord.values import Permission
from tests.integration.cogs.shared.conftest import WHOLE, ended

EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
POST = "POST /channels/{channel_id}/messages"

REFUSALS = [
    (403, 50001),
    (403, 50013),
    (404, 10008),
    (404, 10003),
    (400, 30046),
    (400, 50083),
    (400, 160005),
    (400, 50035),
    (405, 0),
]
ALWAYS = 1000


def copies(person, channels, bot):
    """How often the end of the answer stands in all these channels."""
    messages = [m for c in channels for m in person.reads(c) if m.author == bot]
    files = [f.data.decode() for m in messages for f in m.attachments if f.filename == "answer.md"]
    return sum("The end of it all." in m.content for m in messages), sum(
        "really." in text for text in [*(m.content for m in messages), *files]
    )


def leftovers(person, channels, bot):
    """Working lines, and buttons that stop nothing any more."""
    messages = [m for c in channels for m in person.reads(c) if m.author == bot]
    return [m for m in messages if "▌" in m.content or "⏳" in m.content or "Stop" in m.buttons]


async def begun(sim, ben, channel):
    """An answer under way in a public thread."""
    thread = await ben.starts_thread("mine", in_=channel)
    await ben.says("@Alfred tell me", thread)
    await ben.sees(lambda m: "The end" in m.content and "Stop" in m.buttons, thread)
    return thread


async def until_seen(deck, job):
    async with asyncio.timeout(10):
        while (await deck.store.jobs.get(job.journal_id)).stage is not JobStage.FINISHED:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("refused", range(5))
@pytest.mark.parametrize(("status", "code"), REFUSALS)
async def test_nothing_is_lost_and_nothing_doubled(
    sim, deck, guild, channel, ben, penny, status, code, refused
):
    thread = await begun(sim, ben, channel)
    places = [thread, channel, ben.dm]
    steps = [
        (EDIT, thread.id),
        (POST, thread.id),
        (POST, channel.id),
        (POST, ben.dm.id),
    ]
    for route, where in steps[:refused]:
        if (route, code) == (EDIT, 10008):
            await guild.owner().deletes(ben.reads(thread)[-1])
        else:
            sim.fail(route, status, code=code, times=ALWAYS, path=f"/channels/{where}/")
    penny.go_on.set()
    job = await ended(deck, ben)
    if refused < 4:
        assert job.stage is JobStage.FINISHED
        assert copies(ben, places, sim.bot) == (1, 1)
        where = [thread, thread, channel, ben.dm][refused]
        assert copies(ben, [where], sim.bot) == (1, 1)
    else:
        assert job.stage is JobStage.UNDELIVERED
        assert copies(ben, places, sim.bot) == (0, 0)
        sim.heal()
        listed = await ben.slash("/jobs", channel)
        assert "Here is what you missed" in listed.text
        shown = await ben.selects(str(job.journal_id), on=listed)
        await shown.done()
        assert shown.ephemeral
        assert "The end of it all." in shown.text
        assert shown.message.file("answer.md").data.decode() == WHOLE
        await until_seen(deck, job)
        assert await deck.store.jobs.results.get(job.journal_id) is None
    assert not leftovers(ben, places, sim.bot)
    assert penny.asked == 1


@pytest.mark.parametrize("route", [EDIT, POST])
@pytest.mark.parametrize("trouble", ["503", "500", "429", "lost"])
async def test_what_passes_is_waited_out(sim, deck, channel, ben, penny, route, trouble):
    thread = await begun(sim, ben, channel)
    if trouble == "429":
        sim.rate_limit(route, retry_after=0.2, times=2)
    elif trouble == "lost":
        sim.fail(route, lost=True, times=2)
    else:
        sim.fail(route, int(trouble), times=1)
    penny.go_on.set()
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    assert copies(ben, [thread], sim.bot) == copies(ben, [thread, channel, ben.dm], sim.bot)
    assert copies(ben, [thread], sim.bot) == (1, 1)
    assert not leftovers(ben, [thread], sim.bot)


@pytest.mark.parametrize("step", range(4))
async def test_an_outage_at_any_step_is_outlasted(
    sim, deck, channel, ben, penny, monkeypatch, step
):
    """The result is kept meanwhile: the service would have forgotten it."""
    monkeypatch.setattr(discord_retry, "PATIENCE_S", 0.3)
    monkeypatch.setattr(running_job, "SHOW_AGAIN_S", 0.1)
    thread = await begun(sim, ben, channel)
    steps = [(EDIT, thread.id), (POST, thread.id), (POST, channel.id), (POST, ben.dm.id)]
    for route, where in steps[:step]:
        sim.fail(route, 403, code=50013, times=ALWAYS, path=f"/channels/{where}/")
    route, where = steps[step]
    sim.fail(route, 503, times=ALWAYS, path=f"/channels/{where}/")
    penny.go_on.set()
    job_id = (await deck.store.jobs.listing(user_id=ben.id))[0].journal_id
    async with asyncio.timeout(20):
        while await deck.store.jobs.results.get(job_id) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    sim.heal()
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    assert copies(ben, [thread, channel, ben.dm], sim.bot) == (1, 1)
    assert not leftovers(ben, [thread, channel, ben.dm], sim.bot)
    assert await deck.store.jobs.results.get(job_id) is None
    assert penny.asked == 1


async def has_missed_one(deck, person, channel):
    """Somebody for whom a result is kept."""
    entry = Entry(
        service=Service.PENNY,
        module="CONVERSE",
        endpoint_id="penny",
        mode=Mode.STREAM,
        user_id=person.id,
        channel_id=channel.id,
        deadline_ms=60_000,
    )
    journal_id = await deck.store.jobs.begin(entry)
    result = Outcome(error=JobFailed("out of order")).pack()
    await deck.store.jobs.undelivered(journal_id, Ending.FAILED, "", result)


async def test_it_is_announced_the_next_time_and_once(sim, deck, channel, ben, penny):
    await has_missed_one(deck, ben, channel)
    penny.go_on.set()
    await ben.says("@Alfred and now?", channel)
    await ben.sees("One result is waiting for you", channel)
    await ben.says("@Alfred and now?", channel)
    await ben.sees("really.", channel)
    await ben.slash("/jobs", channel)
    told = [m for m in ben.reads(channel) if "is waiting for you" in m.content]
    assert len(told) == 1


async def test_it_is_announced_after_a_command(sim, deck, channel, ben, penny):
    await has_missed_one(deck, ben, channel)
    penny.go_on.set()
    reply = await ben.slash("/ask", channel, question="and now?")
    told = await ben.sees("One result is waiting for you", channel)
    assert told.is_ephemeral
    assert told in reply.messages


async def test_others_cannot_see_it(sim, deck, channel, ben, ana, penny):
    ben.user.accepts_dms = False
    await ben.says("@Alfred tell me", channel)
    await ben.sees(lambda m: "Stop" in m.buttons)
    for route in (EDIT, POST):
        sim.fail(route, 403, code=50013, times=ALWAYS, path=f"/channels/{channel.id}/")
    penny.go_on.set()
    job = await ended(deck, ben)
    sim.heal()
    listed = await ben.slash("/jobs", channel)
    theirs = await ana.slash("/jobs", channel)
    assert "The end" not in theirs.text
    assert not theirs.message.components
    first = await ben.selects(str(job.journal_id), on=listed)
    await first.done()
    await until_seen(deck, job)
    again = await ben.selects(str(job.journal_id), on=listed)
    assert "I no longer have that result" in (await again.done()).content
    assert penny.asked == 1


async def test_a_restart_loses_nothing_that_was_kept(
    sim, guild, channel, ben, base_url, tmp_path, cogs, penny
):
    from tests.fakes.discord_bot import made

    ben.user.accepts_dms = False
    async with made(base_url, tmp_path / "x.db", cogs=cogs) as bot, sim.connect(bot):
        await ben.says("@Alfred tell me", channel)
        await ben.sees(lambda m: "Stop" in m.buttons)
        guild.deny(channel, sim.bot, Permission.VIEW_CHANNEL)
        penny.go_on.set()
        job = await ended(bot, ben)
    async with made(base_url, tmp_path / "x.db", cogs=cogs) as bot, sim.connect(bot):
        listed = await ben.slash("/jobs", channel)
        shown = await ben.selects(str(job.journal_id), on=listed)
        assert (await shown.done()).file("answer.md").data.decode() == WHOLE
        await until_seen(bot, job)
        exported = await bot.store.privacy.export(ben.id)
        assert exported["jobs"][0]["result"] is None


async def test_it_is_in_the_export_and_forgotten_with_the_rest(
    sim, deck, guild, channel, ben, penny
):
    ben.user.accepts_dms = False
    await ben.says("@Alfred tell me", channel)
    await ben.sees(lambda m: "Stop" in m.buttons)
    guild.deny(channel, sim.bot, Permission.VIEW_CHANNEL)
    penny.go_on.set()
    job = await ended(deck, ben)
    exported = await deck.store.privacy.export(ben.id)
    assert exported["jobs"][0]["result"]["response"]["output"]["text"] == WHOLE
    await deck.store.privacy.forget(ben.id)
    assert await deck.store.jobs.results.get(job.journal_id) is None
    assert (await deck.store.jobs.results.missed(ben.id)).total == 0


async def test_words_that_are_shown_stay_when_their_sound_is_refused(
    sim, deck, guild, channel, ben, penny, monkeypatch
):
    penny.sound = ogg.mux(codec.encode(np.zeros(48_000, dtype=np.int16), 48_000))
    ben.user.accepts_dms = False
    await ben.slash("/say", channel, text="Hello.")
    guild.deny(channel, sim.bot, Permission.VIEW_CHANNEL)
    sim.fail("PATCH /webhooks", 403, code=50013, times=ALWAYS)
    penny.go_on.set()
    job = await ended(deck, ben)
    sim.heal()
    attach = LiveMessage._attach

    async def refused(live, spoken):
        sim.fail("PATCH /webhooks", 413, code=40005)
        await attach(live, spoken)

    listed = await ben.slash("/jobs", channel)
    with monkeypatch.context() as broken:
        broken.setattr(LiveMessage, "_attach", refused)
        shown = await ben.selects(str(job.journal_id), on=listed)
        await ben.sees("couldn't add the audio", channel)
    assert "Hello." in shown.text
    assert (await deck.store.jobs.get(job.journal_id)).stage is JobStage.UNDELIVERED
    again = await ben.selects(str(job.journal_id), on=listed)
    await until_seen(deck, job)
    assert again.message.file("voice-message.ogg").data == penny.sound
