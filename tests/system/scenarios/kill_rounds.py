"""Rounds of work in which the bot's process is killed, and what everybody sees of it."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.clock import SystemClock
from bot.contract import Response, Status
from bot.contract.envelope import Output
from bot.contract.factory import Build, Check, File, Iteration, Phase, Working
from local_discord import LocalDiscord, Message, Person, Reply
from tests.fakes import forked
from tests.fakes.handlers import completed, partial

LIMIT = 4
_STEP_S = 0.5
_POLL_S = 0.05
_SETTLED_WITHIN_S = 120.0

NEVER_ANSWERED = "Discord: no response"
NEVER_BEGUN = "answered, not begun"
RESULT = "result"
UNKNOWN = "told: unknown"


class Services:
    """Scripted services that outlive the bot, as RunPod's do.

    Attributes:
        times: How often each task was begun.
    """

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()

    async def factory(self, request) -> AsyncIterator[Response]:
        """A build of five steps."""
        task = str(request.input.data)
        self.times[task] += 1
        rounds = []
        for number in (1, 2):
            yield _said(Working(phase=Phase.DRAFT, number=number, limit=LIMIT))
            await asyncio.sleep(_STEP_S)
            yield _said(Working(phase=Phase.CHECK, number=number, limit=LIMIT))
            await asyncio.sleep(_STEP_S)
            rounds.append(
                Iteration(
                    number=number,
                    limit=LIMIT,
                    score=number / 2,
                    passed=number == 2,
                    check=Check.RAN,
                    changed="lines: 1 added",
                )
            )
            yield _said(rounds[-1])
        files = [File(name="it.py", content=f"# {task}\n")]
        build = Build(summary=task, passed=True, files=files, iterations=rounds)
        output = Output(type="json", data=build.to_wire(), text=task)
        yield Response(status=Status.COMPLETED, output=output)

    async def grace(self, request) -> AsyncIterator[Response]:
        """A summary in three steps."""
        text = str(request.input.data)
        self.times[text] += 1
        for _ in range(3):
            yield partial("so far")
            await asyncio.sleep(_STEP_S)
        yield completed(f"summary of {text}")


def _said(data) -> Response:
    return Response(
        status=Status.PARTIAL, output=Output(type="json", data=data.to_wire(), text="…")
    )


@contextlib.asynccontextmanager
async def bot_process(sim: LocalDiscord, services: str, database: Path):
    """The bot, online in its own process; killed at the end, if it still runs."""
    process = forked.module(
        *("local_discord.elsewhere", sim.base_url),
        *("tests.system.scenarios.bot_process", services, str(database), sim.token),
    )
    try:
        await sim.gateway.until_online()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await sim.gateway.until_offline()


class Ledger:
    """The journal's file, looked at from outside."""

    def __init__(self, database: Path) -> None:
        self._uri = f"file:{database}?mode=ro"

    def stage(self, person: Person) -> str:
        """How far somebody's only job has come: its stage, or that it is not written down."""
        rows = self._rows("SELECT stage FROM jobs WHERE user_id = ?", person.id)
        if not rows:
            return "not begun"
        return rows[0][0]

    async def settle(self) -> None:
        """Wait until no job is open."""
        clock = SystemClock()
        deadline = clock.now() + _SETTLED_WITHIN_S
        while open_jobs := self._rows("SELECT title FROM jobs WHERE finished_at_ms IS NULL"):
            if clock.now() > deadline:
                raise AssertionError(f"still open: {open_jobs}")
            await clock.sleep(_POLL_S)

    def _rows(self, query: str, *values: int) -> list[tuple[str, ...]]:
        with contextlib.closing(sqlite3.connect(self._uri, uri=True)) as connection:
            return connection.execute(query, values).fetchall()


@dataclass(slots=True)
class Asked:
    """One job of a round.

    Attributes:
        task: Its words, which no other job has.
        reply: The answer to its command.
        person: Who asked.
        stage: How far it had come when the bot was killed.
        ending: What the person sees in the end.
        times: How often the service was begun with it.
        finals: In how many messages its end is.
    """

    task: str
    reply: Reply
    person: Person
    stage: str = ""
    ending: str = ""
    times: int = 0
    finals: int = 0

    def look(self, services: Services) -> None:
        """See how it ended."""
        self.times = services.times[self.task]
        try:
            first = self.reply.message
        except AssertionError:  # there is none
            self.ending = NEVER_ANSWERED
            return
        seen = [first, *(self._inside(first))]
        self.finals = sum(_is_final(message, self.task) for message in seen)
        self.ending = next(filter(None, (_ending(m, self.task) for m in seen)), NEVER_BEGUN)

    def _inside(self, first: Message) -> list[Message]:
        return self.person.reads(first.thread) if first.thread is not None else []


def _is_final(message: Message, task: str) -> bool:
    return _ending(message, task) != ""


def _ending(message: Message, task: str) -> str:
    if "Its own example ran and passed" in message.text and message.attachments:
        assert task in message.file("it.py").data.decode()
        return RESULT
    if f"summary of {task}" in message.text:
        return RESULT
    return UNKNOWN if "The connection broke while I was sending this" in message.text else ""


@dataclass(slots=True)
class Round:
    """What was asked before one kill, and how it ended."""

    number: int
    delay_s: float
    asked: list[Asked] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For the table."""
        return [
            f"{self.number:>2}  {self.delay_s:>5.2f} s  {one.task.split()[0]:<7}"
            f"{one.stage:<14} {one.ending:<21} {one.times}"
            for one in self.asked
        ]


HEADING = "nr  moment   job    stage at kill  how it ended          times begun"


async def ask(number: int, sim_guild, *, builds: int) -> list[Asked]:
    """Have people ask for builds and a summary in a channel of their own."""
    channel = sim_guild.channel(f"round-{number}")
    asked = []
    for which in range(builds):
        builder = sim_guild.member(f"Builder{number}{which}")
        task = f"build {number}.{which}!"
        reply = await builder.slash("/factory build", channel, wait=False, task=task)
        asked.append(Asked(task, reply, builder))
    reader = sim_guild.member(f"Reader{number}")
    text = f"grace {number}!"
    reply = await reader.slash("/grace summarize", channel, wait=False, text=text)
    asked.append(Asked(text, reply, reader))
    return asked
