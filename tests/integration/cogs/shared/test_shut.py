"""Commands where the bot may not look or write, and places that shut while it works."""

import asyncio

import numpy as np
import pytest

from audio import codec, ogg
from bot.store.repositories.recovery import JobStage
from local_discord import File
from local_discord.values import Permission
from tests.integration.cogs.shared.conftest import ended, own
from tests.integration.cogs.shared.test_retreat import ALWAYS, EDIT, POST
from tests.virtual_time import settle

SHUT = [Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES]


def refusals(sim, codes=(50001, 50013)):
    return [p for p in sim.problems if p.code in codes]


@pytest.mark.parametrize("lacking", SHUT)
async def test_ask_is_answered_there_by_the_interactions_own_token(
    sim, deck, guild, channel, ben, penny, lacking
):
    guild.deny(channel, sim.bot, lacking)
    reply = await ben.slash("/ask", channel, question="what is it?")
    await ben.sees(lambda m: m is reply.message and "Stop" in m.buttons, channel)
    penny.go_on.set()
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    assert "The end of it all." in reply.message.content
    assert reply.message.file("answer.md").data.decode() == penny.answer
    assert "Stop" not in reply.message.buttons
    assert own(ben, channel, sim.bot) == [reply.message]
    assert not own(ben, ben.dm, sim.bot)
    assert not refusals(sim)


async def test_say_is_heard_there(sim, deck, guild, channel, ben, penny):
    penny.sound = ogg.mux(codec.encode(np.zeros(16_000, np.float32), 16_000))
    guild.deny(channel, sim.bot, Permission.VIEW_CHANNEL)
    reply = await ben.slash("/say", channel, text="Hello.")
    penny.go_on.set()
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    assert reply.message.file("voice-message.ogg").data == penny.sound
    assert not own(ben, ben.dm, sim.bot)
    assert not refusals(sim)


async def test_transcribe_is_shown_there(sim, deck, guild, channel, ben, penny):
    guild.deny(channel, sim.bot, Permission.VIEW_CHANNEL)
    sound = ogg.mux(codec.encode(np.zeros(16_000, np.float32), 16_000))
    reply = await ben.slash("/transcribe", channel, file=File("memo.ogg", sound, "audio/ogg"))
    penny.go_on.set()
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    assert "The end of it all." in reply.text
    assert not refusals(sim)


@pytest.mark.parametrize("takes_direct", [True, False])
async def test_when_the_token_is_dead_it_comes_directly_or_is_kept(
    sim, deck, guild, channel, ben, penny, takes_direct
):
    ben.user.accepts_dms = takes_direct
    guild.deny(channel, sim.bot, Permission.VIEW_CHANNEL)
    reply = await ben.slash("/ask", channel, question="what is it?")
    await ben.sees(lambda m: m is reply.message and "Stop" in m.buttons, channel)
    reply.expire()
    penny.go_on.set()
    job = await ended(deck, ben)
    if takes_direct:
        assert job.stage is JobStage.FINISHED
        assert "really." in own(ben, ben.dm, sim.bot)[-1].content
    else:
        assert job.stage is JobStage.UNDELIVERED
        listed = await ben.slash("/jobs", channel)
        shown = await ben.selects(str(job.journal_id), on=listed)
        assert (await shown.done()).file("answer.md").data.decode() == penny.answer
    assert penny.asked == 1


async def test_say_where_nothing_is_taken_is_kept_with_its_sound(
    sim, deck, guild, channel, ben, penny
):
    penny.sound = ogg.mux(codec.encode(np.zeros(16_000, np.float32), 16_000))
    ben.user.accepts_dms = False
    guild.deny(channel, sim.bot, Permission.VIEW_CHANNEL)
    reply = await ben.slash("/say", channel, text="Hello.")
    reply.expire()
    penny.go_on.set()
    job = await ended(deck, ben)
    assert job.stage is JobStage.UNDELIVERED
    listed = await ben.slash("/jobs", channel)
    shown = await ben.selects(str(job.journal_id), on=listed)
    await ben.sees(lambda m: m is shown.message and bool(m.attachments), channel)
    assert shown.message.file("voice-message.ogg").data == penny.sound


