"""How soon a spoken "stop" silences the bot, and a spoken "cancel the build" ends a job.

The peer of "stop" is any other interruption, that of "cancel" the button under the job, each in the
same run, one after the other. Real speech and ears; "cancel" is heard by the local recogniser.

    python -m pytest -m bench tests/bench/test_spoken_commands.py -s
"""

import asyncio
import statistics

import numpy as np
import pytest

from bot.contract import Response, Service, Status
from bot.voice_agent.events import Stage
from tests.bench.test_voice import QUIET_S, Prompt, line
from tests.fakes.discord_bot import made, serving
from tests.fakes.handlers import Scripted
from tests.fakes.voice_call import spoken, voice_call
from tests.waiting import until

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

STOPS = 10
CANCELS = 6


class Heard(Prompt):
    """Hears what the test says that was said."""

    hears = "What is the capital of France?"

    async def _answer(self, request):
        async for response in super()._answer(request):
            output = response.output.model_copy(
                update={"transcript": self.hears} if response.output.transcript else {}
            )
            yield response.model_copy(update={"output": output})


async def test_how_soon_stop_silences_it(penny):
    await penny.warm_up()
    clips = {
        "What is the capital of France?": await spoken(penny, "What is the capital of France?"),
        "Stop.": await spoken(penny, "Stop."),
    }
    took: dict[str, list[float]] = {one: [] for one in clips}
    service = Heard(20)
    async with voice_call(service, people=["Ana"]) as (call, ana):
        [speaker] = await call.joins(ana)
        for number in range(STOPS):
            for words, clip in clips.items():
                service.hears = "What is the capital of France?"
                if not call.session.is_busy:
                    await speaker.plays(clips["What is the capital of France?"])
                await call.reader.sees(Stage.ANSWERING)
                await call.line.until_speaking()
                await asyncio.sleep(0.6 + number % 5 / 20)
                service.hears = words
                said = await speaker.plays(clip)
                await call.reader.sees(Stage.INTERRUPTED)
                sent = [p.at for p in call.line.recording.voice if p.at > said.first_packet_at]
                pause = np.flatnonzero(np.diff(sent) > QUIET_S)
                last = sent[pause[0]] if len(pause) else sent[-1]
                took[words].append((last - said.first_packet_at) * 1000)
                if words == "Stop.":
                    await until(lambda: not call.session.is_busy)
    question, stop = took.values()
    print("\n" + line('"Stop.": first packet to our last packet', stop, "as barge-in"))
    print(line("any other interruption", question, ""))
    print(f"ratio of the medians: {statistics.median(stop) / statistics.median(question):.2f}")


class Builds:
    """A Factory that never ends by itself, and notes when it is told to."""

    def __init__(self) -> None:
        self.running = 0
        self.ended_at = 0.0

    async def __call__(self, request):
        self.running += 1
        yield Response(status=Status.PARTIAL)
        try:
            await asyncio.Event().wait()
        finally:
            self.running -= 1
            self.ended_at = asyncio.get_running_loop().time()


async def test_how_soon_cancel_ends_a_job(sim, guild, channel, ben, penny, tmp_path):
    await penny.warm_up()
    builds = Builds()
    handlers = {"penny": penny, "factory": Scripted(builds, service=Service.FACTORY)}
    lounge, now = guild.voice_channel("Lounge"), asyncio.get_running_loop().time
    cancel = await spoken(penny, "Cancel the build.")
    by_voice, after_turn, by_button = [], [], []
    async with (
        serving(handlers) as base_url,
        made(base_url, tmp_path / "x.db", deadline_s=300) as bot,
        sim.connect(bot),
    ):
        speaker = await ben.joins(lounge)
        await (await ben.slash("/join", channel)).done()
        [room] = bot.get_cog("Voice").channels._open_by_guild.values()
        await until(lambda: not room.session.is_busy)
        perform = room._commands.perform
        began: list[float] = []

        async def timed(order, words):
            began.append(now())
            return await perform(order, words)

        room._commands.perform = timed
        for _ in range(CANCELS):
            await ben.slash("/factory build", channel, task="a dice roller")
            await until(lambda: builds.running == 1)
            await speaker.plays(cancel)
            said_at = now()
            await until(lambda: builds.running == 0)
            by_voice.append((builds.ended_at - said_at) * 1000)
            after_turn.append((builds.ended_at - began[-1]) * 1000)
            await until(lambda: not room.session.is_busy)
            await ben.slash("/factory build", channel, task="a dice roller")
            thread = await ben.sees_thread()
            await until(lambda: builds.running == 1)
            shown = await ben.sees(lambda m: "Cancel" in m.buttons, thread)
            pressed_at = now()
            await ben.clicks("Cancel", on=shown)
            await until(lambda: builds.running == 0)
            by_button.append((builds.ended_at - pressed_at) * 1000)
    print("\n" + line('"Cancel the build.": last packet to the end', by_voice, ""))
    print(line("... from the end of the turn, recognised", after_turn, "target: 1000 ms"))
    print(line("the button under the job", by_button, ""))
    ratio = statistics.median(after_turn) / statistics.median(by_button)
    print(f"ratio of the medians, turn to button: {ratio:.2f}")
