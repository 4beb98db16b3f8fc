"""A conversation in a voice channel while every third packet of everybody's is lost."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from bot.clock import SystemClock
from local_discord import Channel, Person, Server
from local_discord.voice import Network
from local_discord.voice.speaker import Speaker
from tests.chaos.scene import Scene, scene
from tests.chaos.verdict import End, Observations, Question

LOSS: Final = 0.3
CLIP: Final = Path(__file__).parents[1] / "clips" / "question.wav"
_HEARD_WITHIN_S: Final = 20.0
_COMES_WITHIN_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.05
_CLOCK: Final = SystemClock()


async def lossy(folder: Path, seed: int, turns: int = 8) -> Observations:
    """Somebody speaks; each question is to be heard, asked once, and answered aloud."""
    async with scene(folder, seed, guilds=1) as one:
        [(guild, _)] = one.crowd.guilds
        lounge = guild.voice_channel("Lounge")
        ana = guild.member("Ana", locale="en-US")
        bot = await one.start()
        await _conversation(one, lounge, ana, turns=1, network=None)  # it loads its ears
        before = await one.warm_up(bot)
        network = Network(loss=LOSS, jitter_ms=15, seed=seed)
        questions = await _conversation(one, lounge, ana, turns=turns, network=network)
        seen = await one.wind_up(bot, before)
        return replace(seen, questions=[*seen.questions, *questions])


async def _conversation(
    one: Scene, lounge: Channel, ana: Person, *, turns: int, network: Network | None
) -> list[Question]:
    """She comes, calls the bot, speaks, and sends it away."""
    [(guild, channel)] = one.crowd.guilds
    speaker = await ana.joins(lounge)
    reply = await ana.slash("/join", channel)
    await reply.done(within=_COMES_WITHIN_S)
    speaker.network = network or Network()
    found = [await _turn(one, guild, speaker, number) for number in range(turns)]
    reply = await ana.slash("/leave", channel)
    await reply.done(within=_COMES_WITHIN_S)
    await ana.leaves_voice()
    return found


async def _turn(one: Scene, guild: Server, speaker: Speaker, number: int) -> Question:
    """Somebody asks aloud, and waits for the answer."""
    line, jobs = one.sim.voice.line(guild), one.runpod.jobs
    await line.until_silent(for_=1.0)
    spoken_before, jobs_before = len(line.recording.voice), len(jobs)
    await speaker.plays(CLIP)
    is_heard = await _comes_true(lambda: len(jobs) > jobs_before)
    is_told = is_heard and await _comes_true(lambda: len(line.recording.voice) > spoken_before)
    return Question(
        token=f"turn {number}",
        how="aloud",
        end=End.RESULT if is_told else End.OPEN if is_heard else End.NOTHING,
        paid=int(is_heard),
        completed=is_heard,
        written=is_heard,
        finals=int(is_told),
        must_answer=True,
    )


async def _comes_true(truth: Callable[[], bool]) -> bool:
    """Whether it does in time."""
    until = _CLOCK.now() + _HEARD_WITHIN_S
    while not truth() and _CLOCK.now() < until:  # noqa: ASYNC110 - of packets and of HTTP
        await asyncio.sleep(_LOOK_EVERY_S)
    return truth()
