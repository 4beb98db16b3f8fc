"""Voice that is broken on purpose, as discord.py's own client lives with it."""

# mypy: ignore-errors

import pytest

from local_discord.voice import Close, Microphone, Network, Op
from tests.system.local_discord.voice.conftest import Listening, arrived, understood
from tests.waiting import HANGS_S, until


async def test_loss_reordering_and_duplicates_come_as_ordered(link, lounge, ana, noise):
    ana_call = await ana.joins(lounge)
    ana_call.network = Network(loss=0.1, reorder=0.05, duplicate=0.05, jitter_ms=15, seed=3)
    speech = await ana_call.plays(noise)
    came = await arrived(link, ana_call, speech.packets - ana_call.network.lost)
    numbers = [rtp.sequence for rtp in came]
    different = set(numbers)
    assert 0.05 < 1 - len(different) / speech.packets < 0.15
    assert len(different) == speech.packets - ana_call.network.lost
    assert len(numbers) > len(different)
    assert numbers != sorted(numbers)


async def test_opcode_5_may_be_late_or_lost(sim, link, lounge, ana, question):
    ana_call = await ana.joins(lounge)
    sim.voice.lose_op5()
    await ana_call.plays(question)
    sim.voice.late_op5(0.3)
    await ana_call.plays(question)
    await until(lambda: link.told(Op.SPEAKING))
    assert [told["ssrc"] for told in link.told(Op.SPEAKING)] == [ana_call.ssrc], "one was lost"


async def test_keys_change_in_mid_speech(sim, link, lounge, ana, monologue):
    ana_call = await ana.joins(lounge)
    await until(lambda: link.secured)
    before = link.dave.epoch
    speech = await ana_call.plays(monologue, wait=False)
    await until(lambda: speech.packets > 25)
    await sim.voice.epoch_change(lounge)
    await until(lambda: link.dave.epoch == before + 2)
    said = speech.packets
    await until(lambda: speech.packets > said + 25)
    ana_call.stops()
    assert speech.withheld == 0
    await arrived(link, ana_call, speech.packets)
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


async def test_a_region_move_gives_a_new_server_to_all(sim, link, guild, lounge, ana, monologue):
    ana_call = await ana.joins(lounge)
    before = ana_call.ssrc
    speech = await ana_call.plays(monologue, wait=False)
    await until(lambda: speech.packets > 10)
    link.received.clear()
    await sim.voice.new_server(guild)
    await until(lambda: ana_call.ssrc != before and link.secured)
    await until(lambda: understood(link, ana_call))
    await until(lambda: link.told(Op.SPEAKING)[-1]["ssrc"] == ana_call.ssrc)
    ana_call.stops()
    assert speech.withheld


async def test_a_drag_takes_the_bot_to_another_call(sim, link, guild, lounge, ana):
    hall = guild.voice_channel("Hall")
    await until(lambda: sim.bot.id in sim.voice.call(lounge).participants)
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
    link = await online.get_channel(lounge.id).connect(cls=Listening, timeout=HANGS_S)
    await link.disconnect(force=True)


async def test_a_deafened_bot_hears_nothing(sim, link, guild, lounge, ana, question):
    ana_call = await ana.joins(lounge)
    ana_call.microphone = Microphone(trailing=2)
    async with sim.voice.deafened(guild):
        unheard = await ana_call.plays(question)
    assert link.is_connected()
    heard = await ana_call.plays(question)
    came = await arrived(link, ana_call, heard.packets)
    assert unheard.packets
    assert len(came) == heard.packets, "nothing has come of what was said before"
