"""A Discord, a RunPod, people and a database, set up for one fault."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local_discord import LocalDiscord
from tests.chaos import process
from tests.chaos.observe import Books, question, refusals, settle
from tests.chaos.people import Crowd
from tests.chaos.process import Bot
from tests.chaos.runpod import RunPod
from tests.chaos.verdict import Held, Observations

WARM_UP: Final = 24
"""Questions before a process is measured: pools are open and caches filled then."""
_QUIET_S: Final = 6.0
"""Until what was still under way has come to its end."""
_AFTER: Final = 6
"""Questions once the fault is over, which are all to be answered."""


@dataclass(slots=True)
class Scene:
    """What stands around the bot, and outlives it.

    Attributes:
        sim: Discord.
        runpod: RunPod.
        crowd: The people.
        folder: Where the bots' homes are.
        database: The bots' database: its URL.
        dice: When things break.
        bots: All processes so far.
    """

    sim: LocalDiscord
    runpod: RunPod
    crowd: Crowd
    folder: Path
    database: str
    dice: random.Random
    bots: list[Bot] = field(default_factory=list)

    @property
    def books(self) -> Books:
        """The database, looked at from outside."""
        return Books(self.database)

    async def start(self, *, online: bool = True, **more: str) -> Bot:
        """One more process; all of a scene share a home."""
        bot = await process.start(
            self.sim, self.runpod.url, self.database, self.folder, online=online, **more
        )
        self.bots.append(bot)
        return bot

    @contextlib.asynccontextmanager
    async def going_on(self, every_s: float) -> AsyncIterator[None]:
        """People ask all the time until the block ends."""
        asking = asyncio.create_task(self.crowd.go_on(every_s))
        try:
            yield
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until nothing is under way any more."""
        await settle(self.crowd.asked, self.runpod, self.books)

    async def measured(self, bot: Bot) -> Held:
        """What a bot holds when nothing goes on."""
        await self.settle()
        await asyncio.sleep(_QUIET_S)
        return await bot.holds()

    async def warm_up(self, bot: Bot) -> Held:
        """Traffic on a sound bot, and what it holds after it."""
        await self.crowd.ask_some(WARM_UP, must_answer=True, over_s=6)
        return await self.measured(bot)

    async def wind_up(self, bot: Bot, before: Held | None = None) -> Observations:
        """The fault is over: see that the bot answers, and all that became of what was asked."""
        await self.crowd.rest()
        await self.crowd.ask_some(_AFTER, must_answer=True, over_s=2)
        after = await self.measured(bot) if before is not None else None
        return await self.observed(before, after)

    async def observed(self, before: Held | None = None, after: Held | None = None) -> Observations:
        """Everything, once it has settled; the bots are stopped."""
        await self.crowd.rest()
        await self.settle()
        written = await self.books.read()
        died = [words for bot in self.bots if (words := bot.has_died)]
        for bot in self.bots:
            if bot.process.returncode is None:
                await bot.stop()
        paid = {job.contract_id for job in self.runpod.jobs.values()}
        return Observations(
            questions=[question(one, self.runpod, written) for one in self.crowd.asked],
            still_open=await self.books.open_jobs(),
            unbooked=sorted(paid - written.booked),
            before=before,
            after=after,
            left_behind=self._left_behind(),
            refused=refusals(self.sim),
            died=died,
        )

    def _left_behind(self) -> Sequence[str]:
        # `.ses` is onnxruntime's: one file, written over by each process
        ours = {"log", "tasks", "tmp/.ses", *(f"skydeck.db{end}" for end in ("", "-wal", "-shm"))}
        return process.left_behind(self.folder, ours)


@contextlib.asynccontextmanager
async def scene(
    folder: Path, seed: int, *, database: str = "", guilds: int = 2
) -> AsyncIterator[Scene]:
    """Set everything up; whatever still runs at the end is killed.

    Args:
        folder: An empty one.
        seed: Of all dice.
        database: A URL; empty: an SQLite file in the folder.
        guilds: How many servers there are.
    """
    await asyncio.to_thread(folder.mkdir, parents=True)
    async with LocalDiscord() as sim, RunPod(seed) as runpod:
        places = []
        for number in range(guilds):
            guild = sim.guild(f"Server{number}")
            places.append((guild, guild.channel("general")))
        crowd = Crowd(places, random.Random(f"{seed} people"))
        url = database or f"sqlite:///{folder / 'skydeck.db'}"
        made = Scene(sim, runpod, crowd, folder, url, random.Random(f"{seed} faults"))
        try:
            yield made
        finally:
            await crowd.rest()
            for bot in made.bots:
                await bot.kill()
