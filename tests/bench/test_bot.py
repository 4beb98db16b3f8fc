"""What the bot adds to a command, how soon it is there, and what it holds in memory.

The peer is a bot as one writes it in ten minutes (`plain_bot.py`), on the same local Discord and
the same scripted service, whose jobs take from 0.1 to 0.9 s.

    make bench
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.contract import Service
from bot.rate_limits import Limiter
from bot.settings import Settings
from bot.store.records import Role, StoredMessage
from bot.store.store import Store
from bot.workers.protocols import Delivery
from local_discord import LocalDiscord
from tests.bench.plain_bot import PlainBot
from tests.fakes.discord_bot import KEY, made, serving
from tests.fakes.handlers import Scripted, completed
from tests.paths import ROOT

CALLS, ROUNDS = 60, 3
"""So many calls of each bot, in so many rounds: first the one, then the other."""
APART_S = 0.05
"""People do not press in the millisecond in which they are answered."""
WORK_S = (0.1, 0.3, 0.5, 0.7, 0.9)
GUILDS = 100
CONVERSATIONS = 1000
MESSAGES_EACH = 6

pytestmark = [
    pytest.mark.bench,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("default"),  # the peer's own
]


class Grace:
    """Takes its time, and notes when it was asked and when it had the answer."""

    def __init__(self) -> None:
        self.came: list[float] = []
        self.processor: list[float] = []
        self.went: list[float] = []

    async def __call__(self, request):
        self.came.append(time.monotonic())
        self.processor.append(time.process_time())
        await asyncio.sleep(WORK_S[len(self.came) % len(WORK_S)])
        response = completed(f"Short: {request.input.data}")
        self.went.append(time.monotonic())
        yield response


@dataclass
class Ways:
    """Milliseconds of each call: from its dispatch to the service, and from the answer to Discord.

    `processor`: what the first way takes of it, with the local Discord and the service, which are
    in this process, too. Other work on the machine hardly changes that.
    """

    out: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


async def calls(sim, person, channel, grace, command: str, ways: Ways) -> None:
    for number in range(CALLS // ROUNDS):
        await asyncio.sleep(APART_S)
        before = time.process_time()
        await person.slash(command, channel, text=f"text {number}")
        seen = await person.sees(f"Short: text {number}", channel, within=20)
        shown = next(at for at, state in _states(seen) if f"Short: text {number}" in state)
        sent = sim.log.events("INTERACTION_CREATE")[-1].at
        ways.out.append((grace.came[-1] - sent) * 1000)
        ways.back.append((shown - grace.went[-1]) * 1000)
        ways.processor.append((grace.processor[-1] - before) * 1000)


def _states(message):
    return [(revision.at, revision.content) for revision in message.revisions]


def figures(values: list[float]) -> tuple[float, float, float]:
    return (
        statistics.quantiles(values, n=10)[0],
        statistics.median(values),
        statistics.quantiles(values, n=100)[-1],
    )


async def of_skydeck(base_url: str, database: Path, grace: Grace, ways: Ways) -> None:
    async with LocalDiscord() as sim, made(base_url, database) as bot:
        bot.limiter = Limiter(
            bot.clock,
            user_per_minute=60_000,
            user_burst=CALLS,
            guild_per_minute=60_000,
            guild_burst=CALLS,
        )
        channel, person = _people(sim)
        async with sim.connect(bot):
            await calls(sim, person, channel, grace, "/grace summarize", ways)
        assert not sim.problems


async def of_the_peer(base_url: str, grace: Grace, ways: Ways) -> None:
    async with LocalDiscord() as sim:
        channel, person = _people(sim)
        async with sim.connect(PlainBot(base_url, KEY)):
            await calls(sim, person, channel, grace, "/plain", ways)


async def test_what_a_command_costs(tmp_path, capsys):
    grace, ours, peer = Grace(), Ways(), Ways()
    handlers = {"grace": Scripted(grace, service=Service.GRACE, delivery=Delivery.REPLY)}
    async with serving(handlers) as base_url:
        for _ in range(ROUNDS):
            await of_skydeck(base_url, tmp_path / "a.db", grace, ours)
            await of_the_peer(base_url, grace, peer)
    with capsys.disabled():
        print(f"\nWhat the bot adds to a command, {CALLS} calls, ms (p10 / median / p99)")
        for name, ways in {"skydeck": ours, "discord.py + runpod SDK": peer}.items():
            print(f"  {name:24}", end="")
            for what, values in {
                "command to contract": ways.out,
                "processor for that": ways.processor,
                "answer to message": ways.back,
            }.items():
                print(f" {what} {' / '.join(f'{ms:.1f}' for ms in figures(values))}", end="")
            print()
        for what in ("out", "processor", "back"):
            pairs = zip(figures(getattr(ours, what)), figures(getattr(peer, what)), strict=True)
            p10, median, _ = (mine / theirs for mine, theirs in pairs)
            print(f"  skydeck, {what}: {p10:.2f} times the other's p10, {median:.2f} its median")


def _people(sim):
    guild = sim.guild("Test")
    return guild.channel("general"), guild.member("Ben", locale="en-US")


async def test_start_and_memory(tmp_path, capsys):
    await _remember(tmp_path / "skydeck.db")
    async with LocalDiscord() as sim, serving({}) as base_url:
        for number in range(GUILDS):
            guild = sim.guild(f"Guild {number}")
            for name in ("general", "help", "random"):
                guild.channel(name)
        ours = ("bot", "bot")
        rows = {}
        for name, args in {"skydeck": ours, "plain discord.py": ("tests.bench.plain_bot",)}.items():
            starts = []
            for _ in range(3):
                async with _process(sim, base_url, tmp_path, *args) as (process, seconds):
                    starts.append(seconds)
                    await asyncio.sleep(1.0)
                    resident = _resident_mb(process.pid)
                await sim.gateway.until_offline()
            rows[name] = (statistics.median(starts), resident)
    with capsys.disabled():
        print(f"\n{GUILDS} guilds, {CONVERSATIONS} remembered conversations")
        for name, (seconds, mb) in rows.items():
            print(f"  {name:18} start to ready {seconds:5.2f} s   resident {mb:6.1f} MB")
        (s1, m1), (s2, m2) = rows.values()
        print(f"  skydeck: {s1 / s2:.2f} times the time, {m1 / m2:.2f} times the memory")


async def _remember(file: Path) -> None:
    async with Store.open(f"sqlite:///{file}", SystemClock()) as store:
        for conversation in range(CONVERSATIONS):
            for turn in range(MESSAGES_EACH):
                number = conversation * 100 + turn + 1
                await store.conversations.add(
                    StoredMessage(
                        message_id=number,
                        conversation_id=conversation * 100 + 1,
                        person_id=conversation,
                        author_id=conversation,
                        author_name="Ben",
                        role=Role.USER if turn % 2 == 0 else Role.ASSISTANT,
                        content="words " * 50,
                        created_at_ms=number,
                        parent_id=number - 1 if turn else None,
                    )
                )


@asynccontextmanager
async def _process(
    sim, base_url: str, folder: Path, *args: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, float]]:
    inherited = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields}
    environment = inherited | {
        "DISCORD_TOKEN": sim.token,
        "RUNPOD_API_KEY": KEY,
        "RUNPOD_BASE_URL": base_url,
        "GRACE_ENDPOINT_ID": "grace",
        "FACTORY_ENDPOINT_ID": "factory",
        "SKYDECK_DATABASE_URL": f"sqlite:///{folder / 'skydeck.db'}",
        "PYTHONPATH": str(ROOT),
    }
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "local_discord.elsewhere", sim.base_url, *args),
        env=environment,
        cwd=folder,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await sim.gateway.until_online(within=60)
        yield process, time.monotonic() - started
    finally:
        process.kill()
        await process.wait()


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
