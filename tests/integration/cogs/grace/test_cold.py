"""A service that has to start first."""

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.discord_bot import KEY
from tests.integration.cogs.grace.sight import settled


@pytest.fixture
async def base_url(handlers):
    handlers["grace"].warm.clear()
    async with embedded_server(
        handlers, key=SecretStr(KEY), queue_limit=64, clock=SystemClock(), warm_up=("grace",)
    ) as url:
        yield url


async def test_waiting_for_a_worker_is_a_state_of_its_own(sim, deck, ana, handlers):
    await ana.slash("/grace resumir", texto="unas palabras")
    message = await ana.sees("Esperando a que arranque el servicio · ")
    assert list(message.buttons) == ["Detener"]
    handlers["grace"].warm.set()
    await settled(ana, "**Resumen** · «unas palabras»\nunas palabras")
    assert not sim.problems
