"""Reserves money before each call, and records what it cost afterwards."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Never, Self

from bot.clock import Clock
from bot.contract import Service
from bot.errors import StoreFailed, SubmissionUnknown
from bot.money import Balance, Basis, Call, Charge, micro
from bot.service_calls.availability import LatestHealth
from bot.service_calls.call import CallObserver, ServiceCall
from bot.service_calls.cost_estimate import Rates

if TYPE_CHECKING:
    from bot.store.repositories.ledger import (
        Ledger,  # imports SQLAlchemy, which a call from the terminal does not need
    )

log = logging.getLogger(__name__)

FIRST_MICRO_USD: Final = {
    Service.PENNY: 10_000,
    Service.GRACE: 10_000,
    Service.FACTORY: 200_000,
}
"""The reservation for the first call of a kind: a minute of an L4, or twenty minutes for a build.
Later calls reserve the highest recent cost of their kind."""
SWEEP_EVERY_S: Final = 60.0
"""How often to look for expired reservations."""

OnLow = Callable[[Call, Sequence[Balance]], object]
"""Called once for each budget of which 80% is spent. It must not wait."""


class BudgetGate(CallObserver):
    """Admits only calls that fit into the budgets. An async context manager.

    Args:
        ledger: Where reservations and costs are kept.
        clock: Times calls, and waits between sweeps.
        on_low: Called for budgets that are nearly spent.
    """

    def __init__(
        self, ledger: "Ledger", rates: Rates, clock: Clock, on_low: OnLow | None = None
    ) -> None:
        self.on_low = on_low
        self._ledger = ledger
        self._rates = rates
        self._clock = clock
        self._group = asyncio.TaskGroup()
        self._sweeping: asyncio.Task[Never] | None = None

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._sweeping = self._group.create_task(self._sweep())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        await self._group.__aexit__(None, None, None)  # waits until everything is recorded

    async def started(self, call: ServiceCall) -> None:
        """Reserve what a call may cost, if a budget limits it.

        Raises:
            OverBudget: There is not enough left. Nothing was reserved.
            StoreFailed: The ledger cannot be read or written.
        """
        if call.request is None or self._rates.is_free:
            return
        info, policy = call.info, call.request.policy
        if not await self._ledger.is_limited(info.payer):
            return
        typical = await self._ledger.typical(info.service, info.module)
        micro_usd = max(typical or FIRST_MICRO_USD[info.service], 1)
        if policy is not None and policy.max_cost_usd is not None:
            micro_usd = min(micro_usd, micro(policy.max_cost_usd))
        try:
            await self._ledger.reserve(info, micro_usd)
        except asyncio.CancelledError:  # the sum is reserved, and nothing will be sent
            self._group.create_task(self._book(info, None, micro_usd))
            raise
        call.reserved_micro_usd = micro_usd

    def ended(self, call: ServiceCall) -> None:
        """Charge the call, and record that in the background."""
        if call.is_left and call.is_detached:
            return
        call.meter.advance(self._clock.now())
        call.charge = self._charge(call)
        self._group.create_task(self._book(call.info, call.charge, call.reserved_micro_usd))

    def _charge(self, call: ServiceCall) -> Charge | None:
        charge = call.meter.charge(self._rates)
        # A held submission that was left has no id yet: it cannot be cancelled, and runs on.
        runs_unseen = isinstance(call.error, SubmissionUnknown) or (
            call.is_left and call.is_held and call.job_id is None
        )
        if charge is None and runs_unseen and not self._rates.is_local:
            micro_usd = call.reserved_micro_usd or FIRST_MICRO_USD[call.info.service]
            return Charge(micro_usd=micro_usd, basis=Basis.RESERVED)
        return charge

    async def _book(self, info: Call, charge: Charge | None, reserved_micro_usd: int) -> None:
        """Replace a reservation by the cost. Never raises."""
        try:
            if charge is not None:
                low = await self._ledger.settle(info, charge)
                if low and self.on_low is not None:
                    self.on_low(info, low)
            elif reserved_micro_usd:
                await self._ledger.release(info.call_id)
        except StoreFailed as e:
            # The reservation stays until it expires, and is then counted as the cost.
            log.error("the cost of a call is not in the ledger: %s", e)  # noqa: TRY400
        except Exception:
            log.exception("the cost of a call is not in the ledger")

    async def latest(self, service: Service) -> LatestHealth | None:
        """The latest call to a service that any process completed; None: not known."""
        try:
            found = await self._ledger.latest(service)
        except StoreFailed:
            return None
        if found is None:
            return None
        age_s = max(0.0, self._clock.wall() - found.settled_at_ms / 1000)
        return LatestHealth(
            at_s=self._clock.now() - age_s,
            delay_ms=found.delay_ms,
            execution_ms=found.execution_ms,
        )

    async def _sweep(self) -> Never:
        """Count expired reservations as costs: nobody will ever report what those calls cost."""
        while True:
            try:
                await self._ledger.sweep()
            except StoreFailed as e:
                log.warning("expired reservations are not counted yet: %s", e)
            await self._clock.sleep(SWEEP_EVERY_S)