async def test_a_line_that_could_not_be_changed_later_says_so_in_time(
    sim, deck, guild, channel, ben, penny, monkeypatch
):
    from cogs.shared.reply import Reply

    guild.deny(channel, sim.bot, Permission.VIEW_CHANNEL)
    reply = await ben.slash("/ask", channel, question="what is it?")
    await ben.sees(lambda m: m is reply.message and "Stop" in m.buttons, channel)
    monkeypatch.setattr(Reply, "is_closing", property(lambda _: True))
    await ben.sees(lambda m: m is reply.message and "direct message" in m.content, channel)
    assert "Stop" not in reply.message.buttons
    reply.expire()
    penny.go_on.set()
    await ended(deck, ben)
    assert own(ben, ben.dm, sim.bot)


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (403, 50013), (404, 10003)])
async def test_what_is_refused_is_not_tried_every_second(
    sim, deck, channel, ben, penny, monkeypatch, status, code
):
    from bot.jobs import edit_throttle

    monkeypatch.setattr(edit_throttle, "MIN_S", 0.01)
    monkeypatch.setattr(edit_throttle, "MAX_WAIT_S", 0.01)
    await ben.says("@Alfred tell me", channel)
    await ben.sees(lambda m: "Stop" in m.buttons, channel)
    sim.fail(EDIT, status, code=code, times=ALWAYS, path=f"/channels/{channel.id}/")

    def tries():
        return [c for c in sim.log.requests("PATCH", "/messages/") if c.status == status]

    async with asyncio.timeout(10):
        while not tries():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await settle(0.5)  # fifty more refreshes, were they not stopped
    assert len(tries()) == 1
    penny.go_on.set()
    assert (await ended(deck, ben)).stage is JobStage.FINISHED
    await ben.sees("really.", channel, ever=True)


async def test_an_archived_thread_is_opened_again(sim, deck, channel, ben, penny):
    thread = await ben.starts_thread("mine", in_=channel)
    await ben.says("@Alfred tell me", thread)
    await ben.sees(lambda m: "Stop" in m.buttons, thread)
    thread.thread.archived = True
    sim.fail(EDIT, 400, code=50083, times=ALWAYS, path=f"/channels/{thread.id}/")
    penny.go_on.set()
    await ended(deck, ben)
    assert not thread.thread.archived
    assert "really." in own(ben, thread, sim.bot)[-1].content
    assert not own(ben, ben.dm, sim.bot)


async def test_what_was_asked_in_a_locked_thread_comes_into_its_channel(
    sim, deck, guild, channel, ben, penny
):
    penny.answer = "Short."
    thread = await ben.starts_thread("mine", in_=channel)
    await ben.says("@Alfred tell me", thread)
    await ben.sees(lambda m: "Stop" in m.buttons, thread)
    guild.deny(channel, sim.bot, Permission.MANAGE_THREADS)
    thread.thread.locked = True
    sim.fail(EDIT, 400, code=50083, times=ALWAYS, path=f"/channels/{thread.id}/")
    penny.go_on.set()
    await ended(deck, ben)
    [told] = own(ben, channel, sim.bot)
    assert "Short." in told.content
    assert f"<#{thread.id}>" in told.content
    assert not told.mentions
    assert not [m for m in own(ben, thread, sim.bot) if "Stop" in m.buttons]


async def test_what_was_asked_in_a_private_thread_is_not_told_in_its_channel(
    sim, deck, guild, channel, ben, penny
):
    from local_discord import threads

    thread = threads.start(sim.backend.world, channel, sim.bot, "ours", private=True)
    threads.join(sim.backend.world, thread, ben.user)
    await ben.says("@Alfred tell me", thread)
    await ben.sees(lambda m: "Stop" in m.buttons, thread)
    for route in (EDIT, POST):
        sim.fail(route, 403, code=50013, times=ALWAYS, path=f"/channels/{thread.id}/")
    penny.go_on.set()
    await ended(deck, ben)
    assert not own(ben, channel, sim.bot)
    assert "really." in own(ben, ben.dm, sim.bot)[-1].content
