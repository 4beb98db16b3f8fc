"""kill -9 at random moments: one process on SQLite, and three that share PostgreSQL."""

import asyncio
from pathlib import Path
from typing import Final

from tests.chaos.scene import Scene, scene
from tests.chaos.verdict import Observations

LATEST_S: Final = 3.0
"""A kill comes so long after the traffic of its round began, at the latest."""
_STARTING: Final = 0.1
"""Share of the kills that hit a process which is only coming up."""
_MAX_ASKED: Final = 5


async def sqlite(folder: Path, seed: int, kills: int) -> Observations:
    """Kill the only process again and again; each next one finds what the last one left."""
    async with scene(folder, seed) as one:
        for _ in range(kills):
            await _round(one)
        await one.start()
        return await one.wind_up(one.bots[-1])


async def _round(one: Scene) -> None:
    if one.dice.random() < _STARTING:
        bot = await one.start(online=False)
        await asyncio.sleep(one.dice.uniform(0.2, 2.0))
        await bot.kill()
        await one.sim.gateway.until_offline()
        return
    bot = await one.start()
    asking = asyncio.create_task(
        one.crowd.ask_some(one.dice.randint(1, _MAX_ASKED), over_s=one.dice.uniform(0, 0.6))
    )
    # most of them early, where most happens
    await asyncio.sleep(LATEST_S * one.dice.random() ** 2)
    await bot.kill()
    await asking
    await one.sim.gateway.until_offline()


SHARDS: Final = 9
PROCESSES: Final = 3
_EVERY_S: Final = 0.6
_BETWEEN_S: Final = (0.5, 5.0)


async def postgres(folder: Path, seed: int, kills: int, database: str) -> Observations:
    """Kill one of three processes again and again, each replaced at once, while people go on."""
    async with scene(folder, seed, database=database, guilds=SHARDS) as one:
        gateway = one.sim.gateway
        gateway.shards = gateway.max_concurrency = SHARDS
        running = [await one.start(online=False, SKYDECK_SHARDS="auto") for _ in range(PROCESSES)]
        await gateway.until_served(SHARDS, within=60)
        going_on = asyncio.create_task(one.crowd.go_on(_EVERY_S))
        for _ in range(kills):
            await asyncio.sleep(one.dice.uniform(*_BETWEEN_S))
            victim = running.pop(one.dice.randrange(PROCESSES))
            await victim.kill()
            running.append(await one.start(online=False, SKYDECK_SHARDS="auto"))
        await asyncio.sleep(_BETWEEN_S[1])
        going_on.cancel()
        await gateway.until_served(SHARDS, within=60)
        return await one.wind_up(running[0])
