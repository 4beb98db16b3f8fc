"""`skydeck health`: workers, jobs and warmth of each service, once or again and again."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from bot.calls import Switchboard
    from bot.calls.standing import Standing
    from bot.contract import Service
    from bot.settings import Settings

_UNHEALTHY = 4
_EVERY_S: Final = 2.0


def health(
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between looks.", min=0.5)] = _EVERY_S,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Ask each service how many workers and jobs it has, and whether the next call is served soon.

    Without RUNPOD_API_KEY there is nothing running to ask; `skydeck serve` starts it.

    Example: skydeck health --watch
    """
    import asyncio  # noqa: PLC0415

    from bot.errors import BadSettings  # noqa: PLC0415
    from bot.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    if settings.embedded:
        raise BadSettings(
            "No RUNPOD_API_KEY is set, so no service runs between commands.",
            hint="Start `skydeck serve`, then set RUNPOD_BASE_URL and RUNPOD_API_KEY to it.",
        )
    if watch:
        with suppress(KeyboardInterrupt):
            asyncio.run(_watch(settings, every, as_json=as_json))
    elif asyncio.run(_once(settings, as_json=as_json)):
        raise typer.Exit(_UNHEALTHY)


async def look(settings: "Settings", service: "Service") -> "Standing":
    """How one service stands.

    Raises:
        BadSettings: It has no endpoint.
    """
    from bot.app import open_services  # noqa: PLC0415

    async with open_services(settings, fetch=lambda *_: None, only={service}) as services:
        return await services.client.standing(service)


def describe(standing: "Standing") -> str:
    """One line; "warm" is said of a service only where that is known."""
    if standing.health is None:
        return standing.trouble
    workers, jobs = standing.health.workers, standing.health.jobs
    last = _last(standing)
    return (
        f"{EXPECT[standing.warmth]}; "
        f"{f'last answer {last}; ' if last else ''}"
        f"workers: {workers.running} working, {workers.idle} idle, "
        f"{workers.initializing} starting, {workers.throttled} throttled, "
        f"{workers.unhealthy} unhealthy; "
        f"jobs: {jobs.inQueue} waiting, {jobs.inProgress} in progress, "
        f"{jobs.completed} completed, {jobs.failed} failed"
    )


def _last(standing: "Standing") -> str:
    """How long ago the last call was answered, and what it had waited and taken."""
    from bot.i18n import duration  # noqa: PLC0415

    latest, age_s = standing.latest, standing.age_s
    if latest is None or age_s is None:
        return ""
    times = {"waited": latest.delay_ms, "took": latest.execution_ms}
    told = [f"{name} {ms / 1000:.1f} s" for name, ms in times.items() if ms is not None]
    return ", ".join([f"{duration(age_s)} ago", *told])


EXPECT: Final = {
    "warm": "a worker is up",
    "cold": "no worker: the next job starts one",
    "starting": "a worker is starting",
    "starved": "no GPU is free for a worker",
    "unsure": "workers are there, perhaps asleep",
    "unknown": "not known",
}
"""Warmth in words."""


async def _once(settings: "Settings", *, as_json: bool) -> bool:
    """Show how every service stands; whether one could not be asked."""
    async with _open(settings) as (board, services):
        standings = await _look_at(board, services)
    for standing in standings:
        name = standing.service.value.lower()
        _write(_as_json(standing) if as_json else f"{name}: {describe(standing)}")
    missing = _missing(settings)
    for name, words in missing.items():
        wire = {"service": name, "error": "bad_settings", "message": words}
        _write(wire if as_json else f"{name}: {words}")
    return bool(missing) or any(standing.health is None for standing in standings)


async def _watch(settings: "Settings", every_s: float, *, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    from bot.clock import SystemClock  # noqa: PLC0415

    clock, console = SystemClock(), Console()
    async with _open(settings) as (board, services):
        if as_json or not console.is_terminal:
            while True:
                for standing in await _look_at(board, services):
                    _write({"at": round(clock.wall(), 3), **_as_json(standing)})
                await clock.sleep(every_s)
        with Live(console=console, auto_refresh=False) as live:
            while True:
                table = _table(await _look_at(board, services), _missing(settings))
                live.update(table, refresh=True)
                await clock.sleep(every_s)


@asynccontextmanager
async def _open(
    settings: "Settings",
) -> "AsyncIterator[tuple[Switchboard, Sequence[Service]]]":
    from bot.app import available, open_paid_services  # noqa: PLC0415

    only = available(settings)  # with the ledger: it knows the last calls of all processes
    async with open_paid_services(settings, fetch=lambda *_: None, only=only) as services:
        yield services.client, sorted(only)


async def _look_at(board: "Switchboard", services: "Sequence[Service]") -> "list[Standing]":
    import asyncio  # noqa: PLC0415

    return list(await asyncio.gather(*map(board.standing, services)))


def _missing(settings: "Settings") -> dict[str, str]:
    from bot.app import available  # noqa: PLC0415
    from bot.contract import Service  # noqa: PLC0415

    return {
        service.value.lower(): f"{service.value}_ENDPOINT_ID is not set."
        for service in sorted(set(Service) - available(settings))
    }


def _table(standings: "Sequence[Standing]", missing: dict[str, str]) -> "Table":
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, caption="Ctrl-C ends", caption_justify="left")
    table.add_column("service")
    table.add_column("next call")
    table.add_column("last answer")
    for name in ("working", "idle", "starting", "throttled", "waiting", "running", "failed"):
        table.add_column(name, justify="right")
    for one in standings:
        name = one.service.value.title()
        if one.health is None:
            table.add_row(name, Text(one.trouble, style="red"))
            continue
        workers, jobs = one.health.workers, one.health.jobs
        figures = (
            workers.running, workers.idle, workers.initializing, workers.throttled,
            jobs.inQueue, jobs.inProgress, jobs.failed,
        )  # fmt: skip
        table.add_row(name, EXPECT[one.warmth], _last(one) or "not known", *map(str, figures))
    for name, words in missing.items():
        table.add_row(name.title(), Text(words, style="dim"))
    return table


def _as_json(standing: "Standing") -> dict[str, Any]:
    name = standing.service.value.lower()
    if standing.health is None:
        return {"service": name, "error": standing.code, "message": standing.trouble}
    latest = standing.latest
    last = (
        None
        if latest is None or standing.age_s is None
        else {
            "age_s": round(standing.age_s, 1),
            "delay_ms": latest.delay_ms,
            "execution_ms": latest.execution_ms,
        }
    )
    figures = standing.health.to_wire()
    return {"service": name, "warmth": standing.warmth.value, "last": last, **figures}


def _write(what: "dict[str, Any] | str") -> None:
    import json  # noqa: PLC0415

    line = what if isinstance(what, str) else json.dumps(what, ensure_ascii=False)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
