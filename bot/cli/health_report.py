"""Formats what `skydeck health` found as lines, as a page, and as JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bot.contract import Service
from bot.errors import StoreFailed
from bot.figures import duration
from bot.observability.heartbeat import ChannelReception, Heartbeat
from bot.service_calls.availability import Availability, Warmth

WARMTH_TEXT: Final = {
    "warm": "a worker is up",
    "busy": "all workers are busy: the next job waits for one",
    "cold": "no worker: the next job starts one",
    "starting": "a worker is starting",
    "starved": "no GPU is free for a worker",
    "unsure": "there are workers, perhaps asleep",
    "unknown": "not known",
}
"""Warmth in words."""
_SIGNS: Final = {
    Warmth.WARM: ("●", "green"),
    Warmth.BUSY: ("◔", "yellow"),
    Warmth.STARTING: ("◔", "yellow"),
    Warmth.STARVED: ("▲", "yellow"),
}


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What one query found.

    Attributes:
        services: The state of each service.
        absent: The services that have no endpoint.
        bots: The bot's running processes.
        trouble: Why nothing is known about them; empty if they are known.
    """

    services: tuple[Availability, ...]
    absent: frozenset[Service]
    bots: tuple[Heartbeat, ...]
    trouble: str = ""

    @property
    def is_well(self) -> bool:
        """Whether every service and the database answer. A bot does not have to be running."""
        answered = all(one.health is not None for one in self.services)
        return answered and not self.absent and not self.trouble


def as_lines(report: HealthReport) -> Iterator[str]:
    """One line for each service and bot."""
    for name, words in _rows(report):
        yield f"{name}: {'; '.join(words)}"


def as_json_lines(report: HealthReport) -> Iterator[dict[str, Any]]:
    """One JSON object for each: a service has `service`; a bot has `bot`, its number from 1."""
    yield from map(_service_as_json, report.services)
    for service, words in _absent(report):
        yield {"service": service, "error": "bad_settings", "message": words}
    if report.trouble:
        yield {"bot": None, "error": StoreFailed.code, "message": report.trouble}
    for number, bot in enumerate(report.bots, 1):
        yield {
            "bot": number,
            "gateway_ms": dict(bot.gateway_ms),
            "voice": [
                {
                    "guild_id": channel.guild_id,
                    "latency_ms": channel.latency_ms,
                    "people": channel.people,
                    "received": channel.heard.received,
                    "lost": channel.heard.lost,
                    "late": channel.heard.late,
                    "undecryptable": channel.heard.undecryptable,
                    "concealed": channel.heard.concealed,
                }
                for channel in bot.rooms
            ],
        }


def as_page(report: HealthReport) -> Group:
    """The report as tables, for a screen."""
    parts: list[Table | Text] = [_services_table(report)]
    if report.bots:
        parts += [Text(), _bots_table(report)]
    rooms = [(number, room) for number, bot in enumerate(report.bots, 1) for room in bot.rooms]
    if rooms:
        parts += [Text(), _rooms_table(rooms)]
    parts += [Text(), *(Text(f"▲ {line}", style="yellow") for line in _notes(report))]
    verdict = Text("✓ All well.", style="green")
    if not report.is_well:
        verdict = Text("✗ Not all well. skydeck doctor says what to do.", style="bold red")
    return Group(*parts, verdict)


