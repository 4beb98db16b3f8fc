"""An evening in a channel, with real models: two people, two languages, every cog."""

import base64
import contextlib

import pytest

from audio import codec
from bot.catalogue import load_grace
from bot.contract import Audio
from bot.settings import Settings
from bot.workers.factory.handler import FactoryHandler
from bot.workers.grace.handler import GraceHandler
from cogs.shared.voice_message import prepare
from local_discord import File, NotSeen
from tests.fakes.discord_bot import made, serving

pytestmark = pytest.mark.models

NEWS = (
    "The city council of Lakeview voted on Tuesday to close Main Street to cars from May to "
    "September. The plan will turn six blocks into a pedestrian zone with outdoor seating and a "
    "weekly market. The city will add 200 parking spaces behind the library."
)


@pytest.fixture
async def services(sim, penny, qwen, tmp_path):
    """The three services with real models, and the bot that calls them."""
    grace = load_grace(Settings(_env_file=None))
    handlers = {
        "penny": penny,
        "grace": GraceHandler(grace, qwen),
        "factory": FactoryHandler(qwen),
    }
    async with (
        serving(handlers) as base_url,
        made(base_url, tmp_path / "x.db", deadline_s=300) as bot,
        sim.connect(bot),
    ):
        yield


@pytest.fixture
async def recording(clips):
    """The spoken question, as Discord's phone clients record it."""
    question = (clips / "question.wav").read_bytes()
    return await prepare(Audio(data=base64.b64encode(question).decode(), format="wav"))


def pages(sim, folder, viewer, **places):
    """Write each place as a page, to be looked at."""
    for name, place in places.items():
        (folder / f"{name}.html").write_text(sim.render(place, viewer=viewer), encoding="utf-8")


async def asked_until_seen(ask, person, what, place):
    """Ask up to three times: half a billion parameters miss now and then."""
    for within in (30, 30):
        await ask()
        with contextlib.suppress(NotSeen):
            return await person.sees(what, place, within=within)
    await ask()
    return await person.sees(what, place, within=240)


@pytest.mark.timeout(400)
async def test_an_evening(sim, services, guild, channel, ana, ben, recording, clips, tmp_path):
    await ben.says("@Alfred What is the capital of France?", channel)
    answer = await ben.sees("Paris", within=240)
    await asked_until_seen(
        lambda: ben.says("And of Spain?", channel, reply_to=answer), ben, "Madrid", channel
    )

    heard = await ben.says_aloud(recording.data, channel, seconds=recording.seconds)
    asked = await ben.says("@Alfred", channel)
    assert heard.id < asked.id
    await ben.sees("Hello, I'm Alfred")
    await ben.slash(
        "/ask",
        channel,
        file=File("question.wav", (clips / "question.wav").read_bytes(), "audio/wav"),
    )

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
    await ana.sees(lambda m: "**Datos** · «" in m.text and "Otra vez" in m.buttons, within=90)

    await ben.slash("/factory build", channel, task="a function that adds two numbers")
    thread = await ben.sees_thread()
    await ben.sees(lambda m: bool(m.attachments), thread, within=240)
    await ana.slash("/help", channel)
    pages(sim, tmp_path, ana, channel=channel, thread=thread)
    assert not sim.problems


@pytest.mark.timeout(400)
async def test_an_evening_of_forwards_replies_and_polls(
    sim, services, channel, ana, ben, recording, tmp_path
):
    question = await ana.says("What is the capital of France?", channel)
    await asked_until_seen(lambda: ben.forwards(question, ben.dm), ben, "Paris", ben.dm)
    aloud = await ana.says_aloud(recording.data, channel, seconds=recording.seconds)
    forwarded = await ben.forwards(aloud, ben.dm)
    await ben.sees(lambda m: bool(m.flags & 8192) and m.id > forwarded.id, ben.dm, within=240)

    plan = File("plan.txt", "We meet on Friday at noon, by the lake.".encode("utf-16"))
    file = await ana.says("the plan", channel, files=[plan])
    await asked_until_seen(
        lambda: ben.says("@Alfred on which day do we meet?", channel, reply_to=file),
        *(ben, "Friday", channel),
    )
    # Ben's Discord is in English; the words decide.
    await asked_until_seen(
        lambda: ben.says("@Alfred ¿Cuál es la capital de España?", channel),
        *(ben, "capital de España es Madrid", channel),
    )
    await ana.says("@Alfred What is the capital of Spain?", channel)
    await ana.sees(lambda m: "Madrid" in m.content and "Spain" in m.content, channel, within=240)

    poll = await ana.asks("Where do we eat?", "Pizza at Gino's", "Sushi at Kaito")
    await ana.votes(2, on=poll)
    await ben.votes(2, on=poll)
    await ben.menu("Summarize", on=poll)
    await ben.sees(
        lambda m: "**Summary** · Ana's message" in m.content and "⏳" not in m.content, within=240
    )
    pages(sim, tmp_path, ben, channel=channel, direct=ben.dm)
    assert not sim.problems
