"""The composition root of the services: it builds them from the settings, and closes them."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from bot.budgets import limits_of
from bot.clock import SystemClock
from bot.contract import Service
from bot.env_file import settings_file
from bot.errors import BadSettings, StoreFailed, WeightsError
from bot.extras import extra_command
from bot.hosts import is_loopback
from bot.observability.logs import secrets_of
from bot.otlp import exporting_aside
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.budget_gate import BudgetGate
from bot.service_calls.call import CallObserver
from bot.service_calls.client import ServiceClient
from bot.service_calls.cost_estimate import Rates
from bot.service_calls.free_calls import FreeCalls
from bot.settings import Settings, precautions
from bot.spans import SpanSink

if TYPE_CHECKING:  # slow to import, and not always needed
    import httpx

    from bot.embedded_workers import Fetch
    from bot.store.repositories.ledger import Ledger

log = logging.getLogger(__name__)

ALL_SERVICES = frozenset(Service)
_QUIET_S: Final = 1.0
"""How long a terminal's user waits for the database without a word."""


class WarmUp(Enum):
    """When the models of services in this process are loaded.

    FIRST: before anything else, so that every call is quick. BACKGROUND: at once, while the
    services already take calls. NEVER: each when a call first needs it, so that a single call ends
    soonest.
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
    fetch: "Fetch",
    only: Collection[Service] = ALL_SERVICES,
    warm_up: WarmUp = WarmUp.BACKGROUND,
    ledger: "Ledger | None" = None,
    observers: Sequence[CallObserver] = (),
    sink: SpanSink | None = None,
    shared: bool = False,
) -> AsyncIterator[Services]:
    """Connect to RunPod; without a key, to the services on this machine.

    Args:
        settings: All settings.
        fetch: Fetches missing model files.
        only: The services that the caller will use.
        warm_up: When to load local models.
        ledger: Records costs and keeps budgets; None: nothing does.
        observers: Observe every call.
        sink: Takes the spans of services in this process.
        shared: Whether services on this machine run in a process that commands share
            (`bot/local_service`), where that is possible; else they run in this one.

    Raises:
        BadSettings: An endpoint id is missing.
        WeightsError: The local models are missing and cannot be fetched.
    """
    _warn(settings)
    async with contextlib.AsyncExitStack() as stack:
        key = settings.runpod_api_key
        base_url = str(settings.runpod_base_url)
        transport: httpx.AsyncBaseTransport | None = None
        if key is None:
            key = SecretStr(secrets.token_urlsafe())
            if shared and settings.skydeck_keep_loaded_s:
                transport = await _shared(stack, settings, fetch, only, warm_up)
            if transport is not None:
                base_url = "http://127.0.0.1/v2"  # the transport knows the port, and the key
            else:
                base_url = await stack.enter_async_context(
                    _embedded(settings, key, fetch, only, warm_up, sink)
                )
        clock = SystemClock()
        client = RunPodClient(
            base_url,
            key,
            {s: _endpoint(settings, s) for s in only},
            clock=clock,
            transport=transport,
            hidden=secrets_of(settings),
        )
        gate = None if ledger is None else BudgetGate(ledger, rates_of(settings), clock)
        sleeps = not (settings.embedded or is_loopback(settings.runpod_base_url.host or ""))
        calls = ServiceClient(
            client, clock=clock, budget_gate=gate, observers=observers, sleeps=sleeps
        )
        yield Services(await stack.enter_async_context(calls), settings.embedded)


_warned: set[str] = set()


def _warn(settings: Settings) -> None:
    """Warn once about everything that lets others read secrets."""
    for words, advice in precautions(settings):
        if words not in _warned:
            _warned.add(words)
            log.warning("%s %s", words, advice)


@contextlib.asynccontextmanager
async def open_paid_services(
    settings: Settings,
    *,
    fetch: "Fetch",
    only: Collection[Service] = ALL_SERVICES,
    warm_up: WarmUp = WarmUp.BACKGROUND,
) -> AsyncIterator[Services]:
    """Open the services for a terminal; the bot's ledger records what its calls cost.

    If no call can cost anything, the database is opened only after the last one: no answer waits
    for it, and if it cannot be opened, only the record is lost.

    Raises:
        BadSettings: As for `open_services`, or the database cannot be used.
        WeightsError: As for `open_services`.
    """
    async with contextlib.AsyncExitStack() as stack:
        ledger, observers = None, []
        if rates_of(settings).is_free:
            observers = [await stack.enter_async_context(_recorded_afterwards(settings))]
        else:
            ledger = await stack.enter_async_context(_open_ledger(settings))
        yield await stack.enter_async_context(
            open_services(
                settings,
                fetch=fetch,
                only=only,
                warm_up=warm_up,
                ledger=ledger,
                observers=observers,
                shared=True,
            )
        )


def _open_ledger(settings: Settings) -> "contextlib.AbstractAsyncContextManager[Ledger]":
    from bot.store.opening import open_ledger  # noqa: PLC0415  (loads SQLAlchemy)

    url = settings.skydeck_database_url.get_secret_value()
    return open_ledger(url, SystemClock(), limits_of(settings))


@contextlib.asynccontextmanager
async def _recorded_afterwards(settings: Settings) -> AsyncIterator[FreeCalls]:
    """Yield an observer of calls that cost nothing; at the end they go into the ledger."""
    calls = FreeCalls(rates_of(settings), SystemClock())
    try:
        yield calls
    finally:
        if calls:
            try:
                # Loading the database's library holds this thread, and is no wait for the database.
                opening = _open_ledger(settings)
                with _told_of_wait():
                    async with opening as ledger:
                        await calls.record(ledger)
            except (BadSettings, StoreFailed) as e:
                log.warning("`skydeck costs` will not list these calls: %s", e)


@contextlib.contextmanager
def _told_of_wait() -> Iterator[None]:
    """Say why the command has not ended yet, if the database is slow or locked."""
    words = (
        "The answer is complete. It is still being noted down for `skydeck costs`: the disk is "
        "slow, or another skydeck is writing there. Ctrl-C leaves it out."
    )
    notice = asyncio.get_running_loop().call_later(_QUIET_S, log.warning, words)
    try:
        yield
    finally:
        notice.cancel()


async def _shared(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    fetch: "Fetch",
    only: Collection[Service],
    warm_up: WarmUp,
) -> "httpx.AsyncBaseTransport | None":
    """Hold the service that commands share until the stack ends; None: there can be none."""
    _require_local()
    from bot.local_service.client import shared_service  # noqa: PLC0415  (RunPod needs none)
    from bot.local_service.place import CannotShare  # noqa: PLC0415
    from bot.local_service.transport import ReopeningTransport  # noqa: PLC0415

    async def prepare() -> None:
        from bot.embedded_workers import fetch_models  # noqa: PLC0415  (a running one has them)

        await fetch_models(settings, fetch, only)

    transport = ReopeningTransport(lambda: shared_service(settings, prepare, SystemClock()))
    stack.push_async_callback(transport.aclose)
    try:
        held = await transport.open()
        if warm_up is WarmUp.FIRST:
            await held.warm_up(only)
    except CannotShare as e:
        log.warning("This command loads the models itself: %s.", e)
        return None
    return transport


@contextlib.asynccontextmanager
async def _embedded(
    settings: Settings,
    key: SecretStr,
    fetch: "Fetch",
    only: Collection[Service],
    warm_up: WarmUp,
    sink: SpanSink | None,
) -> AsyncIterator[str]:
    """Run the services in this process, behind RunPod's routes on loopback; yields the base URL."""
    _require_local()
    from bot.embedded_workers import open_workers, traced  # noqa: PLC0415  (RunPod needs none)
    from bot.workers.build import CONCURRENCY  # noqa: PLC0415
    from bot.workers.server.lifecycle import embedded_server  # noqa: PLC0415  (an extra)

    async with contextlib.AsyncExitStack() as stack:
        workers = await stack.enter_async_context(open_workers(settings, fetch, only))
        if warm_up is WarmUp.FIRST:
            for handler in workers.handlers.values():
                await handler.warm_up()
        yield await stack.enter_async_context(
            embedded_server(
                traced(workers.handlers, sink),
                key=key,
                queue_limit=settings.skydeck_queue_limit,
                concurrency=CONCURRENCY,
                clock=SystemClock(),
                warm_up=None if warm_up is WarmUp.BACKGROUND else (),
            )
        )


