"""Assembles the bot's observability: what is measured, and where it is served."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Never, Protocol

from bot.clock import Clock
from bot.errors import StoreFailed
from bot.money import MICRO, NOBODY, Period
from bot.observability.call_log import CallLog
from bot.observability.calls import CallMetrics, CallSpans
from bot.observability.metrics import Metrics
from bot.observability.reception import LinkHealth, Reception
from bot.observability.status_page import StatusClient, StatusPage
from bot.observability.turns import TurnRecorder
from bot.observability.web import serve_metrics
from bot.otlp import exporting_aside
from bot.service_calls.call import CallObserver
from bot.settings import Settings
from bot.spans import SpanSink
from bot.store.records import View
from bot.store.store import Store

DATABASE_TIMEOUT_S: Final = 2.0
"""After this the database counts as unavailable."""
LAG_EVERY_S: Final = 0.1
SPENDING_EVERY_S: Final = 30.0


class ObservedClient(StatusClient, Protocol):
    """The parts of the Discord client that are observed."""

    def is_ready(self) -> bool:
        """Whether it has connected."""

    def is_closed(self) -> bool:
        """Whether it has been closed."""

    @property
    def shards(self) -> Mapping[int, Any]:
        """Its connections to Discord."""

    @property
    def voice_clients(self) -> Sequence[Any]:
        """Its voice connections."""


@dataclass(frozen=True, slots=True)
class Observability:
    """The bot's metrics and traces.

    Attributes:
        address: Where to serve the metrics; empty: nowhere.
        on_turn: Records every spoken turn.
        sink: Takes spans; None: there are no traces.
    """

    address: str
    metrics: Metrics
    observers: tuple[CallObserver, ...]
    on_turn: TurnRecorder
    sink: SpanSink | None
    clock: Clock

    @contextlib.asynccontextmanager
    async def serving(self, bot: ObservedClient) -> AsyncIterator[str]:
        """Serve the metrics while the block runs; yields the base URL, empty without an address.

        Raises:
            BadSettings: The address cannot be used.
        """
        if not self.address:
            yield ""
            return
        self.metrics.registry.register(Reception(lambda: _links(bot)))
        async with (
            serve_metrics(
                self.address,
                self.metrics,
                lambda: why_not_ready(bot),
                StatusPage(bot, self.clock).answer,
            ) as url,
            asyncio.TaskGroup() as group,
        ):
            samplings = [
                group.create_task(sample_lag(self.metrics, self.clock)),
                group.create_task(sample_spending(self.metrics, bot.store, self.clock)),
            ]
            try:
                yield url
            finally:
                for sampling in samplings:
                    sampling.cancel()


@contextlib.asynccontextmanager
async def open_observability(settings: Settings, clock: Clock) -> AsyncIterator[Observability]:
    """Set up what the settings ask for; remaining spans are sent at the end.

    Raises:
        BadSettings: Traces are configured, but OpenTelemetry is not installed.
    """
    metrics = Metrics()
    async with exporting_aside(settings.otlp_endpoint, service="skydeck") as sink:
        yield Observability(
            address=settings.skydeck_metrics_address,
            metrics=metrics,
            observers=(CallMetrics(metrics, clock), CallSpans(sink, clock), CallLog(clock)),
            on_turn=TurnRecorder(metrics, sink, clock),
            sink=sink,
            clock=clock,
        )


async def why_not_ready(bot: ObservedClient) -> str:
    """Why the bot is not ready; empty: it is."""
    if bot.is_closed() or not bot.is_ready():
        return "The bot is not connected to Discord's gateway."
    closed = sorted(number for number, shard in bot.shards.items() if shard.is_closed())
    if closed:
        return f"Shards {closed} are not connected."
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            await bot.store.key_value.get("ready")
    except (StoreFailed, TimeoutError):
        return "The database does not answer."
    return ""


def _links(bot: ObservedClient) -> Iterator[tuple[int, LinkHealth]]:
    for link in bot.voice_clients:
        if hasattr(link, "health"):
            yield id(link), link.health()


async def sample_lag(metrics: Metrics, clock: Clock, *, every_s: float = LAG_EVERY_S) -> Never:
    """Record the event loop's lag: how long its tasks wait while something computes."""
    while True:
        due = clock.now() + every_s
        await clock.sleep(every_s)
        metrics.lag_s.observe(max(0.0, clock.now() - due))


async def sample_spending(
    metrics: Metrics, store: Store, clock: Clock, *, every_s: float = SPENDING_EVERY_S
) -> Never:
    """Record what was spent today, as the ledger has it, and the budget for it."""
    while True:
        now_ms = int(clock.wall() * 1000)
        today = View(since_ms=Period.DAY.start(now_ms), until_ms=now_ms + 1)
        with contextlib.suppress(StoreFailed):  # /readyz says so
            days = await store.spending.by_day(today)
            metrics.spent_today.set(sum(day.micro_usd for day in days) / MICRO)
            limits = {one.bucket.period: one.limit for one in await store.ledger.balances(NOBODY)}
            metrics.budget_today.set((limits.get(Period.DAY) or 0) / MICRO)
        await clock.sleep(every_s)
