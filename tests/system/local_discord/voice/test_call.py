"""A call from end to end: an unmodified discord.py, people who speak, DAVE between them."""

# mypy: ignore-errors

import asyncio
import io
import itertools
import wave

import discord
import numpy as np
import pytest

from local_discord import CannotDo, NotSeen, Permission
from local_discord.voice import Mode, Op
from local_discord.voice.clips import prepare
from local_discord.voice.line import Packet, Recording
from local_discord.voice.member import SILENCE
from tests.system.local_discord.voice.conftest import Listening, arrived, understood
from tests.waiting import HANGS_S, until


class Clip(discord.AudioSource):
    """Plays Opus packets, each once."""

    def __init__(self, packets):
        self.packets = iter(packets)

    def is_opus(self):
        return True

    def read(self):
        return next(self.packets, b"")


async def until_done(line, seconds):
    """Wait until the bot has said so much, and told that it is done."""
    await line.until_said(seconds)
    await until(lambda: [flags for _, flags in line.speaking][-2:] == [1, 0])


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_bot_hears_and_is_heard(sim, guild, lounge, ana, online, question, mode):
    sim.voice.modes = (mode,)
    channel = online.get_channel(lounge.id)
    link = await channel.connect(cls=Listening, timeout=HANGS_S)
    assert link.mode == mode
    ana_call = await ana.joins(lounge)
    speech = await ana_call.plays(question)
    await arrived(link, ana_call, speech.packets)
    sent = [frame.opus for frame in speech.clip.frames if frame is not None]
    assert understood(link, ana_call) == sent
    assert sent[-5:] == [SILENCE] * 5

    link.play(Clip(sent[:50]))
    line = sim.voice.line(guild)
    await until_done(line, 1.0)
    assert [p.opus for p in line.recording.voice] == sent[:50]
    assert line.recording.seconds == 1.0
    await link.disconnect()
    assert not sim.problems


async def test_a_client_goes_silent_by_sending_nothing(link, lounge, ana, digits):
    ana_call = await ana.joins(lounge)
    speech = await ana_call.plays(digits)
    frames = [rtp for rtp in await arrived(link, ana_call, speech.packets) if rtp.payload]
    payloads = [rtp.payload for rtp in frames]
    assert payloads.count(SILENCE) == 5 * len(link.told(Op.SPEAKING))
    assert len(link.told(Op.SPEAKING)) > 2
    numbers = [rtp.sequence for rtp in frames]
    assert all((b - a) & 0xFFFF == 1 for a, b in itertools.pairwise(numbers))
    jumps = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(frames)]
    pauses = [jump for jump in jumps if jump != 960]
    assert len(pauses) == len(link.told(Op.SPEAKING)) - 1
    assert all(jump % 960 == 0 for jump in pauses)


async def test_packets_look_as_discords_do(link, lounge, ana, noise):
    ana_call = await ana.joins(lounge)
    speech = await ana_call.plays(noise)
    await arrived(link, ana_call, speech.packets)
    voice = [p for p in link.received if p[0] & 0xC0 == 0x80 and p[1] == 0x78]
    assert all(p[0] & 0x10 and p[12:16] == b"\xbe\xde\0\1" for p in voice)
    padded = sum(bool(p[0] & 0x20) for p in voice) / len(voice)
    assert 0 < padded < 0.15  # each with a chance of 0.04
    reports = [p for p in link.received if p[0] & 0xC0 == 0x80 and p[1] == 200]
    assert len(reports) == 4


async def test_twelve_speak_at_once(link, guild, lounge, noise):
    everybody = [guild.member(f"member {number}") for number in range(12)]
    calls = [await one.joins(lounge) for one in everybody]
    speeches = await asyncio.gather(*(call.plays(noise) for call in calls))
    for call, speech in zip(calls, speeches, strict=True):
        assert speech.withheld == 0
        await arrived(link, call, speech.packets)
        assert len(understood(link, call)) == speech.packets


