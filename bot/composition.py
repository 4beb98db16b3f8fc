"""The composition root: settings in, services out; one exit stack closes everything."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Never

from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Service
from bot.errors import BadSettings, StoreFailed, WeightsError
from bot.models.store import ModelStore
from bot.money import Limits, Period, Scope, micro
from bot.observability.logs import secrets_of
from bot.otlp import exporting_aside
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.budget_gate import BudgetGate
from bot.service_calls.client import CallObserver, ServiceClient
from bot.service_calls.pricing import Rates
from bot.settings import Settings, precautions
from bot.spans import SpanSink

if TYPE_CHECKING:
    from bot.store.repositories.ledger import Ledger
    from bot.store.store import Store
    from bot.voice_agent.recordings import RecordingStore
    from bot.workers.build import Workers  # its runtimes are an extra
    from bot.workers.protocols import Handler

log = logging.getLogger(__name__)

PRUNE_EVERY_S: Final = 6 * 3600.0
"""How often what is too old is deleted."""

Fetch = Callable[[ModelStore, list[str]], object]
"""Fetches the models of these names that are missing, and shows its progress; blocking."""

ALL_SERVICES = frozenset(Service)


class WarmUp(Enum):
    """When the models of services in this process are loaded.

    FIRST: before anything else, so that every call is quick. BACKGROUND: at once, while calls are
    already taken. NEVER: each when a call first needs it, so that a single call ends soonest.
    """

    FIRST = "first"
    BACKGROUND = "background"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Services:
    """The three services, ready to be called."""

    client: ServiceClient
    embedded: bool


@contextlib.asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    fetch: Fetch,
    only: Collection[Service] = ALL_SERVICES,
    warm_up: WarmUp = WarmUp.BACKGROUND,
    ledger: "Ledger | None" = None,
    watchers: Sequence[CallObserver] = (),
    sink: SpanSink | None = None,
) -> AsyncIterator[Services]:
    """Connect to RunPod, or start the services in this process when there is no key.

    Args:
        settings: All settings.
        fetch: How missing model files are fetched.
        only: The services that will be called.
        warm_up: When local models are loaded.
        ledger: Where costs are booked and budgets kept; None: nowhere.
        watchers: See every call.
        sink: Takes the spans of services in this process.

    Raises:
        BadSettings: An endpoint id is missing.
        WeightsError: The local models are not there and cannot be fetched.
    """
    _warn(settings)
    async with contextlib.AsyncExitStack() as stack:
        key = settings.runpod_api_key
        base_url = str(settings.runpod_base_url)
        if key is None:
            key = SecretStr(secrets.token_urlsafe())
            base_url = await stack.enter_async_context(
                _embedded(settings, key, fetch, only, warm_up, sink)
            )
        clock = SystemClock()
        client = RunPodClient(
            base_url,
            key,
            {s: _endpoint(settings, s) for s in only},
            clock=clock,
            hidden=secrets_of(settings),
        )
        till = None if ledger is None else BudgetGate(ledger, rates_of(settings))
        switchboard = ServiceClient(client, clock=clock, till=till, watchers=watchers)
        yield Services(await stack.enter_async_context(switchboard), settings.embedded)


_warned: set[str] = set()


def _warn(settings: Settings) -> None:
    """Say once what lets others read secrets."""
    for words, advice in precautions(settings):
        if words not in _warned:
            _warned.add(words)
            log.warning("%s %s", words, advice)


@contextlib.asynccontextmanager
async def open_paid_services(
    settings: Settings,
    *,
    fetch: Fetch,
    only: Collection[Service] = ALL_SERVICES,
    warm_up: WarmUp = WarmUp.BACKGROUND,
) -> AsyncIterator[Services]:
    """The same for a terminal: what calls cost is booked where the bot books it.

    Where nothing can cost anything, no database is opened.

    Raises:
        BadSettings: Also when the database cannot be used.
        WeightsError: As `open_services`.
    """
    async with contextlib.AsyncExitStack() as stack:
        ledger = None
        if not rates_of(settings).is_free:
            from bot.store.store import Store  # noqa: PLC0415

            url = settings.skydeck_database_url.get_secret_value()
            opening = Store.open(url, SystemClock(), limits=limits_of(settings))
            ledger = (await stack.enter_async_context(opening)).ledger
        yield await stack.enter_async_context(
            open_services(settings, fetch=fetch, only=only, warm_up=warm_up, ledger=ledger)
        )


@contextlib.asynccontextmanager
async def _embedded(
    settings: Settings,
    key: SecretStr,
    fetch: Fetch,
    only: Collection[Service],
    warm_up: WarmUp,
    sink: SpanSink | None,
) -> AsyncIterator[str]:
    """Run the services in this process, behind RunPod's routes on loopback; gives the base URL."""
    _require_local()
    from bot.workers.server.lifecycle import embedded_server  # noqa: PLC0415

    async with contextlib.AsyncExitStack() as stack:
        workers = await stack.enter_async_context(_workers(settings, fetch, only))
        if warm_up is WarmUp.FIRST:
            for handler in workers.handlers.values():
                await handler.warm_up()
        yield await stack.enter_async_context(
            embedded_server(
                _traced(workers.handlers, sink),
                key=key,
                queue_limit=settings.skydeck_queue_limit,
                clock=SystemClock(),
                warm_up=None if warm_up is WarmUp.BACKGROUND else (),
            )
        )


