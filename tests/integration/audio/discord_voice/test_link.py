"""The line into a voice channel, on the local Discord: it hears, speaks, stays, leaves clean."""

import asyncio
import threading
import time
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import discord
import numpy as np
import pytest

from audio import codec
from audio.discord_voice import connection as connections
from audio.discord_voice.link import VoiceLink
from audio.discord_voice.supervision import Trouble
from audio.frames import LostSpeech, SpeechPacket
from audio.ogg import SILENCE_FRAME
from tests.fakes.discord_bot import at_once
from tests.simulator import Simulator
from tests.simulator.voice import Mode, Network, Op

BACK_S = 1.5
"""How soon the bot has to hear again."""


@pytest.fixture
async def sim():
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def guild(sim):
    return sim.guild("Test")


@pytest.fixture
def lounge(guild):
    return guild.voice_channel("Lounge")


@pytest.fixture
def ana(guild, lounge):
    return guild.member("Ana")


@pytest.fixture
def ben(guild, lounge):
    return guild.member("Ben")


@pytest.fixture
async def client(sim, lounge):
    intents = discord.Intents.none()
    intents.guilds = intents.voice_states = True
    bot = discord.Client(intents=intents)
    bot.before_identify_hook = at_once
    async with sim.connect(bot):
        yield bot


class Room:
    """A line, and what came of it."""

    def __init__(self, link, troubles, agreed):
        self.link, self.troubles, self.agreed = link, troubles, agreed
        self.frames = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        while not self._stop.wait(0.02):
            now = time.monotonic()
            self.frames += [(now, frame) for frame in self.link.pull(now)]

    def stop(self):
        self._stop.set()
        self._thread.join()

    def heard(self, user, since=0.0):
        return [
            frame
            for at, frame in self.frames
            if isinstance(frame, SpeechPacket) and frame.user_id == user.id and at > since
        ]

    async def hears(self, user, since=0.0, within=5):
        """The time of the first packet of a person's that was heard after `since`."""
        async with asyncio.timeout(within):
            while not self.heard(user, since):  # noqa: ASYNC110 - filled by a thread
                await asyncio.sleep(0.01)
        return next(
            at
            for at, f in self.frames
            if isinstance(f, SpeechPacket) and f.user_id == user.id and at > since
        )


@asynccontextmanager
async def joined(client, lounge, agreed):
    troubles = []
    factory = VoiceLink.factory(
        may_hear=agreed.__contains__, on_trouble=troubles.append, now=time.monotonic
    )
    channel = client.get_channel(lounge.id)
    link = await channel.connect(cls=factory, timeout=5, self_deaf=False)
    room = Room(link, troubles, agreed)
    try:
        yield room
    finally:
        room.stop()
        with suppress(TimeoutError):
            await link.disconnect(force=True)


@pytest.fixture
async def room(client, lounge, ana, ben):
    async with joined(client, lounge, {ana.id, ben.id}) as there:
        yield there


async def until(what, within=5.0):
    async with asyncio.timeout(within):
        while not what():  # noqa: ASYNC110 - of discord.py's and of threads, without events
            await asyncio.sleep(0.01)


def tone(seconds, hz=440):
    return np.sin(2 * np.pi * hz * np.arange(int(48_000 * seconds)) / 48_000).astype("f4") * 0.4


def speech(seconds=1.0):
    return codec.encode(tone(seconds), 48_000).packets


@pytest.mark.parametrize("mode", list(Mode))
async def test_it_hears_and_is_heard_in_both_transports(sim, client, guild, lounge, ana, mode):
    sim.voice.modes = (mode,)
    async with joined(client, lounge, {ana.id}) as room:
        call = await ana.joins(lounge)
        said = await call.plays(tone(1.0))
        await asyncio.sleep(0.2)
        assert len(room.heard(ana)) >= said.packets - said.withheld - 6
        await until(lambda: room.link.can_speak)
        room.link.playout.add(1, speech())
        line = sim.voice.line(guild)
        await line.until_speaking()
        await line.until_silent()
        assert 0.95 < line.recording.seconds < 1.15
        assert line.plaintext_frames == line.undecryptable_frames == 0
        assert [flags for _, flags in line.speaking][-1] == 0
        assert room.link.health().encrypted
    assert not sim.problems


async def test_who_has_not_agreed_is_not_heard(room, lounge, ana, ben):
    room.agreed.discard(ben.id)
    ana_call, ben_call = await ana.joins(lounge), await ben.joins(lounge)
    await asyncio.gather(ana_call.plays(tone(0.5)), ben_call.plays(tone(0.5, 600)))
    await asyncio.sleep(0.2)
    assert room.heard(ana)
    assert not room.heard(ben)
    health = room.link.health()
    assert health.totals.without_consent > 10
    assert ben.id not in health.people


async def test_nothing_leaves_in_the_clear_while_there_are_no_keys(sim, room, guild, lounge, ana):
    room.link.playout.add(1, speech(0.5))
    await asyncio.sleep(0.5)
    assert not room.link.can_speak
    assert room.link.playout.played().packets == 0
    await ana.joins(lounge)
    line = sim.voice.line(guild)
    await line.until_speaking()
    await line.until_silent()
    assert line.plaintext_frames == 0
    assert room.link.playout.played().packets == 26