async def serve_until_stopped(
    settings: Settings,
    *,
    port: int,
    key: SecretStr,
    fetch: "Fetch",
    on_ready: Callable[[str], object],
) -> None:
    """Serve the three services to other programs, on loopback, until Ctrl-C.

    Raises:
        BadSettings: The port is taken.
        WeightsError: The models are missing and cannot be fetched.
    """
    _require_local()
    from bot.embedded_workers import open_workers, traced  # noqa: PLC0415
    from bot.workers.server.lifecycle import serve  # noqa: PLC0415  (an extra)

    async with (
        exporting_aside(settings.otlp_endpoint, service="skydeck-services") as sink,
        open_workers(settings, fetch, ALL_SERVICES) as workers,
    ):
        await serve(
            traced(workers.handlers, sink),
            key=key,
            port=port,
            queue_limit=settings.skydeck_queue_limit,
            names=settings.serve_names,
            clock=SystemClock(),
            on_ready=on_ready,
        )


def _require_local() -> None:
    missing = [name for name in ("uvicorn", "starlette") if find_spec(name) is None]
    if missing:
        raise WeightsError(
            f"The local services need {' and '.join(missing)}.",
            hint=f"{extra_command('local')}, or set RUNPOD_API_KEY.",
        )


def available(settings: Settings) -> frozenset[Service]:
    """List the services that can be called: all on this machine, else those with an endpoint."""
    if settings.embedded:
        return frozenset(Service)
    return frozenset(s for s in Service if settings.services[s].endpoint_id)


def rates_of(settings: Settings) -> Rates:
    """Read what calls cost."""
    return Rates(
        usd_per_s=settings.skydeck_gpu_usd_per_s,
        idle_tail_s=settings.skydeck_gpu_idle_tail_s,
        is_local=settings.embedded,
        is_free=settings.embedded and not settings.has_paid_models,
    )


def _endpoint(settings: Settings, service: Service) -> Endpoint:
    name, chosen = service.value, settings.services[service]
    endpoint_id = name.lower() if settings.embedded else chosen.endpoint_id
    if not endpoint_id:
        raise BadSettings(
            f"{name}_ENDPOINT_ID is not set, so {name.capitalize()} cannot be called.",
            hint=f"Put the endpoint's id from RunPod's console into {settings_file()}.",
        )
    return Endpoint(service, endpoint_id, mode=chosen.mode, deadline_s=chosen.deadline_s)
