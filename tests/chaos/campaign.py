"""Which faults, how often, how long, and in which order; several side by side, as most wait."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos import disk, kills, outages, voice
from tests.chaos.report import Result
from tests.chaos.runpod import Weather
from tests.chaos.verdict import Observations, verdict
from tests.fakes.postgres import Server

KILLS: Final = 100
LANES: Final = 3
"""So many bots on SQLite are killed side by side, each on a Discord of its own."""
SIDE_BY_SIDE: Final = 5

Doing = Callable[[Path, int], Awaitable[Observations]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the table.

    Attributes:
        name: What is done.
        extent: How often or how long.
        do: Does it in a folder, with a seed.
        alone: Whether nothing else runs meanwhile.
    """

    name: str
    extent: str
    do: Doing
    alone: bool = False


def faults(server: Server, kills_each: int = KILLS) -> list[Fault]:
    """The whole campaign."""

    async def killed_on_sqlite(folder: Path, seed: int) -> Observations:
        shares = [len(range(kills_each)[lane::LANES]) for lane in range(LANES)]
        return _together(
            await asyncio.gather(
                *(
                    kills.sqlite(folder / str(lane), seed + lane, share)
                    for lane, share in enumerate(shares)
                    if share
                )
            )
        )

    async def killed_on_postgres(folder: Path, seed: int) -> Observations:
        return await kills.postgres(folder, seed, kills_each, await server.create())

    def weather(which: Weather) -> Doing:
        return lambda folder, seed: outages.runpod(folder, seed, which)

    lasting = f"{disk.FAULT_S:.0f} s"
    minute = f"{outages.MINUTE_S:.0f} s"
    found = [
        Fault("kill -9, SQLite", f"{kills_each} times", killed_on_sqlite, alone=True),
        Fault(
            "kill -9, 3 processes, PostgreSQL",
            f"{kills_each} times",
            killed_on_postgres,
            alone=True,
        ),
        Fault("voice, UDP loss of 30 %", "8 turns", voice.lossy, alone=True),
        Fault("disk full", lasting, disk.full),
        Fault("disk read-only", lasting, disk.read_only),
        Fault(f"disk slow, {disk.SLOW_MS} ms a write", lasting, disk.slow),
        Fault("two bots on one SQLite file", lasting, disk.two_bots),
        Fault(
            "PostgreSQL frozen, then stopped",
            minute,
            lambda folder, seed: outages.database(folder, seed, server),
        ),
        Fault("clock an hour on, two back", "4 jumps, 4 kills", outages.clock),
        Fault("gateway cut in five ways", "12 times", outages.gateway),
    ]
    words = {
        Weather.ERROR_500: "RunPod answers 500",
        Weather.TOO_MANY_429: "RunPod answers 429",
        Weather.HANGS: "RunPod hangs",
        Weather.NONSENSE: "RunPod talks nonsense",
    }
    return [*found, *(Fault(name, minute, weather(which)) for which, name in words.items())]


def lacking(fault: Fault) -> str:
    """What this machine lacks for a fault; empty: nothing."""
    if fault.do is disk.full and not disk.can_mount():
        return "only root may mount a small disk"
    if fault.do in (disk.read_only, disk.slow) and not disk.can_trace():
        return "strace is not installed"
    return ""


async def run(chosen: Sequence[Fault], seed: int, folder: Path) -> AsyncIterator[Result]:
    """Do them: those that want to be alone first, then the others side by side."""
    places = {id(fault): folder / str(place) for place, fault in enumerate(chosen)}
    for fault in (one for one in chosen if one.alone):
        yield await _result(fault, places[id(fault)], seed)
    room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def in_turn(fault: Fault) -> Result:
        async with room:
            return await _result(fault, places[id(fault)], seed)

    for done in asyncio.as_completed([in_turn(one) for one in chosen if not one.alone]):
        yield await done


async def _result(fault: Fault, folder: Path, seed: int) -> Result:
    seen = await fault.do(folder / "scene", seed)
    return Result(fault.name, fault.extent, seen, verdict(seen))


def _together(parts: Sequence[Observations]) -> Observations:
    """The lanes of one fault as one."""
    return Observations(
        questions=[one for part in parts for one in part.questions],
        still_open=[one for part in parts for one in part.still_open],
        unbooked=[one for part in parts for one in part.unbooked],
        left_behind=[one for part in parts for one in part.left_behind],
        refused=sorted({one for part in parts for one in part.refused}),
        died=[one for part in parts for one in part.died],
    )
