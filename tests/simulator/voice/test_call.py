"""A call from end to end: an unmodified discord.py, people who speak, DAVE between them."""

# mypy: ignore-errors

import asyncio

import discord
import pytest

from tests.simulator.voice import Mode
from tests.simulator.voice.conftest import Listening, understood
from tests.simulator.voice.member import SILENCE


class Clip(discord.AudioSource):
    """Plays Opus packets, each once."""

    def __init__(self, packets):
        self.packets = iter(packets)

    def is_opus(self):
        return True

    def read(self):
        return next(self.packets, b"")


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_bot_hears_and_is_heard(sim, guild, lounge, ana, online, question, mode):
    sim.voice.modes = (mode,)
    channel = online.get_channel(lounge.id)
    link = await channel.connect(cls=Listening, timeout=5)
    ana_call = await ana.joins(lounge)
    speech = await ana_call.plays(question)
    await asyncio.sleep(0.05)
    sent = [frame.opus for frame in speech.clip.frames if frame is not None]
    assert understood(link, ana_call) == sent
    assert sent[-5:] == [SILENCE] * 5

    link.play(Clip(sent[:50]))
    line = sim.voice.line(guild)
    await line.until_speaking()
    await line.until_silent()
    assert [p.opus for p in line.recording.voice] == sent[:50]
    assert line.recording.seconds == 1.0
    await link.disconnect()
    assert not sim.problems
