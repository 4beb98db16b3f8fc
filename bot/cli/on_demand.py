"""The process behind `skydeck ask`, `call` and `talk`: it serves them, and ends when unused."""

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

import psutil
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.embedded_workers import model_fetcher, traced
from bot.errors import BadInput
from bot.local_service.gate import Gate
from bot.local_service.place import Place
from bot.local_service.record import MAX_BYTES, Record, read_order
from bot.local_service.start import READY, detach
from bot.local_service.usage import Usage
from bot.otlp import exporting_aside
from bot.settings import Settings
from bot.workers.build import CONCURRENCY, build_workers
from bot.workers.protocols import Handler
from bot.workers.runtime import to_service_error
from bot.workers.server.lifecycle import embedded_server, interruption

_LOOKS_S: Final = 30.0
_MAX_LOG_BYTES: Final = 1_000_000


def run_on_demand() -> None:
    """Do what standard input orders; says on standard output that it is ready.

    Raises:
        BadInput: Nobody who knows how has started it.
    """
    try:
        settings, kind = read_order(sys.stdin.buffer.read(MAX_BYTES))
    except ValueError:
        raise BadInput("--on-demand is for skydeck itself.", hint="Use: skydeck serve") from None
    answer = os.fdopen(os.dup(1), "wb")
    _write_to_log()
    detach()

    def ready() -> None:
        with answer, contextlib.suppress(OSError):  # who asked may be gone
            answer.write(READY)

    asyncio.run(_serve(settings, kind, ready))


def _write_to_log() -> None:
    """Let libraries write where standard error goes: whoever started us listens no longer."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)


async def _serve(settings: Settings, kind: str, ready: Callable[[], None]) -> None:
    usage, key, place = Usage(settings.skydeck_keep_loaded_s), secrets.token_urlsafe(), Place()
    async with contextlib.AsyncExitStack() as stack:
        tracing = exporting_aside(settings.otlp_endpoint, service="skydeck-services")
        sink = await stack.enter_async_context(tracing)
        workers = build_workers(settings, model_fetcher(settings))
        stack.push_async_callback(workers.close)
        url = await stack.enter_async_context(
            embedded_server(
                traced(workers.handlers, sink),
                key=SecretStr(key),
                queue_limit=settings.skydeck_queue_limit,
                concurrency=CONCURRENCY,
                clock=SystemClock(),
                warm_up=(),
                front=lambda app: Gate(
                    app, usage=usage, key=key, warm_up=_loader(workers.handlers)
                ),
            )
        )
        stack.enter_context(interruption(usage.stop))
        stack.enter_context(_written_down(place, url, key, kind, settings.skydeck_keep_loaded_s))
        ready()
        await _until_over(usage, place)


@contextlib.contextmanager
def _written_down(place: Place, url: str, key: str, kind: str, idle_s: float) -> Iterator[None]:
    process = psutil.Process()
    record = Record(process.pid, process.create_time(), url, key, kind, idle_s)
    place.open()
    place.write(record)
    try:
        yield
    finally:
        place.forget(record)


async def _until_over(usage: Usage, place: Place) -> None:
    """Wait for the end, and keep the log small meanwhile."""
    async with asyncio.TaskGroup() as tasks:
        chore = tasks.create_task(_keep_log_small(place))
        await usage.until_over()
        chore.cancel()


async def _keep_log_small(place: Place) -> None:
    clock = SystemClock()
    while True:
        await clock.sleep(_LOOKS_S)
        with contextlib.suppress(OSError):
            if place.log.stat().st_size > _MAX_LOG_BYTES:
                os.truncate(place.log, 0)


def _loader(handlers: Mapping[str, Handler]) -> Callable[[list[str]], Awaitable[str]]:
    one_at_a_time = asyncio.Lock()

    async def load(names: list[str]) -> str:
        async with one_at_a_time:
            try:
                for name in names:
                    await handlers[name.lower()].warm_up()
            except Exception as e:  # noqa: BLE001  (the caller is told)
                return to_service_error(e).message
        return ""

    return load
