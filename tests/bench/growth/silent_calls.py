"""A bot in many voice channels where nobody speaks, as a process of its own that measures itself.

python -m local_discord.elsewhere DISCORD tests.bench.growth.silent_calls WHO NUMBER TOKEN FOLDER

WHO is `skydeck`, or `plain`: discord.py's own voice client, which neither hears nor answers.
"""

# mypy: ignore-errors

import asyncio
import contextlib
import json
import resource
import sys
import time
from pathlib import Path

import discord
from discord.gateway import GatewayRatelimiter

from tests.fakes.discord_bot import at_once, made, serving
from tests.waiting import until

AT_ONCE, TRIES = 4, 5
SETTLES_S = 4.0
WATCHED_S = 10.0


def main(who: str, number: str, token: str, folder: str) -> None:
    """Join, measure, and print what was found."""
    # Discord takes 120 messages a minute from a gateway session; what is measured is not the way in
    GatewayRatelimiter.__init__.__defaults__ = (10**6, 60.0)
    run = {"skydeck": _skydeck, "plain": _plain}[who]
    print(json.dumps(asyncio.run(run(int(number), token, Path(folder)))))


async def _skydeck(number: int, token: str, folder: Path) -> dict[str, float]:
    async with serving({}) as services, made(services, folder / "skydeck.db") as bot:

        async def enter(guild: discord.Guild) -> None:
            (channel,) = guild.voice_channels
            (person,) = channel.voice_states
            consents = bot.store.consents
            await consents.set(guild.id, person, agreed=True, locale="en-US", at_ms=1)
            await bot.cogs["Voice"].channels.enter(channel, called_by=person, locale="en-US")

        return await _measured(bot, token, number, enter)


async def _plain(number: int, token: str, folder: Path) -> dict[str, float]:
    intents = discord.Intents.none()
    intents.guilds = intents.voice_states = True
    async with discord.Client(intents=intents) as bot:
        bot.before_identify_hook = at_once

        async def enter(guild: discord.Guild) -> None:
            await guild.voice_channels[0].connect()

        return await _measured(bot, token, number, enter)


async def _measured(bot: discord.Client, token: str, number: int, enter) -> dict[str, float]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(guild: discord.Guild) -> None:
        async with gate:
            for left in reversed(range(TRIES)):  # on a busy machine some come too late
                try:
                    await enter(guild)
                    break
                except Exception:
                    if not left:
                        raise
                    await asyncio.sleep(1.0)

    await bot.login(token)
    running = asyncio.create_task(bot.connect())
    await bot.wait_until_ready()
    async with asyncio.TaskGroup() as group:
        for guild in bot.guilds[:number]:
            group.create_task(one(guild))
    await until(lambda: sum(link.is_connected() for link in bot.voice_clients) == number)
    await asyncio.sleep(SETTLES_S)
    before, began, late = _spent(), time.monotonic(), 0.0
    while time.monotonic() - began < WATCHED_S:
        due = time.monotonic() + 0.5
        await asyncio.sleep(0.5)
        late = max(late, time.monotonic() - due)
    took, spent = time.monotonic() - began, _spent()
    found = {
        "mb": _resident_mb(),
        "processor": (spent[0] - before[0]) / took * 100,
        "wakes": (spent[1] - before[1]) / took,
        "late_ms": late * 1000,
    }
    with contextlib.suppress(Exception):
        await bot.close()
    running.cancel()
    return found


def _spent() -> tuple[float, int]:
    """Seconds of processor, and how often a thread had slept and was woken."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_nvcsw


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main(*sys.argv[1:])