async def test_coming_and_going_in_mid_speech(sim, link, guild, lounge, ana, noise):
    ana_call = await ana.joins(lounge)
    bob = guild.member("Bob")
    speaking = await ana_call.plays(noise, wait=False)
    bob_call = await bob.joins(lounge)
    assert ana_call.dave.session.voice_privacy_code == link.voice_privacy_code
    interrupted = await bob_call.plays(noise, wait=False)
    await until(lambda: interrupted.packets > 10)
    await bob.leaves_voice()
    assert bob_call.speech.is_done
    await speaking.done()
    await arrived(link, ana_call, speaking.packets)
    await until(lambda: link.told(Op.CLIENT_DISCONNECT))
    assert len(understood(link, ana_call)) == speaking.packets
    assert [d["user_id"] for d in link.told(Op.CLIENT_DISCONNECT)] == [str(bob.id)]
    with pytest.raises(CannotDo, match="no voice channel"):
        await bob.leaves_voice()


async def test_nobody_speaks_two_clips_at_once(link, lounge, ana, noise):
    ana_call = await ana.joins(lounge)
    await ana_call.plays(noise, wait=False)
    with pytest.raises(CannotDo, match="speaking already"):
        await ana_call.plays(noise)
    ana_call.stops()
    await ana_call.plays(noise, wait=False)


async def test_a_camera_has_packets_of_its_own(link, lounge, ana):
    ana_call = await ana.joins(lounge)
    await ana_call.shows_camera(0.2)
    await until(lambda: len(link.told(Op.VIDEO)) == 2)
    on, off = link.told(Op.VIDEO)
    assert on["audio_ssrc"] == ana_call.ssrc
    assert {rtp.ssrc for rtp in link.opened()} == {on["video_ssrc"]}
    assert off["video_ssrc"] == 0


async def test_frames_in_the_clear_are_counted_and_refused(sim, link, guild, lounge, question):
    link.play(Clip([b"\xfc" + bytes(40)] * 5))  # alone, discord.py has no key and sends anyhow
    line = sim.voice.line(guild)
    await until(lambda: line.plaintext_frames == 5)
    # Its key may arrive before the five frames of silence that end what it plays.
    assert all(packet.opus == SILENCE for packet in line.packets)
    assert "in the clear" in sim.problems[0].where


async def test_a_deaf_bot_hears_nothing_and_a_mute_one_is_not_heard(
    sim, link, guild, lounge, ana, question
):
    ana_call = await ana.joins(lounge)
    await until(lambda: link.secured)
    guild.sets_voice(sim.bot, deaf=True, mute=True)
    speech = await ana_call.plays(question)
    link.play(Clip([f.opus for f in speech.clip.frames[:20]]))
    await until(lambda: sim.voice.line(guild).unheard_frames >= 20)
    assert not link.opened()
    assert not sim.voice.line(guild).packets


async def test_who_may_not_connect_is_left_out(sim, guild, lounge, ana, online):
    guild.deny(lounge, sim.bot, Permission.CONNECT)
    guild.deny(lounge, ana, Permission.CONNECT)
    with pytest.raises(TimeoutError):
        await online.get_channel(lounge.id).connect(timeout=0.3, reconnect=False)
    await until(lambda: sim.problems)
    assert "without the permission to connect" in sim.problems[0].message
    with pytest.raises(CannotDo):
        await ana.joins(lounge)


async def test_a_full_channel_takes_nobody_more(sim, guild, ana, online):
    small = guild.voice_channel("Booth", user_limit=1)
    await ana.joins(small)
    await until(lambda: online.get_channel(small.id))
    assert online.get_channel(small.id).user_limit == 1
    with pytest.raises(TimeoutError):
        await online.get_channel(small.id).connect(timeout=0.3, reconnect=False)
    await until(lambda: sim.problems)
    assert "full" in sim.problems[0].message
    with pytest.raises(CannotDo, match="full"):
        await guild.member("Bob").joins(small)


