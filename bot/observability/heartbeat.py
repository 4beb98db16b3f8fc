"""Heartbeats: each bot process reports its state through the database, for other processes."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Never, Protocol

from pydantic import TypeAdapter, ValidationError

from audio.discord_voice.round_trip import measured_ms
from audio.discord_voice.stats import ReceptionStats, combined
from bot.clock import Clock
from bot.contract import Service
from bot.errors import StoreFailed
from bot.service_calls.availability import Availability
from bot.store.repositories.heartbeats import EVERY_S, Heartbeats

if TYPE_CHECKING:  # the HTTP client is slow to import, and who only reads heartbeats needs none
    from bot.service_calls.client import ServiceClient
    from bot.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReception:
    """The reception in one voice channel.

    Attributes:
        latency_ms: The round trip to the voice gateway; None: not measured yet.
        people: How many people are received.
        heard: The sum of their packets.
    """

    guild_id: int
    latency_ms: float | None
    people: int
    heard: ReceptionStats


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The state of one bot process.

    Attributes:
        gateway_ms: The round trip to Discord's gateway, by shard; None: not measured yet.
        rooms: The voice channels that it is in.
        services: The services that run in this process; empty: they run elsewhere, and can be asked
            there.
    """

    gateway_ms: Mapping[int, float | None]
    rooms: Sequence[ChannelReception] = ()
    services: Sequence[Availability] = ()


class ObservedClient(Protocol):
    """The parts of the Discord client that a heartbeat reads."""

    services: "ServiceClient"
    store: "Store"

    @property
    def latencies(self) -> list[tuple[int, float]]:
        """The round trip to Discord in seconds, by shard."""

    @property
    def voice_clients(self) -> Sequence[Any]:
        """Its voice connections."""


HEARTBEAT: Final = TypeAdapter(Heartbeat)
"""Converts heartbeats to and from JSON."""


async def send_heartbeats(bot: ObservedClient, clock: Clock, *, with_services: bool) -> Never:
    """Send heartbeats until cancelled, then delete the last one.

    Args:
        bot: The Discord client.
        clock: Waits between heartbeats.
        with_services: Whether the services run in this process.
    """
    try:
        while True:
            try:
                heartbeat = await _measure(bot, Service if with_services else ())
                await bot.store.heartbeats.publish(HEARTBEAT.dump_python(heartbeat, mode="json"))
            except StoreFailed as e:
                log.warning("the heartbeat cannot be written: %s", e)
            except Exception:
                log.exception("the heartbeat failed")  # the bot runs on without it
            await clock.sleep(EVERY_S)
    finally:
        with contextlib.suppress(StoreFailed):
            await bot.store.heartbeats.leave()


async def read_heartbeats(heartbeats: Heartbeats) -> list[Heartbeat]:
    """The state of every running process, except of other versions whose heartbeat is unreadable.

    Raises:
        StoreFailed: The database cannot be read.
    """
    found = []
    for told in await heartbeats.living():
        with contextlib.suppress(ValidationError):
            found.append(HEARTBEAT.validate_python(told))
    return found


async def _measure(bot: ObservedClient, services: Iterable[Service]) -> Heartbeat:
    services_now = await asyncio.gather(*map(bot.services.availability, services))
    return Heartbeat(
        gateway_ms={
            shard: None if (ms := measured_ms(seconds)) is None else round(ms, 1)
            for shard, seconds in bot.latencies
        },
        rooms=[_room(link) for link in bot.voice_clients if hasattr(link, "health")],
        services=services_now,
    )


def _room(link: Any) -> ChannelReception:
    health = link.health()
    return ChannelReception(
        guild_id=link.guild.id,
        latency_ms=health.latency_ms,
        people=len(health.people),
        heard=combined(health.people.values()),
    )
