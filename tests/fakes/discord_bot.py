"""The real bot on scripted or real services, for tests on the local Discord."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pydantic import SecretStr

from bot.budgets import limits_of
from bot.catalogue import load_grace
from bot.choices import Mode
from bot.clock import SystemClock
from bot.contract import Service
from bot.contract.grace import Module
from bot.discord_client import COGS, SkyDeck
from bot.jobs.runner import JobRunner
from bot.models.store import ModelStore
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.budget_gate import BudgetGate
from bot.service_calls.call import CallObserver
from bot.service_calls.circuit_breaker import Breaker
from bot.service_calls.client import ServiceClient
from bot.service_calls.cost_estimate import Rates
from bot.settings import Settings
from bot.store.address import Address
from bot.store.maintenance.migrate import make_private, migrate
from bot.store.store import Store
from bot.voice_agent.session_factory import VoiceSessionFactory
from bot.workers.protocols import Handler
from bot.workers.server.lifecycle import embedded_server

KEY = "scripted"


def weight_folder(name: str) -> Path:
    """The folder of a model by name, where the tests keep their models."""
    return ModelStore(Settings(_env_file=None).skydeck_weights_dir).ensure([name])[name]


MODES = {Service.PENNY: Mode.STREAM, Service.GRACE: Mode.RUN, Service.FACTORY: Mode.STREAM}


async def at_once(shard_id, *, initial) -> None:
    """discord.py waits five seconds before it identifies again; this hook of its is for that."""


@contextlib.asynccontextmanager
async def serving(
    handlers: Mapping[str, Handler], *, concurrency: Mapping[str, int] | None = None
) -> AsyncIterator[str]:
    """Services behind RunPod's routes on loopback; gives the base URL."""
    async with embedded_server(
        handlers,
        key=SecretStr(KEY),
        queue_limit=64,
        concurrency=concurrency,
        clock=SystemClock(),
        warm_up=(),
    ) as base_url:
        yield base_url


_MIGRATED: list[bytes] = []


def _whole(file: Path) -> bytes:
    """A database whose last connection is closed: nothing of it is in a log."""
    return file.read_bytes()


def _is_copied(file: Path) -> bool:
    """Give a new file the schema; how one comes to it is for the tests of the store."""
    if file.exists():
        return True
    if _MIGRATED:
        make_private(file)
        file.write_bytes(_MIGRATED[0])
    return bool(_MIGRATED)


@cache
def _packaged_grace() -> Mapping[str, Module]:
    """Grace's modules as they come with skydeck; to read them takes as long as a short test."""
    return MappingProxyType(load_grace(Settings(_env_file=None)))


@contextlib.asynccontextmanager
async def made(
    base_url: str,
    database: Path | str,
    *,
    key: str = KEY,
    outlive: bool = True,
    settings: Settings | None = None,
    lease_ms: int = 10_000,
    modes: Mapping[Service, Mode] = MODES,
    deadline_s: float = 240,
    cogs: Sequence[str] = COGS,
    breaker: Callable[[], Breaker] = Breaker,
    observers: Sequence[CallObserver] = (),
) -> AsyncIterator[SkyDeck]:
    """A bot that is not connected yet, with everything it needs.

    Args:
        base_url: Where the services are.
        database: The SQLite file, or a URL.
        key: The services' key.
        outlive: Whether jobs outlive the bot (as on RunPod).
        settings: Other than the defaults.
        lease_ms: As the journal's.
        modes: How each service is called.
        deadline_s: The longest any call may take.
        cogs: Which ones to load.
        breaker: Makes each service's circuit breaker.
        observers: See every call.
    """
    clock = SystemClock()
    settings = settings or Settings(_env_file=None)
    endpoints = {
        s: Endpoint(s, s.value.lower(), mode=modes[s], deadline_s=deadline_s) for s in Service
    }
    if isinstance(database, Path) and not _is_copied(database):
        await migrate(Address.parse(f"sqlite:///{database}"), clock)
        _MIGRATED.append(_whole(database))
    url = f"sqlite:///{database}" if isinstance(database, Path) else database
    async with (
        Store.open(url, clock, lease_ms=lease_ms, limits=limits_of(settings)) as store,
        ServiceClient(
            RunPodClient(base_url, SecretStr(key), endpoints, clock=clock),
            clock=clock,
            budget_gate=BudgetGate(
                store.ledger, Rates(usd_per_s=settings.skydeck_gpu_usd_per_s), clock
            ),
            breaker=breaker,
            observers=observers,
        ) as client,
        JobRunner(client, store.jobs, clock, outlive=outlive) as runner,
    ):
        with contextlib.closing(
            VoiceSessionFactory(client=client, clock=clock, weights=weight_folder)
        ) as voices:
            bot = SkyDeck(
                settings=settings,
                services=client,
                store=store,
                runner=runner,
                voices=voices,
                clock=clock,
                grace=load_grace(settings)
                if settings.skydeck_grace_catalogue
                else _packaged_grace(),
                cogs=cogs,
            )
            if not bot.membership.is_claimed:  # else it waits for the turn of all processes
                bot.before_identify_hook = at_once
            yield bot
