"""Remembers calls that cost nothing, so that the ledger can list them beside those that do."""

from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.money import Call, Charge
from bot.service_calls.call import CallObserver, ServiceCall
from bot.service_calls.cost_estimate import Rates

if TYPE_CHECKING:
    from bot.store.repositories.ledger import Ledger  # imports SQLAlchemy


class FreeCalls(CallObserver):
    """Collects them until a ledger is opened: whoever asks waits for no database.

    Args:
        rates: What things cost: nothing.
        clock: Times the calls.
    """

    def __init__(self, rates: Rates, clock: Clock) -> None:
        self._rates = rates
        self._clock = clock
        self._ended: list[tuple[Call, Charge]] = []

    def __bool__(self) -> bool:
        return bool(self._ended)

    def ended(self, call: ServiceCall) -> None:
        """Remember the call, if a worker had it."""
        call.meter.advance(self._clock.now())
        charge = call.meter.charge(self._rates)
        if charge is not None:
            self._ended.append((call.info, charge))

    async def record(self, ledger: "Ledger") -> None:
        """Move them into the ledger.

        Raises:
            StoreFailed: The ledger cannot be written.
        """
        while self._ended:
            await ledger.settle(*self._ended[0])
            del self._ended[0]
