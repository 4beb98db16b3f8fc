"""kill -9 at any moment: every job ends in its person's sight, and none is paid for twice."""

import asyncio
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Service
from bot.workers.server.lifecycle import embedded_server
from local_discord import LocalDiscord
from tests.fakes.discord_bot import KEY
from tests.fakes.handlers import Scripted
from tests.system.scenarios import kill_rounds
from tests.system.scenarios.kill_rounds import Ledger, Round, Services, bot_process

KILLS = 20
LANES = 3
LATEST_S = 3.0
SEED = 20261123
LEFT_OPEN = {
    "not answered within 3 s",
    "A thread has already been created for this message",
    "Unknown Webhook",
    "Unknown Message",
}
"""What Discord says of what a killed process had left half done, and the next one finds out."""


async def _rounds(rounds: list[Round], sim: LocalDiscord, database: Path) -> None:
    """Kill a bot in each of these rounds, on a Discord of their own."""
    services, clock, ledger = Services(), SystemClock(), Ledger(database)
    handlers = {
        "factory": Scripted(services.factory, service=Service.FACTORY),
        "grace": Scripted(services.grace, service=Service.GRACE),
    }
    async with embedded_server(
        handlers,
        key=SecretStr(KEY),
        clock=clock,
        warm_up=(),
        concurrency=dict.fromkeys(handlers, 4),
    ) as url:
        guild = sim.guild("Test")
        guild.channel("general")
        for one in rounds:
            async with bot_process(sim, url, database) as process:
                await ledger.settle()
                one.asked = await kill_rounds.ask(
                    one.number, guild, builds=2 if one.number % 5 == 0 else 1
                )
                await clock.sleep(one.delay_s)  # some moment; whichever it is, the same must hold
                process.kill()
            for job in one.asked:
                job.stage = ledger.stage(job.person)
        async with bot_process(sim, url, database):
            await ledger.settle()
        for one in rounds:
            for job in one.asked:
                job.look(services)


@pytest.mark.timeout(900)
async def test_killed_at_twenty_moments(tmp_path, capsys):
    dice = random.Random(SEED)
    # most of them early, where most happens
    rounds = [Round(number, LATEST_S * dice.random() ** 3) for number in range(1, KILLS + 1)]
    async with AsyncExitStack() as stack:  # the first is left last, as it was entered first
        sims = [await stack.enter_async_context(LocalDiscord()) for _ in range(LANES)]
        lanes = (
            _rounds(rounds[lane::LANES], sim, tmp_path / f"{lane}.db")
            for lane, sim in enumerate(sims)
        )
        await asyncio.gather(*lanes)  # side by side: a round is mostly waiting
        problems = {problem.message for sim in sims for problem in sim.problems}
    with capsys.disabled():
        print("", kill_rounds.HEADING, *(line for one in rounds for line in one.lines()), sep="\n")
    jobs = [job for one in rounds for job in one.asked]
    assert all(job.times <= 1 for job in jobs)
    assert all(job.finals <= 1 for job in jobs)
    # Killed before the answer, or before the journal's entry: nothing was sent, nothing is owed.
    unseen = {kill_rounds.NEVER_ANSWERED, kill_rounds.NEVER_BEGUN}
    assert all(job.times == 0 for job in jobs if job.ending in unseen)
    assert all(job.finals == 1 for job in jobs if job.ending not in unseen)
    assert all(job.stage == "not begun" for job in jobs if job.ending == kill_rounds.NEVER_BEGUN)
    assert all(job.times == 1 for job in jobs if job.ending == kill_rounds.RESULT)
    assert problems <= LEFT_OPEN