async def test_on_a_stage_the_bot_listens_until_it_is_invited(sim, guild, ana, online, question):
    stage = guild.stage_channel("Talk")
    await until(lambda: online.get_channel(stage.id))
    link = await online.get_channel(stage.id).connect(cls=Listening, timeout=HANGS_S)
    ana_call = await ana.joins(stage)
    speech = await ana_call.plays(question)
    await arrived(link, ana_call, speech.packets)
    assert understood(link, ana_call)
    me = link.guild.me
    assert me.voice.suppress
    with pytest.raises(discord.Forbidden):
        await me.edit(suppress=False)
    await me.request_to_speak()
    await until(lambda: me.voice.requested_to_speak_at)
    guild.sets_voice(sim.bot, suppress=False)
    await until(lambda: not me.voice.suppress)
    link.play(Clip([f.opus for f in speech.clip.frames[:20]]))
    await sim.voice.line(guild).until_speaking()
    await link.disconnect()


async def test_who_is_there_is_known_to_a_bot_that_comes_later(sim, guild, lounge, ana, bot):
    await ana.joins(lounge)
    async with sim.connect(bot):
        there = bot.get_channel(lounge.id)
        assert [m.name for m in there.members] == ["Ana"]
        await ana.leaves_voice()
        await until(lambda: not there.members)


async def test_a_voice_channel_has_a_chat(sim, lounge, ana, online):
    heard = asyncio.create_task(online.wait_for("message", timeout=HANGS_S))
    await asyncio.sleep(0)
    await ana.says("hello", lounge)
    await (await heard).channel.send("hello yourself")
    await ana.sees("hello yourself", lounge)


async def test_a_bot_that_goes_offline_leaves_its_channel(sim, guild, lounge, bot):
    async with sim.connect(bot):
        await bot.get_channel(lounge.id).connect(timeout=HANGS_S)
        assert sim.voice.states.where(sim.bot, guild.guild) is lounge
    assert sim.voice.states.where(sim.bot, guild.guild) is None


async def test_the_recording_keeps_the_sound_and_the_pauses(sim, link, guild, lounge, ana, noise):
    ana_call = await ana.joins(lounge)
    clip = await prepare(noise, ana_call.microphone)
    packets = [f.opus for f in clip.frames[:25]]
    line = sim.voice.line(guild)
    for seconds in (0.5, 1.0):
        link.play(Clip(packets))
        await line.until_said(seconds)
        await until(lambda: not link.is_playing())
    recording = line.recording
    assert [p.opus for p in recording.voice] == packets * 2
    assert len(recording.intervals) == 49
    half = line.since(recording.voice[25].at)
    assert len(half.voice) == 25
    times = [number * 0.02 for number in range(25)]
    times += [1.5 + at for at in times]  # the same, with a pause of exactly a second
    paused = Recording(
        tuple(Packet(at, 0, 0, opus) for at, opus in zip(times, packets * 2, strict=True))
    )
    assert paused.seconds == 1.0
    with wave.open(io.BytesIO(paused.wav)) as file:
        assert (file.getframerate(), file.getnchannels()) == (48_000, 1)
        assert file.getnframes() == 2 * 48_000
    loud = np.abs(paused.samples) > 0.02
    assert loud[: 48_000 // 2].mean() > 0.5
    assert not loud[48_000 // 2 : 48_000 * 3 // 2].any()
    assert loud[48_000 * 3 // 2 :].mean() > 0.5
    with pytest.raises(NotSeen, match="said nothing"):
        await line.until_speaking(within=0.1)


async def test_the_bot_is_understood_while_keys_change(sim, link, guild, lounge, ana, noise):
    ana_call = await ana.joins(lounge)
    await until(lambda: link.secured)
    clip = await prepare(noise, ana_call.microphone)
    packets = [f.opus for f in clip.frames[:75]]
    line = sim.voice.line(guild)
    link.play(Clip(packets))
    await line.until_said(0.3)
    await sim.voice.epoch_change(lounge)
    await until_done(line, 1.5)
    assert [p.opus for p in line.recording.voice] == packets
    assert (line.undecryptable_frames, line.plaintext_frames) == (0, 0)
    assert [flags for _, flags in line.speaking] == [0, 1, 0]
