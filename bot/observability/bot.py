"""The bot's measurements, put together: what is watched, and where it is shown."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from bot.clock import Clock
from bot.errors import StoreFailed
from bot.observability.calls import CallFigures, CallSpans
from bot.observability.lag import sample_lag
from bot.observability.metrics import Metrics
from bot.observability.reception import Heard, Reception
from bot.observability.turns import TurnRecorder
from bot.observability.web import measurements
from bot.otlp import exporting_aside
from bot.service_calls.call import CallObserver
from bot.settings import Settings
from bot.spans import SpanSink
from bot.store.store import Store

DATABASE_WITHIN_S: Final = 2.0
"""A database that has not answered by then does not serve."""


class Shown(Protocol):
    """What is asked of the Discord client."""

    store: Store

    def is_ready(self) -> bool:
        """Whether people can talk to it."""
        ...

    def is_closed(self) -> bool:
        """Whether it is over."""
        ...

    @property
    def shards(self) -> Mapping[int, Any]:
        """Its connections to Discord."""
        ...

    @property
    def voice_clients(self) -> Sequence[Any]:
        """Its lines into voice channels."""
        ...


@dataclass(frozen=True, slots=True)
class Observing:
    """What the bot is measured with.

    Attributes:
        address: Where it is shown; empty: nowhere.
        metrics: The figures.
        observers: See every call.
        on_turn: Takes every spoken turn.
        sink: Takes spans; None: none are made.
        clock: Time.
    """

    address: str
    metrics: Metrics
    observers: tuple[CallObserver, ...]
    on_turn: TurnRecorder
    sink: SpanSink | None
    clock: Clock

    @contextlib.asynccontextmanager
    async def shown(self, bot: Shown) -> AsyncIterator[str]:
        """Show the figures while the block runs; gives the base URL, empty without an address.

        Raises:
            BadSettings: The address cannot be used.
        """
        if not self.address:
            yield ""
            return
        self.metrics.registry.register(Reception(lambda: _links(bot)))
        async with (
            measurements(self.address, self.metrics, lambda: what_is_missing(bot)) as url,
            asyncio.TaskGroup() as group,
        ):
            sampling = group.create_task(sample_lag(self.metrics, self.clock))
            try:
                yield url
            finally:
                sampling.cancel()


@contextlib.asynccontextmanager
async def observing(settings: Settings, clock: Clock) -> AsyncIterator[Observing]:
    """What the settings ask for; spans that are left are sent at the end.

    Raises:
        BadSettings: Traces are asked for, and OpenTelemetry is not installed.
    """
    metrics = Metrics()
    async with exporting_aside(settings.otlp_endpoint, service="skydeck") as sink:
        yield Observing(
            address=settings.skydeck_metrics_address,
            metrics=metrics,
            observers=(CallFigures(metrics, clock), CallSpans(sink, clock)),
            on_turn=TurnRecorder(metrics, sink, clock),
            sink=sink,
            clock=clock,
        )


async def what_is_missing(bot: Shown) -> str:
    """Why the bot cannot serve now; empty: it can."""
    if bot.is_closed() or not bot.is_ready():
        return "Discord's gateway is not connected."
    closed = sorted(number for number, shard in bot.shards.items() if shard.is_closed())
    if closed:
        return f"Shards {closed} are not connected."
    try:
        async with asyncio.timeout(DATABASE_WITHIN_S):
            await bot.store.key_value.get("ready")
    except (StoreFailed, TimeoutError):
        return "The database does not answer."
    return ""


def _links(bot: Shown) -> Iterator[tuple[int, Heard]]:
    for link in bot.voice_clients:
        if hasattr(link, "health"):
            yield id(link), link.health()
