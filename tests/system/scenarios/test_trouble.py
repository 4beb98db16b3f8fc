"""Services that are cold, or not there."""

import asyncio

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Service
from bot.workers.protocols import Delivery
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.discord_bot import KEY, made
from tests.fakes.handlers import Scripted, echo

pytestmark = pytest.mark.virtual_time
COLD_S = 40.0


async def test_a_service_that_is_cold_for_forty_seconds(sim, channel, ana, ben, tmp_path):
    penny = Scripted(echo, service=Service.PENNY)
    grace = Scripted(echo, service=Service.GRACE, delivery=Delivery.REPLY)
    handlers = {"penny": penny, "grace": grace}
    for handler in handlers.values():
        handler.warm.clear()
    async with (
        embedded_server(
            handlers, key=SecretStr(KEY), queue_limit=8, clock=SystemClock(), warm_up=None
        ) as base_url,
        made(base_url, tmp_path / "x.db") as bot,
        sim.connect(bot),
    ):
        await ben.says("@Alfred are you awake?", channel)
        await ana.slash("/grace summarize", channel, text="palabras")
        await ben.sees("Waiting for the service to start")
        await ana.sees("Esperando")
        await asyncio.sleep(COLD_S)
        for handler in handlers.values():
            handler.warm.set()
        answer = await ben.sees("are you awake?")
        await ana.sees("palabras")
        assert any("Waiting for the service" in state.content for state in answer.revisions)
        assert penny.started == grace.started == 1
    assert not sim.problems


async def test_a_service_that_is_not_there(sim, channel, ana, ben, tmp_path):
    nowhere = "http://127.0.0.1:9/v2"
    async with made(nowhere, tmp_path / "x.db", deadline_s=8) as bot, sim.connect(bot):
        await ben.says("@Alfred hello?", channel)
        await ana.slash("/grace summarize", channel, text="palabras")
        told = await ben.sees("The service isn't answering")
        assert "Traceback" not in told.content
        await ana.sees("El servicio no responde", ever=True)
    assert not sim.problems
