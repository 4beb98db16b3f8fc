"""The till: sets money aside before a call, and books what the call has cost after it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.contract import Service
from bot.errors import StoreFailed
from bot.money import Balance, Basis, Call, Charge
from bot.service_calls.availability import LatestHealth
from bot.service_calls.pricing import Meter, Rates

if TYPE_CHECKING:
    from bot.store.repositories.ledger import (
        Ledger,  # SQLAlchemy, which a call from the terminal can do without
    )

log = logging.getLogger(__name__)

FIRST_MICRO_USD: Final = {
    Service.PENNY: 10_000,
    Service.GRACE: 10_000,
    Service.FACTORY: 200_000,
}
"""What is set aside for a call of a kind that was never made before: a minute of an L4, and for a
build twenty minutes. Later ones set aside what the dearest of the latest has cost."""

OnLow = Callable[[Call, Sequence[Balance]], object]
"""Is told, once each, of purses of which four fifths are spent."""


@dataclass(slots=True)
class BudgetGate:
    """Takes the money.

    Attributes:
        ledger: Where it is written down.
        rates: What things cost.
        on_low: Is told of purses that are nearly empty; must not wait.
    """

    ledger: "Ledger"
    rates: Rates
    on_low: OnLow | None = None

    async def admit(self, call: Call, *, most_micro_usd: int | None = None) -> int:
        """Set aside what a call may cost; 0 when no budget has to be kept for it.

        Args:
            call: The call.
            most_micro_usd: What its contract allows it to cost.

        Raises:
            OverBudget: There is not enough left. Nothing was set aside.
            StoreFailed: It cannot be known what is left.
        """
        if self.rates.is_free or not await self.ledger.is_limited(call.payer):
            return 0
        typical = await self.ledger.typical(call.service, call.module)
        micro_usd = max(typical or FIRST_MICRO_USD[call.service], 1)
        if most_micro_usd is not None:
            micro_usd = min(micro_usd, most_micro_usd)
        await self.ledger.reserve(call, micro_usd)
        return micro_usd

    def charge(self, call: Call, meter: Meter, *, is_lost: bool, reserved: int) -> Charge | None:
        """What a call has cost; None: nothing.

        Args:
            call: The call.
            meter: What is known of it.
            is_lost: It may be running where nobody sees it: that is counted, not hoped for.
            reserved: What was set aside for it.
        """
        charge = meter.charge(self.rates)
        if charge is None and is_lost and not self.rates.is_local:
            return Charge(micro_usd=reserved or FIRST_MICRO_USD[call.service], basis=Basis.RESERVED)
        return charge

    async def book(self, call: Call, charge: Charge | None, *, reserved: int) -> None:
        """Write down what a call has cost, in place of what was set aside. Never raises."""
        try:
            if charge is not None:
                low = await self.ledger.settle(call, charge)
                if low and self.on_low is not None:
                    self.on_low(call, low)
            elif reserved:
                await self.ledger.release(call.call_id)
        except StoreFailed as e:
            # What was set aside stays so until it expires, and is then counted.
            log.error("the cost of a call is not in the ledger: %s", e)  # noqa: TRY400
        except Exception:
            log.exception("the cost of a call is not in the ledger")

    async def latest(self, service: Service, now_s: float, wall_s: float) -> LatestHealth | None:
        """The last call of a service that was answered, by whichever process; None: not known.

        Args:
            service: Which.
            now_s: Seconds of the monotonic clock.
            wall_s: The same moment, in seconds since the epoch.
        """
        try:
            found = await self.ledger.latest(service)
        except StoreFailed:
            return None
        if found is None:
            return None
        return LatestHealth(
            at_s=now_s - max(0.0, wall_s - found.settled_at_ms / 1000),
            delay_ms=found.delay_ms,
            execution_ms=found.execution_ms,
        )

    async def sweep(self) -> None:
        """Count what was set aside for calls of which nobody will ever tell the cost."""
        try:
            await self.ledger.sweep()
        except StoreFailed as e:
            log.warning("expired reservations not counted yet: %s", e)
