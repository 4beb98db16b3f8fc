"""One call to a service, and its observers."""

import asyncio
from collections.abc import AsyncGenerator, MutableSet, Sequence
from dataclasses import dataclass, field
from typing import Self

from bot.clock import Clock
from bot.contract import Request
from bot.errors import SkydeckError
from bot.money import Call, Charge
from bot.runpod.models import Update
from bot.service_calls.cost_estimate import Meter
from bot.service_calls.silence import SilenceFilter


class CallObserver:
    """Observes every call. Override what you need; these methods do nothing.

    Only `started` may wait or raise.
    """

    def inject_traceparent(self, request: Request) -> Request:
        """Add to a contract what links the worker's records to ours."""
        return request

    async def started(self, call: "ServiceCall") -> None:
        """The call is about to be sent.

        Raises:
            SkydeckError: It must not be sent. The observers before this one get `ended`.
        """

    def refused(self, call: "ServiceCall", error: SkydeckError) -> None:
        """An observer before this one says that it must not be sent; nothing else follows."""

    def updated(self, call: "ServiceCall", update: Update) -> None:
        """The call has a new state or response."""

    def ended(self, call: "ServiceCall") -> None:
        """The call is over, and `call.error` says how."""


@dataclass(slots=True, eq=False, kw_only=True)
class ServiceCall:
    """One call: `async with` admits it, `async for` sends it and gives its updates.

    Leaving the block before the last update cancels the job, unless it was detached. The observers
    get `ended` once: with the last update, or when the block is left.

    Attributes:
        updates: From the RunPod client.
        observers: Observe it, in this order.
        detached: Jobs that run on when their callers leave.
        meter: What is known about its cost so far.
        request: The contract; None: it was admitted and sent earlier, and is only followed now.
        is_held: The service answers the submission only when the job has ended.
        job_id: The platform's id, once it is known.
        attempt: The circuit breaker's number for this call if it is a trial, else 0.
        reserved_micro_usd: What the budgets have reserved for it.
        error: What ended it; CancelledError: the caller left it; None: it succeeded.
        charge: What it cost; None: nothing, or another process will record it.
    """

    info: Call
    clock: Clock
    updates: AsyncGenerator[Update, None]
    observers: Sequence[CallObserver]
    detached: MutableSet[str]
    request: Request | None = None
    is_held: bool = False
    job_id: str | None = None
    meter: Meter = field(default_factory=Meter)
    attempt: int = 0
    reserved_micro_usd: int = 0
    error: BaseException | None = None
    charge: Charge | None = None
    _observing: list[CallObserver] = field(default_factory=list)
    _silence: SilenceFilter = field(init=False)

    def __post_init__(self) -> None:
        self._silence = SilenceFilter(self.request)

    @property
    def is_left(self) -> bool:
        """Whether the caller left it before it had ended."""
        return isinstance(self.error, asyncio.CancelledError)

    @property
    def is_detached(self) -> bool:
        """Whether its job runs on when the caller leaves it."""
        return self.job_id in self.detached

    async def __aenter__(self) -> Self:
        try:
            for observer in self.observers:
                await observer.started(self)
                self._observing.append(observer)
        except BaseException as e:
            unasked = self.observers[len(self._observing) + 1 :]
            self._end(e)
            if isinstance(e, SkydeckError):
                for observer in unasked:
                    observer.refused(self, e)
            raise
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Update:
        try:
            update = self._silence.take(await anext(self.updates))
        except BaseException as e:
            self._end(None if isinstance(e, StopAsyncIteration) else e)
            raise
        self.job_id = update.job_id or self.job_id
        self.meter.updated(update, self.clock.now())
        for observer in self._observing:
            observer.updated(self, update)
        return update

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.updates.aclose()
        finally:
            self._end(asyncio.CancelledError())

    def _end(self, error: BaseException | None) -> None:
        if observing := self._observing:
            self._observing, self.error = [], error
            for observer in observing:
                observer.ended(self)
        if self.job_id is not None:
            self.detached.discard(self.job_id)
