"""A disk that is full, may not be written, or is slow; and two bots on one file.

Full is a real file system of a few megabytes (tmpfs), filled up to its last byte. Read-only and
slow are made by strace, which lets the bot's own system calls on the database's files fail with
EROFS, or take 200 ms each: a mounted file system cannot be made read-only while it is written to,
and this kernel has no device that delays.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from tests.chaos.process import MIB, Bot
from tests.chaos.scene import scene
from tests.chaos.verdict import Observations

DISK_MIB: Final = 24
FAULT_S: Final = 30.0
SLOW_MS: Final = 200
_EVERY_S: Final = 0.6
_WRITES: Final = "pwrite64,write,fsync,fdatasync,ftruncate,unlink"


def can_mount() -> bool:
    """Whether this account may mount a file system."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


def can_trace() -> bool:
    """Whether system calls can be made to fail."""
    return shutil.which("strace") is not None


async def full(folder: Path, seed: int, fault_s: float = FAULT_S) -> Observations:
    """Not a byte is left for a while."""
    with _mounted(folder.with_name(f"{folder.name}-disk")) as disk:
        url = f"sqlite:///{disk / 'skydeck.db'}"
        async with scene(folder, seed, database=url) as one:
            bot = await one.start()
            before = await one.warm_up(bot)
            ballast = disk / "ballast"
            async with one.going_on(_EVERY_S):
                _fill(ballast)
                await asyncio.sleep(fault_s)
                ballast.unlink()
            return await one.wind_up(bot, before)


async def read_only(folder: Path, seed: int, fault_s: float = FAULT_S) -> Observations:
    """Every write to the database fails for a while."""
    return await _traced_scene(folder, seed, "error=EROFS", fault_s)


async def slow(folder: Path, seed: int, fault_s: float = FAULT_S) -> Observations:
    """Every write to the database takes long for a while."""
    return await _traced_scene(folder, seed, f"delay_enter={SLOW_MS * 1000}", fault_s)


async def _traced_scene(folder: Path, seed: int, fault: str, fault_s: float) -> Observations:
    async with scene(folder, seed) as one:
        bot = await one.start()
        before = await one.warm_up(bot)
        async with one.going_on(_EVERY_S), _injected(bot, folder / "skydeck.db", fault):
            await asyncio.sleep(fault_s)
        return await one.wind_up(bot, before)


async def two_bots(folder: Path, seed: int, fault_s: float = FAULT_S) -> Observations:
    """A second bot is started on the same file, with the same token, by mistake."""
    async with scene(folder, seed) as one:
        bot = await one.start()
        before = await one.warm_up(bot)
        async with one.going_on(_EVERY_S):
            second = await one.start(online=False)
            await asyncio.sleep(fault_s / 2)
            await second.kill()
            third = await one.start(online=False)
            await asyncio.sleep(fault_s / 2)
            await third.stop()
        return await one.wind_up(bot, before)


@contextlib.contextmanager
def _mounted(folder: Path):  # type: ignore[no-untyped-def]
    folder.mkdir(parents=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", folder],
        check=True,
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def _fill(ballast: Path) -> None:
    """Take all that is left."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(MIB)):
            pass
    with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0"):
            pass


@contextlib.asynccontextmanager
async def _injected(bot: Bot, database: Path, fault: str) -> AsyncIterator[None]:
    """What the bot does with its database's files goes wrong until the block ends."""
    names = [word for end in ("", "-wal", "-shm") for word in ("-P", f"{database}{end}")]
    tracer = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-qq", "-o", os.devnull, "-p", str(bot.pid), *names),
        *("-e", f"trace={_WRITES}", "-e", f"inject={_WRITES}:{fault}"),
    )
    try:
        yield
        if tracer.returncode is not None:
            raise AssertionError("strace did not get hold of the bot")
    finally:
        with contextlib.suppress(ProcessLookupError):
            tracer.send_signal(signal.SIGINT)
        await tracer.wait()