async def test_packets_go_out_every_20_ms_and_stop_at_once(sim, room, guild, lounge, ana):
    await ana.joins(lounge)
    await until(lambda: room.link.can_speak)
    line = sim.voice.line(guild)
    room.link.playout.add(1, speech(2.0))
    await line.until_speaking()
    await asyncio.sleep(0.8)
    room.link.playout.hold()
    held_s = time.monotonic()
    await asyncio.sleep(0.4)
    sound = [packet for packet in line.recording.packets if not packet.silent]
    assert sound[-1].at < held_s + 0.04
    gaps = np.diff([packet.at for packet in sound])
    assert abs(np.median(gaps) - 0.02) < 0.002
    room.link.playout.release()
    await line.until_silent()
    stamps = [packet.timestamp for packet in line.recording.packets]
    assert all(later > earlier for earlier, later in pairwise(stamps))
    assert room.link.playout.played().packets == 101


async def test_loss_is_named(sim, room, lounge, ana):
    call = await ana.joins(lounge)
    call.network = Network(loss=0.1, reorder=0.05, duplicate=0.05, jitter_ms=10, seed=5)
    await call.plays(tone(4.0))
    await asyncio.sleep(0.4)
    health = room.link.health().people[ana.id]
    assert health.duplicate > 0
    assert abs(health.lost - call.network.lost) <= 3
    gaps = [f for _, f in room.frames if isinstance(f, LostSpeech)]
    assert sum(gap.samples for gap in gaps) == health.concealed * 960
    packets = room.heard(ana)
    assert [p.timestamp for p in packets] == sorted(p.timestamp for p in packets)


@pytest.mark.parametrize("fault", ["4006", "4015", "4009", "drop", "region", "poller", "commit"])
async def test_it_is_back_within_a_moment(sim, room, guild, lounge, ana, ben, fault):
    call = await ana.joins(lounge)
    talking = await call.plays(tone(8.0), wait=False)
    await room.hears(ana)
    broken_s = time.monotonic()
    room.link.playout.add(1, speech(3.0))
    match fault:
        case "drop":
            sim.voice.drop(guild)
        case "region":
            for _ in range(3):
                sim.voice.sends(guild, Op.SPEAKING, {"user_id": str(ana.id), "ssrc": call.ssrc})
            await sim.voice.new_server(guild)
        case "poller":
            sim.voice.malformed(guild, Op.MLS_PROPOSALS)
        case "commit":
            sim.voice.malformed(guild, Op.MLS_ANNOUNCE_COMMIT)
        case code:
            await sim.voice.close(guild, int(code))
    await asyncio.sleep(0.05)
    gone_s = time.monotonic()
    back_s = await room.hears(ana, since=gone_s)
    print(f"\n{fault}: hears again {1000 * (back_s - broken_s):.0f} ms after it broke")
    assert back_s - broken_s < BACK_S
    runner = room.link._connection._runner
    assert runner is not None
    assert not runner.done()
    line = sim.voice.line(guild)
    await until(lambda: room.link.playout.played().drained, within=8)
    await asyncio.sleep(0.2)
    assert room.link.playout.played().packets == 151
    assert line.plaintext_frames == 0
    call.stops()
    await talking.done()
    ben_call = await ben.joins(lounge)  # new keys: the voice gateway is heard again, too
    await ben_call.plays(tone(0.5, 600))
    await room.hears(ben, since=gone_s, within=1)
    assert not room.troubles


async def test_frames_ahead_of_our_keys_are_kept(sim, room, lounge, ana):
    call = await ana.joins(lounge)
    sim.voice.early_keys()
    talking = await call.plays(tone(3.0), wait=False)
    await room.hears(ana)
    await sim.voice.epoch_change(lounge)
    await talking.done()
    await asyncio.sleep(0.4)
    health = room.link.health().people[ana.id]
    assert health.undecryptable + health.lost <= 2


async def test_a_lost_opcode_5_is_made_good(sim, room, lounge, ana):
    call = await ana.joins(lounge)
    sim.voice.lose_op5()
    said = await call.plays(tone(1.0))
    await asyncio.sleep(0.3)
    assert len(room.heard(ana)) >= said.packets - said.withheld - 6


async def test_a_line_that_hears_nothing_is_noticed_told_and_mended(sim, room, guild, lounge, ana):
    call = await ana.joins(lounge)
    await call.plays(tone(0.5))
    await asyncio.sleep(0.5)
    async with sim.voice.deafened(guild):
        talking = await call.plays(tone(12.0), wait=False)
        began_s = time.monotonic()
        await until(lambda: Trouble.DEAF in room.troubles, within=6)
        noticed_s = time.monotonic() - began_s
    print(f"\ndeaf: noticed {noticed_s:.1f} s after somebody began to speak")
    assert noticed_s < 3
    await room.hears(ana, since=time.monotonic(), within=8)
    await until(lambda: Trouble.MENDED in room.troubles, within=8)
    assert room.troubles.count(Trouble.DEAF) == 1
    assert room.link.health().troubles[Trouble.DEAF] == 1
    talking_on = call.stops()
    del talking, talking_on


