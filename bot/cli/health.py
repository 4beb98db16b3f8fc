"""`skydeck health`: the state of each service and each running bot, once or repeatedly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from pydantic import HttpUrl, SecretStr
from rich.console import Group
from rich.live import Live
from rich.text import Text

from bot import terminal
from bot.budgets import limits_of
from bot.cli.health_report import HealthReport, as_json_lines, as_lines, as_page
from bot.clock import SystemClock
from bot.contract import Service
from bot.errors import BadSettings, ServiceFailed, StoreFailed
from bot.local_service.place import CannotShare, Place
from bot.local_service.record import Record
from bot.observability.heartbeat import Heartbeat, read_heartbeats
from bot.service_calls.availability import Availability
from bot.settings import Settings, load_settings
from bot.store.opening import open_database
from bot.store.repositories.heartbeats import Heartbeats
from bot.store.repositories.ledger import Ledger

if TYPE_CHECKING:  # slow to import
    from bot.service_calls.client import ServiceClient

_UNHEALTHY = 4
_EVERY_S: Final = 2.0


def health(
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Repeat until Ctrl-C.")] = False,
    every: Annotated[
        float, typer.Option(help="Seconds between updates.", min=0.5, max=86_400)
    ] = _EVERY_S,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show how many workers and jobs each service has, and how each running bot is connected.

    A bot reports through the database (SKYDECK_DATABASE_URL). Without RUNPOD_API_KEY the services
    are part of the bot, which reports them too; if no bot is running, the services that ask, call
    and talk share are shown. A terminal gets tables; a pipe gets one line for each service and bot.

    Exits with 0 when every service and the database answer (no bot has to be running), with 4 when
    one does not or has no endpoint, and with 2 when there is nothing to ask: no RUNPOD_API_KEY, no
    bot, and no service on this machine.

    Example: skydeck health --watch
    """
    settings = load_settings()
    if watch:
        with suppress(KeyboardInterrupt):
            asyncio.run(_watch(settings, every, as_json=as_json))
    elif asyncio.run(_once(settings, as_json=as_json)):
        raise typer.Exit(_UNHEALTHY)


async def ask_availability(settings: Settings, service: Service) -> Availability:
    """Ask for the state of one service.

    Raises:
        BadSettings: The service has no endpoint.
    """
    from bot.composition import open_services  # noqa: PLC0415  (slow to import)

    async with open_services(settings, fetch=lambda *_: None, only={service}) as services:
        return await services.client.availability(service)


async def _once(settings: Settings, *, as_json: bool) -> bool:
    """Show the state of everything; return whether something is wrong."""
    async with _open_probe(settings) as probe:
        report = await probe()
    console = terminal.console(highlight=False)
    if console.is_terminal and not as_json:
        console.print(as_page(report))
    else:
        for line in as_json_lines(report) if as_json else as_lines(report):
            _write(line)
    return not report.is_well


async def _watch(settings: Settings, every_s: float, *, as_json: bool) -> None:
    clock, console = SystemClock(), terminal.console()
    async with _open_probe(settings) as probe:
        if as_json or not console.is_terminal:
            while True:
                for line in as_json_lines(await probe()):
                    _write({"at": round(clock.wall(), 3), **line})
                await clock.sleep(every_s)
        with Live(console=console, auto_refresh=False) as live:
            while True:
                page = Group(as_page(await probe()), Text("Ctrl-C ends", style="dim"))
                live.update(page, refresh=True)
                await clock.sleep(every_s)


@asynccontextmanager
async def _open_probe(settings: Settings) -> AsyncIterator[Callable[[], Awaitable[HealthReport]]]:
    """Yield a function that queries everything once.

    Raises:
        BadSettings: The services are on this machine, and none runs.
        ServiceFailed: Those that commands share do not answer.
    """
    url = settings.skydeck_database_url.get_secret_value()
    async with AsyncExitStack() as stack:
        heartbeats, ledger, trouble = None, None, ""
        try:
            database = await stack.enter_async_context(open_database(url, SystemClock()))
            heartbeats = Heartbeats(database, SystemClock())
            # It knows the latest calls of all processes.
            ledger = Ledger(database, SystemClock(), limits_of(settings))
        except BadSettings as e:
            if settings.embedded:
                raise
            trouble = str(e)  # services that run elsewhere can be asked without the database
        if settings.embedded and heartbeats is not None:
            if await read_heartbeats(heartbeats):
                yield partial(_probe, None, frozenset(), heartbeats, trouble)
                return
            settings = await _of_commands(settings, stack)
        from bot.composition import available, open_services  # noqa: PLC0415  (slow to import)

        only = available(settings)
        services = open_services(settings, fetch=_nothing, only=only, ledger=ledger)
        client = (await stack.enter_async_context(services)).client
        yield partial(_probe, client, only, heartbeats, trouble)


async def _of_commands(settings: Settings, stack: AsyncExitStack) -> Settings:
    """Hold the services that `skydeck ask`, `call` and `talk` share; returns how to call them.

    Raises:
        BadSettings: There are none.
        ServiceFailed: They do not answer.
    """
    record = Place().read()
    if record is None or not await _is_held(record, stack):
        raise BadSettings(
            "No bot and no service is running on this machine, and no RUNPOD_API_KEY is set.",
            hint="`skydeck ask`, `call`, `talk` and `try` start the services when they need them; "
            "for Discord, start `skydeck bot`.",
        )
    where = {"runpod_api_key": SecretStr(record.key), "runpod_base_url": HttpUrl(record.url)}
    endpoints = {f"{service}_endpoint_id".lower(): service.lower() for service in Service}
    return settings.model_copy(update=endpoints | where)


async def _is_held(record: Record, stack: AsyncExitStack) -> bool:
    """Hold the service of this record; returns whether it is still there.

    Raises:
        ServiceFailed: It does not answer.
    """
    from bot.local_service.client import running_service  # noqa: PLC0415  (slow to import)

    try:
        return await stack.enter_async_context(running_service(record)) is not None
    except CannotShare as e:
        raise ServiceFailed(f"{str(e)[:1].upper()}{str(e)[1:]}.") from None


async def _probe(
    client: "ServiceClient | None",
    only: Collection[Service],
    heartbeats: Heartbeats | None,
    trouble: str,
) -> HealthReport:
    """Query the services that run elsewhere once, and read what the bots report."""
    bots: list[Heartbeat] = []
    try:
        bots = [] if heartbeats is None else await read_heartbeats(heartbeats)
    except StoreFailed as e:
        trouble = str(e)
    reported = sorted((one for bot in bots for one in bot.services), key=lambda one: one.service)
    if client is None:
        return HealthReport(tuple(reported), frozenset(), tuple(bots), trouble)
    asked = await asyncio.gather(*map(client.availability, sorted(only)))
    return HealthReport(tuple(asked), frozenset(Service) - set(only), tuple(bots), trouble)


def _nothing(*_: object) -> None:
    """Fetch no models: the services run elsewhere."""


def _write(what: dict[str, Any] | str) -> None:
    if isinstance(what, str):
        terminal.out(f"{what}\n")
    else:
        terminal.out_json(what)
