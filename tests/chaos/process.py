"""The bot's process, seen and handled from outside."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from local_discord import LocalDiscord
from tests.chaos.verdict import Held
from tests.environment import without_settings

ROOT: Final = Path(__file__).parents[2]
_ONLINE_WITHIN_S: Final = 240.0
"""A process that shares two cores with a dozen others needs a minute to import itself."""
_ENDS_WITHIN_S: Final = 60.0
_TAIL_LINES: Final = 12
MIB: Final = 1024 * 1024


class Bot:
    """One process of `skydeck bot`.

    Args:
        sim: Its Discord.
        process: It.
        folder: Its home, with its log and its temporary files.
    """

    def __init__(
        self, sim: LocalDiscord, process: asyncio.subprocess.Process, folder: Path
    ) -> None:
        self.sim = sim
        self.process = process
        self.folder = folder
        self.is_expected_to_end = False

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    @property
    def log(self) -> str:
        """The last it said."""
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-_TAIL_LINES:])

    @property
    def has_died(self) -> str:
        """How it ended without being told to; empty: it did not."""
        code = self.process.returncode
        return "" if code is None or self.is_expected_to_end else f"exit code {code}: {self.log}"

    async def kill(self) -> None:
        """kill -9."""
        self.is_expected_to_end = True
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        """As a deployment stops it."""
        self.is_expected_to_end = True
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_ENDS_WITHIN_S):
            await self.process.wait()

    async def jump(self, seconds: float) -> None:
        """Set its wall clock forward, or back."""
        self._say(f"jump {seconds}")

    async def holds(self) -> Held:
        """What it holds at this moment."""
        self._say("figures")
        if self.process.stdout is None:
            raise AssertionError("its output is a pipe")
        async with asyncio.timeout(_ENDS_WITHIN_S):
            told = json.loads(await self.process.stdout.readline())
        with (self.folder / "tasks").open("a") as file:  # whoever looks for a leak needs names
            file.write("\n".join([*told["names"], "", ""]))
        status = _status(self.pid)
        return Held(
            rss_mib=int(status["VmRSS"].split()[0]) / 1024,
            handles=_handles(self.pid),
            threads=int(status["Threads"]),
            tasks=told["tasks"],
        )

    def _say(self, line: str) -> None:
        if self.process.stdin is None:
            raise AssertionError("its input is a pipe")
        self.process.stdin.write(f"{line}\n".encode())


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _handles(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def environment(sim: LocalDiscord, runpod: str, database: str, folder: Path) -> dict[str, str]:
    """What a bot is started with: `skydeck bot` with the settings that an operator would give."""
    inherited = without_settings()
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder / "tmp"),
        "DISCORD_TOKEN": sim.token,
        "RUNPOD_API_KEY": "scripted",
        "RUNPOD_BASE_URL": runpod,
        "PENNY_ENDPOINT_ID": "penny",
        "GRACE_ENDPOINT_ID": "grace",
        "FACTORY_ENDPOINT_ID": "factory",
        "SKYDECK_DATABASE_URL": database,
        "SKYDECK_USER_PER_MINUTE": "600",
        "SKYDECK_GUILD_PER_MINUTE": "6000",
        "SKYDECK_BUILDS_PER_GUILD": "3",
        "SKYDECK_BUDGET_ALL_DAY_USD": "100000",
        "SKYDECK_FAREWELL_S": "3",
        "SKYDECK_LOG_LEVEL": "INFO",
    }


async def start(
    sim: LocalDiscord,
    runpod: str,
    database: str,
    folder: Path,
    *,
    online: bool = True,
    **more: str,
) -> Bot:
    """Start a bot, and wait until Discord sees it.

    Args:
        sim: Its Discord.
        runpod: Where RunPod is.
        database: The URL of its database.
        folder: Its home.
        online: Whether to wait.
        more: More of its environment.
    """
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local_discord.elsewhere", sim.base_url, "tests.chaos.bot"),
            cwd=folder,
            env=environment(sim, runpod, database, folder) | more,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    bot = Bot(sim, process, folder)
    if online:
        try:
            await until_online(bot)
        except BaseException:
            await bot.kill()
            raise
    return bot


async def until_online(bot: Bot) -> None:
    """Wait until Discord sees it.

    Raises:
        AssertionError: It ended instead.
    """
    seeing = asyncio.create_task(bot.sim.gateway.until_online(within=_ONLINE_WITHIN_S))
    ending = asyncio.create_task(bot.process.wait())
    try:
        await asyncio.wait({seeing, ending}, return_when=asyncio.FIRST_COMPLETED)
        if ending.done() and not seeing.done():
            raise AssertionError(f"the bot did not come up: {bot.log}")
        await seeing
    finally:
        seeing.cancel()
        ending.cancel()


@contextlib.asynccontextmanager
async def running(
    sim: LocalDiscord, runpod: str, database: str, folder: Path, **more: str
) -> AsyncIterator[Bot]:
    """A bot that is killed at the end if it still runs."""
    bot = await start(sim, runpod, database, folder, **more)
    try:
        yield bot
    finally:
        if bot.process.returncode is None:
            await bot.kill()


def left_behind(folder: Path, expected: Mapping[str, object] | set[str]) -> list[str]:
    """Files in a bot's home that nobody will clear away, once it has ended."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    names = [str(path.relative_to(folder)) for path in found]
    return sorted(name for name in names if name not in expected)