async def run_bot(settings: Settings, *, fetch: Fetch, say: Callable[[str], object]) -> None:
    """Be online in Discord until Ctrl-C.

    Args:
        settings: All settings.
        fetch: How missing model files are fetched.
        say: Tells whoever has started it how far it is.

    Raises:
        BadSettings: No usable token, database or endpoint; the hint says how to get one.
        WeightsError: The local models are not there and cannot be fetched.
        ServiceUnreachable: Discord does not answer.
    """
    # Heavy, and only the bot needs them.
    from bot.catalogue import load_grace  # noqa: PLC0415
    from bot.cluster.spec import check_shards, read_shards  # noqa: PLC0415
    from bot.discord_client import SkyDeck, check_token  # noqa: PLC0415
    from bot.jobs.runner import JobRunner  # noqa: PLC0415
    from bot.observability.bot import observing  # noqa: PLC0415
    from bot.observability.pulse import keep_telling  # noqa: PLC0415
    from bot.store.address import Address  # noqa: PLC0415
    from bot.store.store import Store  # noqa: PLC0415
    from bot.voice_agent.session_factory import VoiceSessionFactory  # noqa: PLC0415

    url = settings.skydeck_database_url.get_secret_value()
    check_shards(read_shards(settings.skydeck_shards), has_leases=Address.parse(url).file is None)
    account = await check_token(settings)  # before 0.8 GB of models are fetched
    say(f"{account.name} is this bot. Invite it: {account.invite}")
    if settings.embedded:
        say("No RUNPOD_API_KEY: the services run on this machine.")
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        seen = await stack.enter_async_context(observing(settings, clock))
        store = await stack.enter_async_context(Store.open(url, clock, limits=limits_of(settings)))
        services = await stack.enter_async_context(
            open_services(
                settings, fetch=fetch, ledger=store.ledger, watchers=seen.watchers, sink=seen.sink
            )
        )
        _fetch_ears(settings, fetch)
        voices = VoiceSessionFactory(
            client=services.client,
            clock=clock,
            weights=one_by_one(settings),
            keep_clips=(clips := _clips(settings)),
            on_turn=seen.on_turn,
        )
        stack.callback(voices.close)
        runner = JobRunner(services.client, store.jobs, clock, outlive=not services.embedded)
        await stack.enter_async_context(runner)
        bot = SkyDeck(
            settings=settings,
            services=services.client,
            store=store,
            runner=runner,
            voices=voices,
            clock=clock,
            grace=load_grace(settings),
        )
        await stack.enter_async_context(bot)
        await stack.enter_async_context(seen.shown(bot))
        async with asyncio.TaskGroup() as chores:
            endless = [
                chores.create_task(_prune(store, clips, settings)),
                chores.create_task(
                    keep_telling(bot, clock, with_services=services.embedded),
                ),
            ]
            await bot.run_until_stopped(on_online=lambda: say("Online. Ctrl-C stops."))
            for chore in endless:
                chore.cancel()


def _fetch_ears(settings: Settings, fetch: Fetch) -> None:
    """What voice channels are heard with (11 MB); without it the rest of the bot works."""
    from bot.voice_agent.session_factory import EARS  # noqa: PLC0415

    try:
        fetch(ModelStore(settings.skydeck_weights_dir), list(EARS))
    except WeightsError as e:
        log.warning("voice channels cannot be heard yet; /join tries again: %s", e)


def one_by_one(settings: Settings) -> Callable[[str], Path]:
    """The folder of a model by name, fetched when it is missing."""
    store = ModelStore(settings.skydeck_weights_dir)
    return lambda name: store.ensure([name])[name]


