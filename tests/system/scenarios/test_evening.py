"""An evening in a channel, with real models: two people, two languages, every cog."""

import base64

import pytest

from audio import codec
from bot.catalogue import load_grace
from bot.contract import Audio
from bot.settings import Settings
from bot.workers.factory.handler import FactoryHandler
from bot.workers.grace.handler import GraceHandler
from cogs.shared.voice_message import prepare
from tests.fakes.discord_bot import made, serving
from tests.simulator import File, NotSeen

pytestmark = pytest.mark.models

NEWS = (
    "The city council of Lakeview voted on Tuesday to close Main Street to cars from May to "
    "September. The plan will turn six blocks into a pedestrian zone with outdoor seating and a "
    "weekly market. The city will add 200 parking spaces behind the library."
)


@pytest.mark.timeout(400)
async def test_an_evening(sim, guild, channel, ana, ben, penny, qwen, clips, tmp_path):
    grace = load_grace(Settings(_env_file=None))
    handlers = {
        "penny": penny,
        "grace": GraceHandler(grace, qwen),
        "factory": FactoryHandler(qwen),
    }
    question = (clips / "question.wav").read_bytes()
    wire = Audio(data=base64.b64encode(question).decode(), format="wav")
    recording = await prepare(wire)
    async with (
        serving(handlers) as base_url,
        made(base_url, tmp_path / "x.db", deadline_s=300) as bot,
        sim.connect(bot),
    ):
        await ben.says("@Alfred What is the capital of France?", channel)
        answer = await ben.sees("Paris", within=240)
        for within in (30, 30, 240):  # half a billion parameters miss now and then: ask again
            await ben.says("And of Spain?", channel, reply_to=answer)
            try:
                await ben.sees("Madrid", within=within)
                break
            except NotSeen:
                if within == 240:
                    raise

        heard = await ben.says_aloud(recording.data, channel, seconds=recording.seconds)
        asked = await ben.says("@Alfred", channel)
        assert heard.id < asked.id
        await ben.sees("Hello, I'm Alfred")
        await ben.slash("/ask", channel, file=File("question.wav", question, "audio/wav"))

        def answered(message):
            return message.content.startswith("> What is the capital of France?") and (
                "Paris" in message.content
            )

        await ben.sees(answered, within=240)
        voice = await ben.sees(lambda m: bool(m.flags & 8192), ever=True)
        sound = codec.decode(voice.file().data, limit_s=60)
        assert abs(sound).max() > 0.05
        assert voice.file().duration_secs == pytest.approx(len(sound) / 16_000, abs=0.2)

        await ana.slash("/grace summarize", channel, text=NEWS, length="short")
        await ana.sees("Main Street", within=90)
        await ana.slash("/grace extract", channel, text=NEWS, fields="place, month")
        extracted = await ana.sees(lambda m: bool(m.attachments), within=90)
        assert extracted.file().filename == "result.json"

        await ben.slash("/factory build", channel, task="a function that adds two numbers")
        thread = await ben.sees_thread()
        await ben.sees(lambda m: bool(m.attachments), thread, within=240)
        await ana.slash("/help", channel)
        for name, place in {"channel": channel, "thread": thread}.items():
            (tmp_path / f"{name}.html").write_text(sim.render(place, viewer=ana), encoding="utf-8")
    assert not sim.problems
