"""Voice that is broken on purpose, as discord.py's own client lives with it."""

# mypy: ignore-errors

import asyncio
import time

import pytest

from tests.simulator.voice import Close, Microphone, Network, Op
from tests.simulator.voice.conftest import Listening, understood, until


async def test_loss_reordering_and_duplicates_come_as_ordered(link, lounge, ana, noise):
    ana_call = await ana.joins(lounge)
    ana_call.network = Network(loss=0.1, reorder=0.05, duplicate=0.05, jitter_ms=15, seed=3)
    speech = await ana_call.plays(noise)
    await asyncio.sleep(0.2)
    numbers = [rtp.sequence for rtp in link.opened() if rtp.ssrc == ana_call.ssrc]
    different = set(numbers)
    assert 0.05 < 1 - len(different) / speech.packets < 0.15
    assert len(different) == speech.packets - ana_call.network.lost
    assert len(numbers) > len(different)
    assert numbers != sorted(numbers)


async def test_opcode_5_may_be_late_or_lost(sim, link, lounge, ana, question):
    ana_call = await ana.joins(lounge)
    sim.voice.lose_op5()
    await ana_call.plays(question)
    assert not link.told(Op.SPEAKING)
    sim.voice.late_op5(0.3)
    began = time.monotonic()
    await ana_call.plays(question, wait=False)
    await until(lambda: link.told(Op.SPEAKING))
    assert time.monotonic() - began > 0.3
    assert link.told(Op.SPEAKING)[0]["ssrc"] == ana_call.ssrc


async def test_keys_change_in_mid_speech(sim, link, lounge, ana, digits):
    ana_call = await ana.joins(lounge)
    await asyncio.sleep(0.1)
    before = link.dave.epoch
    speech = await ana_call.plays(digits, wait=False)
    await asyncio.sleep(0.5)
    await sim.voice.epoch_change(lounge)
    await asyncio.sleep(0.5)
    assert link.dave.epoch == before + 2
    ana_call.stops()
    assert speech.withheld == 0
    await asyncio.sleep(0.1)
    heard = understood(link, ana_call)
    assert len(heard) == speech.packets
    assert not sim.problems


@pytest.mark.parametrize("told", [True, False])
async def test_a_kick_puts_the_bot_out(sim, link, guild, lounge, ana, told):
    await ana.joins(lounge)
    if told:
        await guild.disconnects(sim.bot)
    else:
        await sim.voice.close(guild, Close.CALL_TERMINATED)
    await until(lambda: not link.is_connected())
    assert sim.voice.states.where(sim.bot, guild.guild) is None
    assert sim.voice.session(guild) is None


async def test_a_region_move_gives_a_new_server_to_all(sim, link, guild, lounge, ana, digits):
    ana_call = await ana.joins(lounge)
    before = ana_call.ssrc
    speech = await ana_call.plays(digits, wait=False)
    await asyncio.sleep(0.3)
    link.received.clear()
    await sim.voice.new_server(guild)
    await until(lambda: ana_call.ssrc != before and link.secured, within=3)
    await until(lambda: understood(link, ana_call))
    await until(lambda: link.told(Op.SPEAKING)[-1]["ssrc"] == ana_call.ssrc)
    ana_call.stops()
    assert speech.withheld


async def test_a_drag_takes_the_bot_to_another_call(sim, link, guild, lounge, ana):
    hall = guild.voice_channel("Hall")
    await asyncio.sleep(0.05)
    await guild.drags(sim.bot, hall)
    await ana.joins(hall)
    await until(lambda: link.is_connected() and link.secured and link.channel.id == hall.id)
    assert set(sim.voice.call(hall).participants) == {sim.bot.id, ana.id}
    assert not sim.voice.call(lounge).participants


async def test_a_malformed_proposal_ends_discord_pys_poller(sim, link, guild, lounge, ana):
    await ana.joins(lounge)
    await until(lambda: link.secured)
    sim.voice.malformed(guild, Op.MLS_PROPOSALS)
    await until(link._connection._runner.done)
    assert link.is_connected()
    assert isinstance(link._connection._runner.exception(), ValueError)


async def test_after_a_malformed_commit_the_bot_is_added_anew(sim, link, lounge, guild, ana):
    ana_call = await ana.joins(lounge)
    await until(lambda: link.secured)
    epoch = ana_call.dave.session.epoch
    sim.voice.malformed(guild, Op.MLS_ANNOUNCE_COMMIT)
    await until(lambda: link.secured and ana_call.dave.session.epoch == epoch + 1)
    assert ana_call.dave.session.voice_privacy_code == link.voice_privacy_code
    assert not sim.problems


async def test_whoever_is_left_alone_begins_a_new_group(sim, link, lounge, ana):
    await ana.joins(lounge)
    await until(lambda: link.secured)
    await ana.leaves_voice()
    await until(lambda: link.told(Op.PREPARE_EPOCH))
    await until(lambda: not link.secured)
    await ana.joins(lounge)
    await until(lambda: link.secured)


async def test_a_stalled_server_answers_nothing(sim, guild, lounge, online):
    async with sim.voice.stalled():
        with pytest.raises(TimeoutError):
            await online.get_channel(lounge.id).connect(timeout=0.3, reconnect=False)
    link = await online.get_channel(lounge.id).connect(cls=Listening, timeout=3)
    await link.disconnect(force=True)


async def test_a_deafened_bot_hears_nothing(sim, link, guild, lounge, ana, question):
    ana_call = await ana.joins(lounge)
    ana_call.microphone = Microphone(trailing=2)
    async with sim.voice.deafened(guild):
        await ana_call.plays(question)
    assert link.is_connected()
    assert not [p for p in link.received if p[0] & 0xC0 == 0x80]
    await ana_call.plays(question)
    assert link.opened()
