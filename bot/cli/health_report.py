"""Formats what `skydeck health` found as lines, as a page, and as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bot.contract import Service
from bot.errors import StoreFailed
from bot.figures import duration
from bot.observability.heartbeat import ChannelReception, Heartbeat
from bot.service_calls.availability import Availability

WARMTH_TEXT: Final = {
    "warm": "a worker is up",
    "cold": "no worker: the next job starts one",
    "starting": "a worker is starting",
    "starved": "no GPU is free for a worker",
    "unsure": "there are workers, perhaps asleep",
    "unknown": "not known",
}
"""Warmth in words."""


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
    """The report for a screen that is redrawn."""
    page = Table.grid(padding=(0, 2))
    for name, (first, *more) in _rows(report):
        page.add_row(name, first)
        for words in more:
            page.add_row("", Text(words, style="dim"))
    return Group(page, Text("\nCtrl-C ends", style="dim"))


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