def _clips(settings: Settings) -> "RecordingStore | None":
    from bot.voice_agent.recordings import RecordingStore  # noqa: PLC0415

    folder = settings.skydeck_voice_keep_dir
    if folder is None:
        return None
    return RecordingStore(
        folder,
        days=settings.skydeck_voice_keep_days,
        limit_bytes=settings.skydeck_voice_keep_mb * 1_000_000,
    )


async def _prune(store: "Store", clips: "RecordingStore | None", settings: Settings) -> Never:
    """Keep the retention times."""
    while True:
        try:
            if clips is not None:
                await asyncio.to_thread(clips.prune, SystemClock().wall())
            await store.prune(
                message_days=settings.skydeck_message_days,
                job_days=settings.skydeck_job_days,
                ledger_days=settings.skydeck_ledger_days,
            )
        except StoreFailed as e:
            log.warning("nothing pruned: %s", e)
        await asyncio.sleep(PRUNE_EVERY_S)


async def serve_until_stopped(
    settings: Settings,
    *,
    port: int,
    key: SecretStr,
    fetch: Fetch,
    on_ready: Callable[[str], object],
) -> None:
    """Serve the three services for others, on loopback, until Ctrl-C.

    Raises:
        BadSettings: The port is taken.
        WeightsError: The models are not there and cannot be fetched.
    """
    _require_local()
    from bot.workers.server.lifecycle import serve  # noqa: PLC0415

    async with (
        exporting_aside(settings.otlp_endpoint, service="skydeck-services") as sink,
        _workers(settings, fetch, ALL_SERVICES) as workers,
    ):
        await serve(
            _traced(workers.handlers, sink),
            key=key,
            port=port,
            queue_limit=settings.skydeck_queue_limit,
            names=settings.serve_names,
            clock=SystemClock(),
            on_ready=on_ready,
        )


@contextlib.asynccontextmanager
async def _workers(
    settings: Settings, fetch: Fetch, only: Collection[Service]
) -> AsyncIterator["Workers"]:
    from bot.workers.build import build_workers, models_needed  # noqa: PLC0415

    store = ModelStore(settings.skydeck_weights_dir)
    fetch(store, models_needed(settings, only))
    workers = build_workers(settings, one_by_one(settings), only)
    try:
        yield workers
    finally:
        await workers.close()


def _traced(handlers: "Mapping[str, Handler]", sink: SpanSink | None) -> "Mapping[str, Handler]":
    """The services, which leave spans if anybody takes them."""
    if sink is None:
        return handlers
    from bot.workers.traced import TracedHandler  # noqa: PLC0415

    return {name: TracedHandler(one, sink, SystemClock()) for name, one in handlers.items()}


def _require_local() -> None:
    missing = [name for name in ("uvicorn", "starlette") if find_spec(name) is None]
    if missing:
        raise WeightsError(
            f"The local services need {' and '.join(missing)}.",
            hint="pip install 'skydeck[local]', or set RUNPOD_API_KEY.",
        )


def available(settings: Settings) -> frozenset[Service]:
    """The services that can be called: all on this machine, else those whose endpoint is known."""
    if settings.embedded:
        return frozenset(Service)
    return frozenset(
        service for service in Service if getattr(settings, f"{service.value.lower()}_endpoint_id")
    )


def rates_of(settings: Settings) -> Rates:
    """What calls cost, as far as the settings know."""
    return Rates(
        usd_per_s=settings.skydeck_gpu_usd_per_s,
        idle_tail_s=settings.skydeck_gpu_idle_tail_s,
        is_local=settings.embedded,
        is_free=settings.embedded and settings.anthropic_api_key is None,
    )


def limits_of(settings: Settings) -> Limits:
    """The operator's budgets."""
    found = {
        (scope, period): getattr(settings, f"skydeck_budget_{scope}_{period}_usd")
        for scope in Scope
        for period in Period
    }
    return Limits({key: micro(usd) for key, usd in found.items() if usd is not None})


def _endpoint(settings: Settings, service: Service) -> Endpoint:
    name = service.value.lower()
    endpoint_id = name if settings.embedded else getattr(settings, f"{name}_endpoint_id")
    if not endpoint_id:
        raise BadSettings(
            f"{name.upper()}_ENDPOINT_ID is not set, so {name.capitalize()} cannot be called.",
            hint="Put the endpoint's id from RunPod's console into .env.",
        )
    return Endpoint(
        service,
        endpoint_id,
        mode=getattr(settings, f"{name}_mode"),
        deadline_s=getattr(settings, f"{name}_deadline_s"),
    )
