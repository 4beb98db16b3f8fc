"""How a process of the bot is, told through the database to whoever asks from outside of it."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Never, Protocol

from pydantic import TypeAdapter, ValidationError

from audio.discord_voice.stats import ReceptionStats, combined
from bot.clock import Clock
from bot.contract import Service
from bot.errors import StoreFailed
from bot.service_calls.availability import Availability
from bot.service_calls.client import ServiceClient
from bot.store.repositories.heartbeats import EVERY_S, Heartbeats
from bot.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How a voice channel is heard.

    Attributes:
        guild_id: Whose.
        latency_ms: To the voice gateway and back; None: not measured yet.
        people: How many are heard.
        heard: Their packets, summed.
    """

    guild_id: int
    latency_ms: float | None
    people: int
    heard: ReceptionStats


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """How one process of the bot is.

    Attributes:
        gateway_ms: To Discord's gateway and back, by shard; None: not connected.
        rooms: The voice channels it is in.
        services: How the services within this process stand; empty: they run elsewhere, and can be
            asked there.
    """

    gateway_ms: Mapping[int, float | None]
    rooms: Sequence[Room] = ()
    services: Sequence[Availability] = ()


class Living(Protocol):
    """What is asked of the Discord client."""

    services: ServiceClient
    store: Store

    @property
    def latencies(self) -> list[tuple[int, float]]:
        """Seconds to Discord and back, by shard."""
        ...

    @property
    def voice_clients(self) -> Sequence[Any]:
        """Its lines into voice channels."""
        ...


PULSE: Final = TypeAdapter(Pulse)
"""As JSON and back."""


async def keep_telling(bot: Living, clock: Clock, *, with_services: bool) -> Never:
    """Tell again and again, until this is cancelled; then take back what was told.

    Args:
        bot: Who.
        clock: Time.
        with_services: Whether the services run within this process.
    """
    try:
        while True:
            try:
                pulse = await _take(bot, Service if with_services else ())
                await bot.store.heartbeats.tell(PULSE.dump_python(pulse, mode="json"))
            except StoreFailed as e:
                log.warning("nobody outside can be told how this process is: %s", e)
            except Exception:
                log.exception("how this process is could not be told")  # and the bot goes on
            await clock.sleep(EVERY_S)
    finally:
        with contextlib.suppress(StoreFailed):
            await bot.store.heartbeats.leave()


async def living(pulses: Heartbeats) -> list[Pulse]:
    """Every process that is there; one of another version that cannot be read is left out.

    Raises:
        StoreFailed: The database cannot be read.
    """
    found = []
    for told in await pulses.living():
        with contextlib.suppress(ValidationError):
            found.append(PULSE.validate_python(told))
    return found


async def _take(bot: Living, services: Iterable[Service]) -> Pulse:
    standings = await asyncio.gather(*map(bot.services.availability, services))
    return Pulse(
        gateway_ms={
            shard: round(seconds * 1000, 1) if math.isfinite(seconds) else None
            for shard, seconds in bot.latencies
        },
        rooms=[_room(link) for link in bot.voice_clients if hasattr(link, "health")],
        services=standings,
    )


def _room(link: Any) -> Room:
    health = link.health()
    return Room(
        guild_id=link.guild.id,
        latency_ms=health.latency_ms,
        people=len(health.people),
        heard=combined(health.people.values()),
    )
