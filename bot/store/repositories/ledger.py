"""The ledger: the cost of every call, and the budgets that refuse a call.

    await ledger.reserve(call, 2_000)         # before it is sent; refuses it if a budget is used up
    await ledger.settle(call, charge)         # once its cost is known
    await ledger.release(call.call_id)        # it cost nothing after all

A reservation and its check are one transaction that locks the rows of their buckets, so two
calls at once cannot both spend the last cent, not even from two processes. Whoever comes while a
transaction runs shares the next one (`payments.Books`). A reservation that
nobody settles (its process died, and the journal does not have the call) expires and counts as
spent: money that may be gone must not be spent again.
"""

import logging
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.exc import DataError, IntegrityError

from bot.clock import Clock
from bot.contract import Service
from bot.errors import OverBudget, StoreFailed
from bot.money import Balance, Basis, Call, Charge, Limits, Payer, Period
from bot.store.batches import Batches
from bot.store.database import Database
from bot.store.limits import storable
from bot.store.records import CallState
from bot.store.repositories.payments import (
    NAME_CHARS,
    PARTS,
    Books,
    Outcome,
    Payment,
    Release,
    Reserve,
    Settle,
    read,
)
from bot.store.tables import budgets, calls, purses

log = logging.getLogger(__name__)

TYPICAL_OF: Final = 20
"""The next call of a kind may cost as much as any of the latest ones, this many of them."""
AT_ONCE: Final = 64
"""How many payments one transaction carries out."""
_UNLIMITED_S: Final = 30.0
_UNLIMITED_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class Answered:
    """When a call was answered, and how long it waited and ran, as far as the service says so."""

    settled_at_ms: int
    delay_ms: int | None
    execution_ms: int | None


