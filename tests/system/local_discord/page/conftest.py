"""A browser and `skydeck try`, once for each module: its tests run on the module's event loop.

A module says `pytestmark = pytest.mark.asyncio(loop_scope="module")`.
"""

# mypy: ignore-errors

import asyncio
import re
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest_asyncio

from tests.environment import without_settings
from tests.fakes.chromium import chromium
from tests.paths import ROOT


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(request):
    """A Chromium; a module's `BROWSER` are further arguments of its command line."""
    async with chromium(*getattr(request.module, "BROWSER", ())) as one:
        yield one


@dataclass
class Site:
    """The page in this process, without a bot."""

    sim: object
    page: object

    @property
    def address(self):
        return self.page.address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site():
    """The local Discord and its page in this process, without a bot: quick."""
    from local_discord import LocalDiscord
    from local_discord.page.server import serving

    async with LocalDiscord() as sim, serving(sim) as page:
        yield Site(sim, page)


class Program:
    """`skydeck try` as a process: its address, and what it says."""

    def __init__(self, process):
        self.process = process
        self.address = ""
        self.said = ""

    async def until_says(self, pattern):
        """Read on until it says this; the match."""
        while (found := re.search(pattern, self.said)) is None:
            line = await self.process.stderr.readline()
            assert line, f"it ended, and had said: {self.said}"
            self.said += line.decode()
        return found

    async def is_asked_to_stop(self):
        """Ctrl-C; its exit code."""
        self.process.send_signal(signal.SIGINT)
        self.said += (await self.process.stderr.read()).decode()
        return await self.process.wait()


async def started(folder, *arguments, **environment):
    """`skydeck try` in its own process, with the quick model."""
    inherited = without_settings()
    ours = {"PYTHONPATH": str(ROOT), "SKYDECK_LLM": "tiny", "HF_HUB_OFFLINE": "1"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "try", "--no-browser", *arguments),
        cwd=folder,
        env=inherited | ours | environment,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def trying(folder, *arguments, **environment):
    """The same, once it has said its address, until the block ends."""
    program = Program(await started(folder, *arguments, **environment))
    try:
        program.address = (await program.until_says(r"http://\S+token=\S+"))[0]
        yield program
    finally:
        if program.process.returncode is None:
            try:
                async with asyncio.timeout(60):
                    await program.is_asked_to_stop()
            finally:
                if program.process.returncode is None:
                    program.process.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tried(tmp_path_factory, weights):
    """`skydeck try`, with real models and the bot online."""
    async with trying(tmp_path_factory.mktemp("try")) as program:
        await program.until_says("Online")
        yield program
