"""The bot is stopped at any moment, and ends without an error."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from bot.settings import Settings
from local_discord import LocalDiscord
from tests.fakes.discord_bot import made
from tests.waiting import until


@pytest.fixture
def cogs():
    return ("cogs.errors",)


@pytest.mark.parametrize(
    "step",
    [
        "GET /users/{user_id}",
        "GET /oauth2/applications/@me",
        "PUT /applications/{application_id}/commands",
        "GET /gateway/bot",
    ],
)
async def test_stopped_while_it_goes_online_it_just_ends(
    sim: LocalDiscord, base_url: str, tmp_path: Path, cogs: tuple[str, ...], step: str
) -> None:
    sim.fail(step, status=0, delay=30)
    settings = Settings(_env_file=None, discord_token=sim.token)
    async with made(base_url, tmp_path / "skydeck.db", cogs=cogs, settings=settings) as bot:
        running = asyncio.create_task(bot.run_until_stopped(on_online=lambda: None))
        method, route = step.split()
        await until(lambda: [c for c in sim.log.calls if (c.method, c.route) == (method, route)])
        os.kill(os.getpid(), signal.SIGTERM)
        await running
        assert bot.is_closed()
    assert not sim.problems
