"""`skydeck bot` as its user runs it: its own process, real models, the local Discord."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from local_discord import PATIENCE, LocalDiscord
from tests.environment import without_settings
from tests.paths import ROOT

pytestmark = pytest.mark.models

COMMANDS_ROUTE = "/applications/{application_id}/commands"


@pytest.fixture
async def sim():
    async with LocalDiscord(answer_seconds=PATIENCE) as simulator:
        yield simulator


class Program:
    """The process, and what it said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ends(self, within: float = 120) -> tuple[int, str]:
        async with asyncio.timeout(within):
            shown, said = await self.process.communicate()
        return self.process.returncode or 0, shown.decode() + said.decode()

    async def is_asked_to_stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        return await self.ends()


@asynccontextmanager
async def skydeck(
    sim: LocalDiscord, folder: Path, *args: str, **env: str
) -> AsyncIterator[Program]:
    inherited = without_settings()
    ours = {
        "PYTHONPATH": str(ROOT),
        "SKYDECK_DATABASE_URL": f"sqlite:///{folder / 'skydeck.db'}",
        "SKYDECK_LOG_LEVEL": "INFO",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "local_discord.elsewhere", sim.base_url, "bot", *args),
        cwd=folder,
        env=inherited | ours | env,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_without_a_token_it_says_how_to_get_one(sim, tmp_path):
    async with skydeck(sim, tmp_path, "bot") as program:
        code, said = await program.ends()
    assert code == 2
    assert "DISCORD_TOKEN is not set" in said
    assert len(said.strip().splitlines()) == 4  # what is wrong, and three lines
    for words in ("Reset Token", "Message Content Intent", "scope=bot+applications.commands"):
        assert words in said
    assert "Traceback" not in said


async def test_a_wrong_token_is_refused_in_words_and_not_shown(sim, tmp_path):
    secret = "MTIz.SECRET.token"
    async with skydeck(sim, tmp_path, "bot", DISCORD_TOKEN=secret) as program:
        code, said = await program.ends()
    assert code == 2
    assert "Discord refuses DISCORD_TOKEN" in said
    assert secret not in said
    assert "Traceback" not in said


async def test_the_doctor_looks_at_the_token(sim, tmp_path):
    async with skydeck(sim, tmp_path, "doctor", DISCORD_TOKEN=sim.token) as program:
        _, said = await program.ends()
    assert "ok    Discord: " in said
    assert "discord.com/oauth2" not in said  # it knows nothing of an account elsewhere
    assert sim.token not in said
    async with skydeck(sim, tmp_path, "doctor", DISCORD_TOKEN="wrong.one") as program:
        code, said = await program.ends()
    assert code == 3
    assert "FAIL  Discord: Discord refuses DISCORD_TOKEN." in said


@pytest.mark.timeout(600)
async def test_the_whole_program(weights, sim, tmp_path):
    for name in ("whisper-tiny.en", "whisper-base", "piper-joe", "qwen2.5-coder-0.5b"):
        weights(name)
    guild = sim.guild("Test")
    channel = guild.channel("general")
    ben = guild.member("Ben", locale="en-US")
    async with skydeck(sim, tmp_path, "bot", DISCORD_TOKEN=sim.token) as program:
        await sim.gateway.until_online()
        await ben.says("@Alfred What is the capital of France?", channel)
        await ben.sees("Paris", within=200)
        seen = ""
        async with asyncio.timeout(120):
            while "last answer" not in seen:  # the bot tells every few seconds
                async with skydeck(sim, tmp_path, "health") as looking:
                    code, seen = await looking.ends()
        assert code == 0, seen
        assert [line.partition(":")[0] for line in seen.splitlines()] == [
            *("factory", "grace", "penny", "bot")
        ]
        assert " ms to Discord" in seen
        code, said = await program.is_asked_to_stop()
    assert code == 0, said
    assert "Traceback" not in said
    assert sim.token not in said
    assert not sim.problems
    assert len(sim.log.requests("PUT", COMMANDS_ROUTE)) == 1
    await sim.gateway.until_offline()
    async with skydeck(sim, tmp_path, "bot", DISCORD_TOKEN=sim.token) as program:
        await sim.gateway.until_online()
        code, said = await program.is_asked_to_stop()
    assert code == 0, said
    assert len(sim.log.requests("PUT", COMMANDS_ROUTE)) == 1  # they had not changed
