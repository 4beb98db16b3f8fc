"""A live client in a call: a microphone frame by frame, and what the others and the bot say."""

# mypy: ignore-errors

import asyncio
import time

import numpy as np
import pytest

from audio.codec import decode
from audio.constants import FRAME_S, FRAME_SAMPLES, OPUS_RATE_HZ
from audio.samples import from_pcm, to_pcm
from local_discord.voice import Network
from local_discord.voice.live import PUSH_TO_TALK, LiveClient
from local_discord.voice.member import SILENCE
from tests.system.local_discord.voice.conftest import arrived, understood
from tests.system.local_discord.voice.test_call import Clip
from tests.waiting import until


class Headset:
    """A live client, its microphone a clip, its loudspeaker a list."""

    def __init__(self, speaker):
        self.heard = []
        self.at = []
        self.spoke = []
        self.client = LiveClient(speaker, self._play, self._changed)

    def _play(self, pcm):
        self.heard.append(pcm)
        self.at.append(time.monotonic())

    def _changed(self):
        self.spoke.append(self.client.speaking)

    async def speaks(self, samples):
        """A clip, as a microphone hears it: 20 ms each 20 ms."""
        start = time.monotonic()
        for number in range(len(samples) // FRAME_SAMPLES):
            due = start + (number + 1) * FRAME_S - time.monotonic()
            await asyncio.sleep(max(0.0, due))
            one = samples[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]
            await self.client.says(to_pcm(one))

    @property
    def sound(self):
        return from_pcm(np.concatenate([np.zeros(0, np.int16), *self.heard]))


async def headset(person, lounge):
    return Headset(await person.joins(lounge))


def likeness(said, heard):
    """How alike two sounds are, wherever one begins in the other: 1 is the same."""
    size = 1 << (len(said) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    together = np.fft.irfft(spectrum, size).max()
    return together / (np.linalg.norm(said) * np.linalg.norm(heard) + 1e-9)


@pytest.fixture
def words(question):
    """The question, with the silence before it and after it that a microphone hears."""
    said = decode(question, rate_hz=OPUS_RATE_HZ, limit_s=10)
    quiet = np.zeros(OPUS_RATE_HZ // 4, np.float32)
    after = np.zeros(OPUS_RATE_HZ // 2, np.float32)
    return np.concatenate([quiet, said, after])


async def test_two_people_and_the_bot_hear_each_other(sim, link, lounge, ana, ben, words):
    anas, bens = await headset(ana, lounge), await headset(ben, lounge)
    await anas.speaks(words)
    await until(lambda: not bens.client.speaking)
    assert likeness(words, bens.sound) > 0.95
    assert not anas.heard
    # Each was told that Ana speaks, and that she has stopped.
    for one in (anas, bens):
        assert one.spoke[0] == {ana.id}
        assert one.spoke[-1] == frozenset()
    packets = await arrived(link, anas.client.speaker, 60)
    heard = understood(link, anas.client.speaker)
    assert heard[-5:] == [SILENCE] * 5
    assert len(packets) == len(heard)
    # The bot says the same, and both hear it.
    link.play(Clip([opus for opus in heard if opus != SILENCE]))
    await until(lambda: len(anas.heard) >= 40 and not anas.client.speaking)
    assert likeness(words, anas.sound) > 0.9
    assert sim.bot.id in set().union(*anas.spoke)
    assert sim.voice.line(lounge.guild).recording.seconds >= 1.0
    assert not sim.problems


async def test_what_the_network_loses_is_concealed_in_its_place(lounge, ana, ben, words):
    anas, bens = await headset(ana, lounge), await headset(ben, lounge)
    await bens.client.speaker.secured()
    network = Network(loss=0.1, reorder=0.1, duplicate=0.1, jitter_ms=40, seed=3)
    anas.client.suffers(network)
    await anas.speaks(words)
    await until(lambda: not bens.client.speaking)
    assert network.lost > 2
    assert bens.client.lost > 2
    # Nothing is missing and nothing comes twice: the whole is as long as it was.
    spoken = sum(len(one) for one in bens.heard) / OPUS_RATE_HZ
    assert 1.2 < spoken < 1.9
    assert likeness(words, bens.sound) > 0.6


async def test_they_hear_and_speak_on_after_a_region_move(
    sim, guild, link, lounge, ana, ben, words
):
    anas, bens = await headset(ana, lounge), await headset(ben, lounge)
    speaking = asyncio.create_task(anas.speaks(np.tile(words, 2)))
    await until(lambda: len(bens.heard) > 30)
    await sim.voice.new_server(guild)
    await until(lambda: anas.client.speaker.call is not None)
    before = len(bens.heard)
    await speaking
    await until(lambda: not bens.client.speaking)
    assert len(bens.heard) > before + 20
    assert anas.client.dropped > 0
    # The bot hears on, too, and is heard: under the new server's key, and its own new ssrc.
    heard = [opus for opus in understood(link, anas.client.speaker) if opus != SILENCE]
    assert len(heard) > 20
    before = len(anas.heard)
    link.play(Clip(heard[:40]))
    await until(lambda: len(anas.heard) >= before + 30)


async def test_push_to_talk_sends_softly_too_and_stops_at_once(link, lounge, ana, words):
    anas = await headset(ana, lounge)
    anas.client.uses(PUSH_TO_TALK)
    await anas.speaks(words * 1e-4)
    sent = len(words) // FRAME_SAMPLES
    assert anas.client.speaking == {ana.id}
    anas.client.closes()
    assert anas.client.speaking == frozenset()
    await arrived(link, anas.client.speaker, sent + 5)
    assert understood(link, anas.client.speaker)[-5:] == [SILENCE] * 5
    assert anas.client.speaker.microphone is PUSH_TO_TALK


async def test_the_deaf_and_those_who_hung_up_hear_nothing(lounge, ana, ben, words):
    anas, bens = await headset(ana, lounge), await headset(ben, lounge)
    bens.client.deafens(deaf=True)
    await anas.speaks(words)
    assert not bens.heard
    bens.client.deafens(deaf=False)
    await anas.speaks(words[: OPUS_RATE_HZ // 2])
    assert bens.heard
    bens.client.hangs_up()
    bens.heard.clear()
    await anas.speaks(words[OPUS_RATE_HZ // 4 : OPUS_RATE_HZ // 2])
    assert not bens.heard