def _table(first: str, *others: str) -> Table:
    """A table whose other columns are figures."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _services_table(report: HealthReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("service", no_wrap=True)
    table.add_column("state")
    for name in ("working", "idle", "waiting", "running"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("last answer")
    for one in report.services:
        name = one.service.value.lower()
        if one.health is None:
            table.add_row(name, Text(f"✗ {one.trouble}", style="red"))
            continue
        workers, jobs = one.health.workers, one.health.jobs
        sign, style = _SIGNS.get(one.warmth, ("○", "dim"))
        state = Text.assemble((f"{sign} ", style), WARMTH_TEXT[one.warmth])
        figures = (workers.running, workers.idle, jobs.inQueue, jobs.inProgress)
        age = "" if one.latest is None or one.age_s is None else f"{duration(one.age_s)} ago"
        table.add_row(name, state, *map(str, figures), age)
    for name, words in _absent(report):
        table.add_row(name, Text(f"✗ {words}", style="red"))
    return table


def _bots_table(report: HealthReport) -> Table:
    table = _table("bot", "shards", "to Discord", "voice channels")
    for number, bot in enumerate(report.bots, 1):
        up = [ms for ms in bot.gateway_ms.values() if ms is not None]
        trip = f"{max(up):.0f} ms" if up else "not measured"
        table.add_row(str(number), str(len(bot.gateway_ms)), trip, str(len(bot.rooms)))
    return table


def _rooms_table(rooms: Iterable[tuple[int, ChannelReception]]) -> Table:
    table = _table("voice in server", "bot", "round trip", "heard", "packets", "missing")
    for number, room in rooms:
        trip = "not measured" if room.latency_ms is None else f"{room.latency_ms:.0f} ms"
        heard = room.heard
        table.add_row(
            str(room.guild_id),
            str(number),
            trip,
            str(room.people),
            str(heard.received),
            f"{heard.loss:.1%}" if heard.received else "",
        )
    return table


def _notes(report: HealthReport) -> Iterator[str]:
    """What a figure alone would not say."""
    for one in report.services:
        if one.health is None:
            continue
        workers = one.health.workers
        for count, words in (
            (workers.throttled, "without a GPU"),
            (workers.unhealthy, "unhealthy"),
            (workers.initializing, "starting"),
        ):
            if count:
                noun = "worker" if count == 1 else "workers"
                yield f"{one.service.value.lower()}: {count} {noun} {words}"
    if report.trouble:
        yield report.trouble
    elif not report.bots:
        yield "no bot is running on this database"


def _rows(report: HealthReport) -> Iterator[tuple[str, list[str]]]:
    """Each service and bot by name, with its lines."""
    for availability in report.services:
        yield availability.service.value.lower(), list(_service(availability))
    for service, words in _absent(report):
        yield service, [words]
    for bot in report.bots:
        yield "bot", [_gateway(bot), *map(_channel, bot.rooms)]
    if not report.bots:
        yield "bot", [report.trouble or "none is running on this database"]


def _service(availability: Availability) -> Iterator[str]:
    """A service's state; it says that a worker is up only if that is known."""
    if availability.health is None:
        yield availability.trouble
        return
    workers, jobs = availability.health.workers, availability.health.jobs
    yield WARMTH_TEXT[availability.warmth]
    if last := _last(availability):
        yield f"last answer {last}"
    yield (
        f"workers: {workers.running} working, {workers.idle} idle, "
        f"{workers.initializing} starting, {workers.throttled} throttled, "
        f"{workers.unhealthy} unhealthy"
    )
    yield (
        f"jobs: {jobs.inQueue} waiting, {jobs.inProgress} in progress, "
        f"{jobs.completed} completed, {jobs.failed} failed"
    )


def _last(availability: Availability) -> str:
    """How long ago the last call was answered, and how long it waited and ran for."""
    latest, age_s = availability.latest, availability.age_s
    if latest is None or age_s is None:
        return ""
    times = {"waited": latest.delay_ms, "took": latest.execution_ms}
    told = [f"{name} {ms / 1000:.1f} s" for name, ms in times.items() if ms is not None]
    return ", ".join([f"{duration(age_s)} ago", *told])


def _absent(report: HealthReport) -> Iterator[tuple[str, str]]:
    for service in sorted(report.absent):
        yield service.value.lower(), f"{service.value}_ENDPOINT_ID is not set."


def _gateway(bot: Heartbeat) -> str:
    up = [ms for ms in bot.gateway_ms.values() if ms is not None]
    if not up:
        return "round trip to Discord not measured yet"
    ms = f"{min(up):.0f}" if len(up) == 1 else f"{min(up):.0f} to {max(up):.0f}"
    number = len(bot.gateway_ms)
    shards = "" if number == 1 else f", measured for {len(up)} of {number} shards"
    return f"{ms} ms to Discord{shards}"


def _channel(channel: ChannelReception) -> str:
    ms = "not measured yet" if channel.latency_ms is None else f"{channel.latency_ms:.0f} ms"
    people = "nobody" if not channel.people else f"{channel.people} heard"
    return (
        f"voice in server {channel.guild_id}: {ms}, {people}, "
        f"{channel.heard.received} packets, {channel.heard.loss:.1%} missing"
    )


def _service_as_json(availability: Availability) -> dict[str, Any]:
    name = availability.service.value.lower()
    if availability.health is None:
        return {"service": name, "error": availability.code, "message": availability.trouble}
    latest = availability.latest
    last = (
        None
        if latest is None or availability.age_s is None
        else {
            "age_s": round(availability.age_s, 1),
            "delay_ms": latest.delay_ms,
            "execution_ms": latest.execution_ms,
        }
    )
    return {
        "service": name,
        "warmth": availability.warmth.value,
        "last": last,
        **availability.health.to_wire(),
    }
