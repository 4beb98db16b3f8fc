"""The whole path of a call: our client, the embedded server, a database and a scripted service."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.choices import Mode
from bot.clock import SystemClock
from bot.contract import Request, Service, Source, System
from bot.contract.penny import converse
from bot.money import Limits
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.budget_gate import BudgetGate
from bot.service_calls.client import ServiceClient
from bot.service_calls.cost_estimate import Rates
from bot.store.store import Store
from bot.workers.server.lifecycle import embedded_server

RATES = Rates(usd_per_s=Decimal("0.00019"))
KEY = SecretStr("a-key-of-thirty-two-characters-x")


class Exchange:
    """One database and one server, on which clients are opened."""

    def __init__(self, url: str, store: Store) -> None:
        self.url = url
        self.store = store

    @contextlib.asynccontextmanager
    async def open(
        self, *, mode=Mode.STREAM, rates=None, on_low=None, budgets=True, **more
    ) -> AsyncIterator[ServiceClient]:
        clock = SystemClock()
        endpoint = Endpoint(Service.PENNY, "penny", mode=mode, deadline_s=30)
        client = RunPodClient(self.url, KEY, {Service.PENNY: endpoint}, clock=clock)
        gate = BudgetGate(self.store.ledger, rates or RATES, clock, on_low) if budgets else None
        async with ServiceClient(client, clock=clock, budget_gate=gate, **more) as board:
            yield board


@pytest.fixture
def exchange(tmp_path: Path):
    """Opens an exchange for a handler, with the operator's limits."""

    @contextlib.asynccontextmanager
    async def make(handler, limits=None) -> AsyncIterator[Exchange]:
        clock = SystemClock()
        file = tmp_path / "skydeck.db"
        async with (
            Store.open(f"sqlite:///{file}", clock, limits=Limits(limits or {})) as store,
            embedded_server({"penny": handler}, key=KEY, clock=clock, queue_limit=200) as url,
        ):
            yield Exchange(url, store)

    return make


def asking(text: str = "hello", *, user="11", guild="22") -> Request:
    source = Source(system=System.DECK, user=user, guild=guild, channel="33")
    return converse(text, source=source)


async def whole(board: ServiceClient, request: Request) -> list:
    async with board.submit(request) as updates:
        return [update async for update in updates]


async def until(holds) -> object:
    for _ in range(500):
        if found := await holds():
            return found
        await asyncio.sleep(0.02)
    raise TimeoutError
