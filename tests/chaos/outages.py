"""What a bot stands on goes away and comes back: its database, RunPod, the gateway, the time."""

import asyncio
import signal
from pathlib import Path
from typing import Final

from tests.chaos.process import Bot, until_online
from tests.chaos.runpod import Weather
from tests.chaos.scene import Scene, scene
from tests.chaos.verdict import Observations
from tests.fakes.postgres import Server

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
_EVERY_S: Final = 0.8
_CUTS: Final = ("drop", "reconnect", "close", "invalid", "outage")


async def database(
    folder: Path, seed: int, server: Server, fault_s: float = MINUTE_S
) -> Observations:
    """PostgreSQL is frozen for half of the time, then stopped for the other half."""
    async with scene(folder, seed, database=await server.create()) as one:
        bot = await one.start(SKYDECK_SHARDS="auto")
        before = await one.warm_up(bot)
        async with one.going_on(_EVERY_S):
            server.signal(signal.SIGSTOP)
            await asyncio.sleep(fault_s / 2)
            server.signal(signal.SIGCONT)
            server.stop()
            await asyncio.sleep(fault_s / 2)
            server.start()
            await server.until_up()
        await one.sim.gateway.until_online(within=60)
        return await one.wind_up(bot, before)


async def runpod(
    folder: Path, seed: int, weather: Weather, fault_s: float = MINUTE_S
) -> Observations:
    """RunPod answers badly for a while."""
    async with scene(folder, seed) as one:
        bot = await one.start()
        before = await one.warm_up(bot)
        async with one.going_on(_EVERY_S):
            await asyncio.sleep(2)
            async with one.runpod.spoilt(weather):
                await asyncio.sleep(fault_s)
        await asyncio.sleep(_BREAKER_S)
        return await one.wind_up(bot, before)


_BREAKER_S: Final = 130.0
"""The longest that a service which failed is left alone: after that it must be tried."""


async def gateway(folder: Path, seed: int, cuts: int = 12) -> Observations:
    """The connection to Discord is cut in every way there is, and resumed."""
    async with scene(folder, seed) as one:
        bot = await one.start()
        before = await one.warm_up(bot)
        async with one.going_on(_EVERY_S):
            for number in range(cuts):
                await asyncio.sleep(one.dice.uniform(0.5, 3))
                await _cut(one, _CUTS[number % len(_CUTS)])
                await one.sim.gateway.until_online(within=60)
        return await one.wind_up(bot, before)


async def _cut(one: Scene, how: str) -> None:
    gate = one.sim.gateway
    match how:
        case "drop":
            gate.drop()
        case "reconnect":
            gate.reconnect()
        case "close":
            await gate.close(4000)
        case "invalid":
            gate.invalid_session(resumable=False)
        case _:
            async with gate.outage():
                await asyncio.sleep(3)


async def clock(folder: Path, seed: int, between_s: float = 8.0) -> Observations:
    """The wall clock jumps an hour on, two back, one on; and bots are killed in the other hours."""
    async with scene(folder, seed) as one:
        bot = await one.start()
        before = await one.warm_up(bot)
        async with one.going_on(_EVERY_S):
            for jump in (HOUR_S, -HOUR_S, -HOUR_S, HOUR_S):
                await asyncio.sleep(between_s)
                await bot.jump(jump)
            await asyncio.sleep(between_s)
        await one.crowd.ask_some(6, must_answer=True, over_s=2)
        after = await one.measured(bot)
        await _killed_in_other_hours(one, bot, between_s)
        return await one.observed(before, after)


async def killed_in_other_hours(folder: Path, seed: int, between_s: float) -> Observations:
    """The second half of it alone, for the tests."""
    async with scene(folder, seed) as one:
        await _killed_in_other_hours(one, await one.start(), between_s)
        return await one.observed()


async def _killed_in_other_hours(one: Scene, bot: Bot, between_s: float) -> None:
    """Kill bots; each next one has its clock set to another hour."""
    for hour in (HOUR_S, 0.0, -HOUR_S, 0.0):
        await one.crowd.ask_some(5, over_s=0.5)
        await asyncio.sleep(one.dice.uniform(0.2, 0.8))
        await bot.kill()
        await one.sim.gateway.until_offline()
        bot = await one.start(online=False)
        await bot.jump(hour)
        await until_online(bot)
        await asyncio.sleep(between_s)
    await one.crowd.ask_some(6, must_answer=True, over_s=2)