async def test_a_drag_takes_it_along(sim, room, guild, lounge, ana):
    hall = guild.voice_channel("Hall")
    await guild.drags(sim.bot, hall)
    call = await ana.joins(hall)
    await until(lambda: room.link.can_speak)
    await call.plays(tone(0.5))
    await asyncio.sleep(0.2)
    assert room.heard(ana)
    assert room.link.channel.id == hall.id


@pytest.mark.parametrize("code", [None, 4014, 4022])
async def test_a_kick_and_the_end_of_a_call_are_the_end(sim, room, guild, lounge, ana, code):
    await ana.joins(lounge)
    if code is None:
        await guild.disconnects(sim.bot)
    else:
        await sim.voice.close(guild, code)
    await until(lambda: Trouble.LOST in room.troubles)
    assert not room.link.is_connected()


async def test_leaving_leaves_nothing_behind(sim, client, lounge, ana):
    await ana.joins(lounge)
    threads, tasks = set(threading.enumerate()), set(asyncio.all_tasks())
    async with joined(client, lounge, {ana.id}) as room:
        await until(lambda: room.link.can_speak)
        room.link.playout.add(1, speech(5.0))
        await asyncio.sleep(0.2)
    await until(lambda: not (set(threading.enumerate()) - threads), within=3)
    left = {t for t in asyncio.all_tasks() - tasks if "voice" in t.get_name().lower()}
    assert not left


async def test_a_failed_join_leaves_nothing_behind(sim, client, lounge):
    threads = set(threading.enumerate())
    channel = client.get_channel(lounge.id)
    factory = VoiceLink.factory(may_hear=lambda _: True, on_trouble=print, now=time.monotonic)
    async with sim.voice.stalled():
        with pytest.raises(TimeoutError):
            await channel.connect(cls=factory, timeout=0.5)
    await until(lambda: not (set(threading.enumerate()) - threads), within=3)
    assert channel.guild.voice_client is None


# -- each fault of discord.py's is still there: without the work-around the bot is deaf ------------


STOCK = discord.voice_state.VoiceConnectionState


async def test_without_our_reader_it_is_away(sim, client, guild, lounge, ana, monkeypatch):
    monkeypatch.setattr(connections.VoiceConnection, "reader", discord.voice_state.SocketReader)
    async with joined(client, lounge, {ana.id}) as room:
        call = await ana.joins(lounge)
        talking = await call.plays(tone(20.0), wait=False)
        await room.hears(ana)
        deaf = False
        for _ in range(5):  # theirs gets away with it when the close meets it awake
            await sim.voice.close(guild, 4006)
            await asyncio.sleep(0.3)
            try:
                await room.hears(ana, since=time.monotonic(), within=2.2)
            except TimeoutError:
                deaf = True
                break
        assert deaf
        call.stops()
        await talking.done()


async def test_without_our_resuming_a_crashed_server_is_gone(
    sim, client, guild, lounge, ana, ben, monkeypatch
):
    def stock(self):
        return STOCK._connect(
            self, reconnect=True, timeout=3, self_deaf=False, self_mute=False, resume=True
        )

    monkeypatch.setattr(connections.VoiceConnection, "_resume", stock)
    async with joined(client, lounge, {ana.id, ben.id}) as room:
        await ana.joins(lounge)
        await until(lambda: room.link.can_speak)
        await sim.voice.close(guild, 4015)
        await asyncio.sleep(0.3)
        ben_call = await ben.joins(lounge)
        await ben_call.plays(tone(0.5))
        assert not room.heard(ben)


async def test_without_our_haste_an_early_answer_is_missed(room, monkeypatch):
    flow = discord.voice_state.ConnectionFlowState
    line = room.link._connection
    seen = []

    async def answers_at_once(*_, **__):
        seen.append(line.state)

    monkeypatch.setattr(discord.Guild, "change_voice_state", answers_at_once)
    for join, expects in ((STOCK._voice_connect, False), (type(line)._voice_connect, True)):
        line._state = flow.disconnected
        await join(line)
        assert (seen.pop() is flow.set_guild_voice_state) is expects
    monkeypatch.undo()
    line.state = flow.connected


async def test_without_our_wait_a_change_of_state_is_missed(room):
    state = discord.voice_state.ConnectionFlowState.got_both_voice_updates
    line = room.link._connection
    for wait, seen in ((STOCK._wait_for_state, False), (type(line)._wait_for_state, True)):
        line._state = discord.voice_state.ConnectionFlowState.disconnected
        waiting = asyncio.ensure_future(wait(line, state, timeout=0.3))
        await asyncio.sleep(0)
        line.state = state
        done, _ = await asyncio.wait([waiting], timeout=1)
        assert done
        assert (waiting.exception() is None) is seen
    line.state = discord.voice_state.ConnectionFlowState.connected


def test_the_silence_frame_is_discords():
    assert SILENCE_FRAME == b"\xf8\xff\xfe"
