"""Several bot processes on nine shards, the servers they serve, and what people see of it."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg

from bot.clock import SystemClock
from bot.contract import Response
from local_discord import Channel, LocalDiscord, Message, Person
from tests.fakes import forked
from tests.fakes.handlers import completed, partial

SHARDS = 9
PROCESSES = 3
_STEP_S = 0.4
_POLL_S = 0.05
_HANGS_S = 120.0
"""A limit so that nothing hangs. How soon it goes is printed, and no verdict."""
_CLOCK = SystemClock()


class Services:
    """Scripted services that outlive the bots, as RunPod's do.

    Attributes:
        times: How often each question was begun.
    """

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()

    async def penny(self, request) -> AsyncIterator[Response]:
        """An answer in three steps."""
        text = str(request.input.data)
        self.times[text] += 1
        for _ in range(3):
            yield partial("so far")
            await asyncio.sleep(_STEP_S)
        yield completed(f"answer to {text}")


@dataclass(slots=True)
class Place:
    """A server on a shard of its own, with somebody in it."""

    shard: int
    channel: Channel
    person: Person


async def places(sim: LocalDiscord) -> list[Place]:
    """One server on each shard."""
    found: dict[int, Place] = {}
    while len(found) < SHARDS:
        await asyncio.sleep(0.002)  # a server's shard is told by the millisecond it was made in
        guild = sim.guild(f"Server{len(found)}")
        channel = guild.channel("general")
        shard = (channel.guild.id >> 22) % SHARDS
        if shard not in found:
            found[shard] = Place(shard, channel, guild.member(f"Ana{shard}"))
    return [found[shard] for shard in range(SHARDS)]


@dataclass(slots=True)
class Asked:
    """A question, and when it was asked and answered."""

    text: str
    place: Place
    message: Message
    at: float = field(default_factory=_CLOCK.now)

    @property
    def finals(self) -> list[Message]:
        """The messages that hold its end: an answer, or that it is not known."""
        return [m for m in self.place.person.reads(self.place.channel) if self._ends(m)]

    def _ends(self, message: Message) -> bool:
        told = "The connection broke while I was sending this" in message.text
        return f"answer to {self.text}" in message.text or (
            told and message.replied_to is not None and self.text in message.replied_to.text
        )

    @property
    def waited(self) -> float:
        """Seconds from the question to the last word of its answer."""
        final = self.finals[0]
        return (final.edited_at or final.created_at) - self.message.created_at

    async def answered(self) -> float:
        """Wait for its end; seconds since it was asked."""
        while not self.finals:
            if _CLOCK.now() > self.at + _HANGS_S:
                seen = [m.text for m in self.place.person.reads(self.place.channel)]
                raise AssertionError(f"{self.text}: no answer; seen: {seen}")
            await asyncio.sleep(_POLL_S)
        return _CLOCK.now() - self.at


async def ask(place: Place, text: str) -> Asked:
    """Somebody mentions the bot."""
    message = await place.person.says(f"@Alfred {text}", place.channel)
    return Asked(text, place, message)


class Fleet:
    """The processes.

    Args:
        sim: Their Discord.
        services: Where the services are.
        database: The URL.
    """

    def __init__(self, sim: LocalDiscord, services: str, database: str) -> None:
        self.sim = sim
        self.processes: list[forked.Process] = []
        self._arguments = (services, database, sim.token)
        self._database = database

    async def start(self) -> forked.Process:
        """One more process."""
        process = forked.module(
            *("local_discord.elsewhere", self.sim.base_url),
            *("tests.system.scenarios.sharded_process", *self._arguments),
        )
        self.processes.append(process)
        return process

    async def stop(self, process: forked.Process) -> float:
        """As a deployment stops it; how long that takes, in seconds."""
        began = _CLOCK.now()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        self.processes.remove(process)
        return _CLOCK.now() - began

    async def kill(self, process: forked.Process) -> None:
        """kill -9."""
        process.kill()
        await process.wait()
        self.processes.remove(process)

    async def shares(self) -> dict[str, list[int]]:
        """Who serves which shards, as the table has it."""
        rows = await self.rows(
            "SELECT owner, shard_id FROM shard_leases WHERE owner IS NOT NULL "
            "AND until_ms > EXTRACT(EPOCH FROM clock_timestamp()) * 1000 ORDER BY shard_id"
        )
        found: dict[str, list[int]] = {}
        for owner, shard in rows:
            found.setdefault(owner, []).append(shard)
        return found

    async def until_even(self, processes: int) -> None:
        """Wait until everybody has a fair share, and all of it is up."""
        until = _CLOCK.now() + _HANGS_S
        each = SHARDS // processes
        while True:
            shares = await self.shares()
            even = sum(map(len, shares.values())) == SHARDS and len(shares) == processes
            if even and min(map(len, shares.values())) == each:
                break
            assert _CLOCK.now() < until, shares
            await asyncio.sleep(_POLL_S)
        await self.sim.gateway.until_served(SHARDS)

    async def settle(self) -> None:
        """Wait until no job is open."""
        until = _CLOCK.now() + _HANGS_S
        while left := await self.rows("SELECT title FROM jobs WHERE finished_at_ms IS NULL"):
            assert _CLOCK.now() < until, left
            await asyncio.sleep(_POLL_S)

    async def rows(self, query: str) -> list[tuple]:
        """What the database says."""
        connection = await asyncpg.connect(self._database)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()


@contextlib.asynccontextmanager
async def fleet(sim: LocalDiscord, services: str, database: str) -> AsyncIterator[Fleet]:
    """Processes that are killed at the end, if they still run."""
    one = Fleet(sim, services, database)
    try:
        yield one
    finally:
        for process in list(one.processes):
            await one.kill(process)
