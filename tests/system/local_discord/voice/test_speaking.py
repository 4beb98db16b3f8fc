"""Who speaks, and when: to the millisecond, in virtual time, with nobody there but clients."""

# mypy: ignore-errors

import itertools

import pytest

from bot.clock import SystemClock
from local_discord.voice import Op
from local_discord.voice.call import new_ssrc
from local_discord.voice.transport import HEADER

pytestmark = pytest.mark.virtual_time


class Listener:
    """Takes part, understands nothing, and notes when it is told what."""

    def __init__(self, call):
        self.user_id, self.ssrc, self.clock = 1, new_ssrc(), SystemClock()
        self.told, self.heard = [], []
        call.join(self)

    def tell(self, op, data):
        self.told.append((self.clock.now(), op, data))

    def tell_binary(self, op, payload):
        pass

    def hear(self, datagram):
        self.heard.append((self.clock.now(), datagram.clear))

    def times_of(self, op):
        return [at for at, one, _ in self.told if one == op]

    def voice(self):
        """When each packet of voice came, and the time in its header, in seconds."""
        voice = [(at, clear) for at, clear in self.heard if clear[1] == 0x78]
        return [(at, HEADER.unpack_from(clear)[3] / 48_000) for at, clear in voice]


@pytest.fixture
def call(sim, lounge):
    return sim.voice.call(lounge)


async def in_company(guild, lounge, one):
    """Somebody joins whom another can understand, as a key needs two."""
    await guild.member("Bob").joins(lounge)
    return await one.joins(lounge)


async def test_a_packet_leaves_when_its_last_sample_is_recorded(guild, lounge, ana, call, digits):
    ana_call = await in_company(guild, lounge, ana)
    listener = Listener(call)
    speech = await ana_call.plays(digits)
    voice = listener.voice()
    assert len(voice) == speech.packets
    began_at, began = voice[0]
    assert [at - began_at for at, _ in voice] == pytest.approx([to - began for _, to in voice])
    pauses = [b - a for (a, _), (b, _) in itertools.pairwise(voice) if b - a > 0.03]
    assert len(pauses) == len(listener.times_of(Op.SPEAKING)) - 1 > 1
    assert speech.last_packet_at - speech.last_voice_packet_at == pytest.approx(0.34)


async def test_twelve_speak_at_once_in_real_time(guild, lounge, noise):
    calls = [await guild.member(f"member {number}").joins(lounge) for number in range(12)]
    speeches = [await call.plays(noise, wait=False) for call in calls]
    for speech in speeches:
        await speech.done()
        assert speech.withheld == 0
        assert speech.last_packet_at - speech.began_at == pytest.approx(4.34)


async def test_opcode_5_comes_with_the_first_packet_or_so_much_later(
    sim, guild, lounge, ana, call, question
):
    ana_call = await in_company(guild, lounge, ana)
    listener = Listener(call)
    for late_s in (0.0, 0.3):
        sim.voice.late_op5(late_s)
        listener.told.clear()
        listener.heard.clear()
        await ana_call.plays(question)
        began_at, _ = listener.voice()[0]
        assert listener.times_of(Op.SPEAKING)[0] - began_at == pytest.approx(late_s)