class Ledger:
    """The payments of one deployment. Every method raises StoreFailed when the database fails.

    Args:
        clock: Dates everything.
        limits: The operator's budgets.
    """

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database = database
        self._clock = clock
        self._unlimited_until: dict[int, float] = {}
        self._changes = 0
        self._books = Books(limits, part=secrets.randbelow(PARTS) + 1)
        self._batches = Batches(
            self._carry_out,
            key=lambda payment: payment.call_id,
            is_of_one=_is_of_one,
            most=AT_ONCE,
        )

    @property
    def limits(self) -> Limits:
        """The operator's budgets."""
        return self._books.limits

    # -- before and after a call ---------------------------------------------------------------

    async def reserve(self, call: Call, micro_usd: int) -> None:
        """Reserve a sum for a call that is about to be sent.

        Raises:
            OverBudget: A bucket has less left than that. Nothing was reserved.
        """
        outcome = await self._batches.add(Reserve(call, micro_usd))
        if isinstance(outcome, OverBudget):
            raise outcome

    async def settle(self, call: Call, charge: Charge) -> list[Balance]:
        """Record what a call cost, in place of its reservation. A second time does nothing.

        A call without a reservation is recorded, too.

        Returns:
            Buckets that have just reached 80% of their budget; each is returned only once.
        """
        outcome = await self._batches.add(Settle(call, charge))
        return outcome if isinstance(outcome, list) else []

    async def release(self, call_id: str) -> None:
        """Release a call's reservation: it cost nothing. A second time does nothing."""
        await self._batches.add(Release(storable(call_id, NAME_CHARS)))

    async def _carry_out(self, payments: Sequence[Payment]) -> list[Outcome]:
        now_ms = self._now()
        return await self._database.write(
            lambda connection: self._books.carry_out(connection, payments, now_ms)
        )

    async def sweep(self) -> int:
        """Count expired reservations as spent. Returns how many there were."""
        swept = 0
        while True:
            step = await self._database.write(self._sweep)
            swept += step
            if step < AT_ONCE:
                break
        if swept:
            log.warning("%d calls never reported a cost; their reservations count as spent", swept)
        return swept

    def _sweep(self, connection: Connection) -> int:
        now_ms = self._now()
        expired = (
            select(calls)
            .where(calls.c.state == CallState.RESERVED, calls.c.expires_at_ms <= now_ms)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        rows = connection.execute(expired).mappings().all()
        settled = [
            Settle(_call(row), Charge(micro_usd=row["reserved_micro_usd"], basis=Basis.RESERVED))
            for row in rows
        ]
        self._books.carry_out(connection, settled, now_ms)
        return len(rows)

    # -- budgets -------------------------------------------------------------------------------

    async def balances(self, payer: Payer) -> list[Balance]:
        """The balances of the buckets that would pay for their calls."""
        keys = payer.buckets(self._now())
        chosen = await self._chosen(payer.guild_id)
        rows = await self._database.read(lambda connection: read(connection, keys))
        found = {row.bucket: row for row in rows}
        return [
            Balance(
                bucket=key,
                limit=self.limits.of(key, chosen),
                spent=found[key].spent if key in found else 0,
                reserved=found[key].reserved if key in found else 0,
            )
            for key in keys
        ]

    async def is_limited(self, payer: Payer) -> bool:
        """Whether any budget applies to them; if not, nothing has to be reserved.

        That a server has no limit of its own may be known for half a minute: when it sets its first
        one, another process may let through, unreserved, what it is asked for meanwhile.
        """
        if any(scope in _scopes(payer) for scope, _ in self.limits.by):
            return True
        guild_id, now_s = payer.guild_id, self._clock.now()
        if guild_id is None or now_s < self._unlimited_until.get(guild_id, 0.0):
            return False
        changes = self._changes
        if await self._chosen(guild_id):
            return True
        if changes == self._changes:  # else it may have set one meanwhile
            if len(self._unlimited_until) >= _UNLIMITED_KEPT:
                self._unlimited_until.clear()
            self._unlimited_until[guild_id] = now_s + _UNLIMITED_S
        return False

    async def _chosen(self, guild_id: int | None) -> Mapping[Period, int]:
        """A server's own limits."""
        if guild_id is None:
            return {}
        query = select(budgets.c.period, budgets.c.limit_micro_usd)
        found = await self._database.rows(query.where(budgets.c.guild_id == guild_id))
        return {Period(row["period"]): row["limit_micro_usd"] for row in found}

    async def choose(self, guild_id: int, period: Period, limit_micro_usd: int | None) -> None:
        """Set a server's own limit for a period; None: only the operator's limit applies."""
        self._forget(guild_id)
        try:
            await self._choose(guild_id, period, limit_micro_usd)
        finally:
            self._forget(guild_id)

    def _forget(self, guild_id: int) -> None:
        self._changes += 1
        self._unlimited_until.pop(guild_id, None)

    async def _choose(self, guild_id: int, period: Period, limit_micro_usd: int | None) -> None:
        which = and_(budgets.c.guild_id == guild_id, budgets.c.period == period)
        if limit_micro_usd is None:
            await self._database.change(delete(budgets).where(which))
            return
        row = {"guild_id": guild_id, "period": period, "limit_micro_usd": limit_micro_usd}
        set_limit = (
            self._database.insert(budgets)
            .values(row)
            .on_conflict_do_update(
                index_elements=["guild_id", "period"], set_={"limit_micro_usd": limit_micro_usd}
            )
        )
        # A warning about the old limit does not hold for the new one.
        unwarned = (
            update(purses)
            .where(purses.c.scope == "guild", purses.c.scope_id == guild_id)
            .where(purses.c.period == period)
            .values(warned=False)
        )

        def work(connection: Connection) -> None:
            connection.execute(set_limit)
            connection.execute(unwarned)

        await self._database.write(work)

    async def typical(self, service: Service, module: str) -> int | None:
        """The highest cost among the latest calls of a kind, in micro-dollars; None: no calls."""
        latest = (
            select(calls.c.cost_micro_usd)
            .where(calls.c.service == service, calls.c.module == module)
            .where(calls.c.state == CallState.SETTLED, calls.c.basis != Basis.RESERVED)
            .order_by(calls.c.settled_at_ms.desc())
            .limit(TYPICAL_OF)
            .subquery()
        )
        [row] = await self._database.rows(select(func.max(latest.c.cost_micro_usd).label("most")))
        dearest: int | None = row["most"]
        return dearest

    async def dearest_of(self, user_id: int) -> int | None:
        """The highest cost among a person's latest calls but builds, in micro-dollars.

        None: they have made no calls.
        """
        latest = (
            select(calls.c.cost_micro_usd)
            .where(calls.c.user_id == user_id, calls.c.service != Service.FACTORY)
            .where(calls.c.state == CallState.SETTLED, calls.c.basis != Basis.RESERVED)
            .order_by(calls.c.at_ms.desc())
            .limit(TYPICAL_OF)
            .subquery()
        )
        [row] = await self._database.rows(select(func.max(latest.c.cost_micro_usd).label("most")))
        dearest: int | None = row["most"]
        return dearest

    async def latest(self, service: Service) -> Answered | None:
        """The last call to a service that a worker answered in the past day, in any process."""
        query = (
            select(calls.c.settled_at_ms, calls.c.delay_ms, calls.c.execution_ms)
            .where(calls.c.service == service, calls.c.state == CallState.SETTLED)
            .where(calls.c.execution_ms.is_not(None), calls.c.at_ms > self._now() - _A_DAY_MS)
            .order_by(calls.c.settled_at_ms.desc())
            .limit(1)
        )
        rows = await self._database.rows(query)
        return Answered(**rows[0]) if rows else None

    async def prune(self, *, before_ms: int) -> int:
        """Delete calls and purses from before `before_ms`. Returns how many calls."""
        await self._database.change(delete(purses).where(purses.c.starts_ms < before_ms))
        return await self._database.prune(calls.c.call_id, calls.c.at_ms < before_ms)

    # -- small parts -----------------------------------------------------------------------------

    def _now(self) -> int:
        return int(self._clock.wall() * 1000)


_A_DAY_MS: Final = 86_400_000
_DEADLOCK: Final = "40P01"
"""PostgreSQL's code: who is forgotten gives up their calls' rows in another order than `Books`."""


def _call(row: Mapping[Any, Any]) -> Call:
    payer = Payer(user_id=row["user_id"], guild_id=row["guild_id"], channel_id=row["channel_id"])
    return Call(
        call_id=row["call_id"],
        service=Service(row["service"]),
        module=row["module"],
        payer=payer,
    )


def _scopes(payer: Payer) -> frozenset[str]:
    return frozenset(bucket.scope for bucket in payer.buckets(0))


def _is_of_one(error: Exception) -> bool:
    """Whether values were wrong, not the database, or rows were locked crosswise."""
    cause = error.__cause__ if isinstance(error, StoreFailed) else error
    wrong = (IntegrityError, DataError, sqlite3.IntegrityError, sqlite3.DataError)
    state = getattr(getattr(cause, "orig", None), "sqlstate", None)
    is_known = isinstance(cause, wrong) or state == _DEADLOCK
    return is_known or not isinstance(error, StoreFailed)
