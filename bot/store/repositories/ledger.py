"""The ledger: the cost of every call, and the budgets that refuse a call.

    await ledger.reserve(call, 2_000)         # before it is sent; refuses it if a budget is used up
    await ledger.settle(call, charge)         # once its cost is known
    await ledger.release(call.call_id)        # it cost nothing after all

A reservation and its check are one transaction that locks the rows of their buckets, so two
calls at once cannot both spend the last cent, not even from two processes. A reservation that
nobody settles (its process died, and the journal does not have the call) expires and counts as
spent: money that may be gone must not be spent again.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    TextClause,
    and_,
    delete,
    func,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.contract import Service
from bot.errors import OverBudget
from bot.money import Balance, Basis, BudgetBucket, Call, Charge, Limits, Payer, Period
from bot.store.database import PRUNE_BATCH, Database, uninterrupted
from bot.store.limits import storable
from bot.store.records import CallState
from bot.store.tables import budgets, calls, purses

log = logging.getLogger(__name__)

TYPICAL_OF: Final = 20
"""The next call of a kind may cost as much as any of the latest ones, this many of them."""
_NAME_CHARS: Final = 64


@dataclass(frozen=True, slots=True)
class Answered:
    """When a call was answered, and how long it waited and ran, as far as the service says so."""

    settled_at_ms: int
    delay_ms: int | None
    execution_ms: int | None


class Ledger:
    """The payments of one deployment. Every method raises StoreFailed when the database fails.

    Args:
        database: Holds the ledger.
        clock: Dates everything.
        limits: The operator's budgets.
    """

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self._database = database
        self._clock = clock
        self.limits = limits

    # -- before and after a call ---------------------------------------------------------------

    @uninterrupted
    async def reserve(self, call: Call, micro_usd: int) -> None:
        """Reserve a sum for a call that is about to be sent.

        Raises:
            OverBudget: A bucket has less left than that. Nothing was reserved.
        """
        now_ms = self._now()
        keys = call.payer.buckets(now_ms)
        async with self._database.writing() as connection:
            chosen = await self._chosen(connection, call.payer.guild_id)
            for balance in await self._locked(connection, keys, chosen):
                if balance.left is not None and balance.left < micro_usd:
                    raise OverBudget(
                        scope=balance.bucket.scope,
                        period=balance.bucket.period,
                        limit_micro_usd=balance.limit or 0,
                        left_micro_usd=balance.left,
                        renews_ms=balance.bucket.renews_ms,
                    )
            await connection.execute(
                calls.insert().values(
                    _row(call)
                    | {
                        "at_ms": now_ms,
                        "state": CallState.RESERVED,
                        "reserved_micro_usd": micro_usd,
                        "cost_micro_usd": 0,
                        "expires_at_ms": now_ms + 2 * call.deadline_ms + _GRACE_MS,
                    }
                )
            )
            await _move(connection, keys, reserved=micro_usd)

    @uninterrupted
    async def settle(self, call: Call, charge: Charge) -> list[Balance]:
        """Record what a call cost, in place of its reservation. A second time does nothing.

        A call without a reservation is recorded, too.

        Returns:
            Buckets that have just reached 80% of their budget; each is returned only once.
        """
        async with self._database.writing() as connection:
            return await self._settle(connection, call, charge)

    @uninterrupted
    async def release(self, call_id: str) -> None:
        """Release a call's reservation: it cost nothing. A second time does nothing."""
        async with self._database.writing() as connection:
            given = await connection.execute(
                update(calls)
                .where(calls.c.call_id == call_id, calls.c.state == CallState.RESERVED)
                .values(state=CallState.RELEASED, settled_at_ms=self._now())
                .returning(*_PAID_BY, calls.c.reserved_micro_usd)
            )
            row = given.mappings().one_or_none()
            if row is not None:
                keys = _buckets_of(row)
                await self._locked(connection, keys, {})
                await _move(connection, keys, reserved=-row["reserved_micro_usd"])

    @uninterrupted
    async def sweep(self) -> int:
        """Count expired reservations as spent. Returns how many there were."""
        expired = (
            select(calls)
            .where(calls.c.state == CallState.RESERVED, calls.c.expires_at_ms <= self._now())
            .limit(PRUNE_BATCH)
            .with_for_update(skip_locked=True)
        )
        async with self._database.writing() as connection:
            rows = (await connection.execute(expired)).mappings().all()
            for row in rows:
                charge = Charge(micro_usd=row["reserved_micro_usd"], basis=Basis.RESERVED)
                await self._settle(connection, _call(row), charge)
        if rows:
            log.warning(
                "%d calls never reported a cost; their reservations count as spent", len(rows)
            )
        return len(rows)

    # -- budgets -------------------------------------------------------------------------------

    @uninterrupted
    async def balances(self, payer: Payer) -> list[Balance]:
        """The balances of the buckets that would pay for their calls."""
        keys = payer.buckets(self._now())
        async with self._database.reading() as connection:
            chosen = await self._chosen(connection, payer.guild_id)
            return await self._read(connection, keys, chosen)

    @uninterrupted
    async def is_limited(self, payer: Payer) -> bool:
        """Whether any budget applies to them; if not, nothing has to be reserved."""
        if any(scope in _scopes(payer) for scope, _ in self.limits.by):
            return True
        async with self._database.reading() as connection:
            return bool(await self._chosen(connection, payer.guild_id))

    @uninterrupted
    async def choose(self, guild_id: int, period: Period, limit_micro_usd: int | None) -> None:
        """Set a server's own limit for a period; None: only the operator's limit applies."""
        which = and_(budgets.c.guild_id == guild_id, budgets.c.period == period)
        async with self._database.writing() as connection:
            if limit_micro_usd is None:
                await connection.execute(delete(budgets).where(which))
                return
            row = {"guild_id": guild_id, "period": period, "limit_micro_usd": limit_micro_usd}
            await connection.execute(
                self._database.insert(budgets)
                .values(row)
                .on_conflict_do_update(
                    index_elements=["guild_id", "period"],
                    set_={"limit_micro_usd": limit_micro_usd},
                )
            )
            # A warning about the old limit does not hold for the new one.
            await connection.execute(
                update(purses)
                .where(purses.c.scope == "guild", purses.c.scope_id == guild_id)
                .where(purses.c.period == period)
                .values(warned=False)
            )

    @uninterrupted
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
        async with self._database.reading() as connection:
            found = await connection.execute(select(func.max(latest.c.cost_micro_usd)))
            dearest: int | None = found.scalar_one_or_none()
        return dearest

    @uninterrupted
    async def latest(self, service: Service) -> Answered | None:
        """The last call to a service that a worker answered in the past day, in any process."""
        query = (
            select(calls.c.settled_at_ms, calls.c.delay_ms, calls.c.execution_ms)
            .where(calls.c.service == service, calls.c.state == CallState.SETTLED)
            .where(calls.c.execution_ms.is_not(None), calls.c.at_ms > self._now() - _A_DAY_MS)
            .order_by(calls.c.settled_at_ms.desc())
            .limit(1)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else Answered(**row)

    @uninterrupted
    async def prune(self, *, before_ms: int) -> int:
        """Delete calls and purses from before `before_ms`. Returns how many calls."""
        async with self._database.writing() as connection:
            await connection.execute(delete(purses).where(purses.c.starts_ms < before_ms))
        return await self._database.prune(calls.c.call_id, calls.c.at_ms < before_ms)

    # -- small parts -----------------------------------------------------------------------------

    def _now(self) -> int:
        return int(self._clock.wall() * 1000)

    async def _settle(
        self, connection: AsyncConnection, call: Call, charge: Charge
    ) -> list[Balance]:
        now_ms = self._now()
        paid = {
            "state": CallState.SETTLED,
            "cost_micro_usd": charge.micro_usd,
            "basis": charge.basis,
            "delay_ms": charge.delay_ms,
            "execution_ms": charge.execution_ms,
            "input_tokens": charge.input_tokens,
            "output_tokens": charge.output_tokens,
            "settled_at_ms": now_ms,
        }
        fresh = _row(call) | {"at_ms": now_ms, "reserved_micro_usd": 0, "expires_at_ms": 0}
        change = (
            update(calls)
            .where(calls.c.call_id == fresh["call_id"], calls.c.state == CallState.RESERVED)
            .values(paid)
            .returning(*_PAID_BY, calls.c.reserved_micro_usd)
        )
        row = (await connection.execute(change)).mappings().one_or_none()
        chosen = await self._chosen(connection, call.payer.guild_id)
        if row is not None:
            reserved, keys = row["reserved_micro_usd"], _buckets_of(row)
            before = await self._read(connection, keys, chosen, lock=True)
        else:
            inserted = await connection.execute(
                self._database.insert(calls).values(fresh | paid).on_conflict_do_nothing()
            )
            if inserted.rowcount != 1:
                return []  # it was settled or released before
            reserved, keys = 0, call.payer.buckets(now_ms)
            before = await self._locked(connection, keys, chosen)
        await _move(connection, keys, spent=charge.micro_usd, reserved=-reserved)
        return await self._warn(connection, before, charge.micro_usd)

    async def _warn(
        self, connection: AsyncConnection, before: list[Balance], added: int
    ) -> list[Balance]:
        low = [
            now
            for balance in before
            if (
                now := Balance(
                    bucket=balance.bucket, limit=balance.limit, spent=balance.spent + added
                )
            ).is_low
        ]
        told = []
        for balance in low:
            change = (
                update(purses)
                .where(_among([balance.bucket]), purses.c.warned.is_(False))
                .values(warned=True)
            )
            if (await connection.execute(change)).rowcount == 1:
                told.append(balance)
        return told

    async def _chosen(
        self, connection: AsyncConnection, guild_id: int | None
    ) -> Mapping[Period, int]:
        if guild_id is None:
            return {}
        found = await connection.execute(
            select(budgets.c.period, budgets.c.limit_micro_usd).where(
                budgets.c.guild_id == guild_id
            )
        )
        return {Period(period): limit for period, limit in found}

    async def _locked(
        self,
        connection: AsyncConnection,
        keys: Sequence[BudgetBucket],
        chosen: Mapping[Period, int],
    ) -> list[Balance]:
        """The buckets' balances, locked until the transaction ends."""
        values = {f"{name}{n}": v for n, key in enumerate(keys) for name, v in _key(key).items()}
        found = await connection.execute(_locking(len(keys)), values)
        return self._balances(keys, found.mappings(), chosen)

    async def _read(
        self,
        connection: AsyncConnection,
        keys: Sequence[BudgetBucket],
        chosen: Mapping[Period, int],
        *,
        lock: bool = False,
    ) -> list[Balance]:
        query = select(purses).where(_among(keys)).order_by(*_KEY)
        if lock:
            query = query.with_for_update()
        found = await connection.execute(query)
        return self._balances(keys, found.mappings(), chosen)

    def _balances(
        self,
        keys: Sequence[BudgetBucket],
        rows: Iterable[Mapping[Any, Any]],
        chosen: Mapping[Period, int],
    ) -> list[Balance]:
        found = {(row["scope"], row["period"]): row for row in rows}
        balances = []
        for key in keys:
            row = found.get((key.scope, key.period))
            balances.append(
                Balance(
                    bucket=key,
                    limit=self.limits.of(key, chosen),
                    spent=0 if row is None else row["spent_micro_usd"],
                    reserved=0 if row is None else row["reserved_micro_usd"],
                )
            )
        return balances


@cache
def _locking(number: int) -> TextClause:
    """Create `number` buckets if they are missing, lock them in order, and read them.

    Written as text, since SQLAlchemy would compile a statement of several rows each time.
    """
    names = [column.name for column in _KEY]
    row = ", ".join(f":{name}{{n}}" for name in names)
    rows = ", ".join(f"({row.format(n=n)}, 0, 0, FALSE)" for n in range(number))
    return text(
        f"INSERT INTO purses ({', '.join(names)}, spent_micro_usd, reserved_micro_usd, warned) "  # noqa: S608  (ours)
        f"VALUES {rows} ON CONFLICT ({', '.join(names)}) "
        "DO UPDATE SET spent_micro_usd = purses.spent_micro_usd "
        "RETURNING scope, period, spent_micro_usd, reserved_micro_usd"
    )


_A_DAY_MS: Final = 86_400_000
_GRACE_MS: Final = 60 * 60_000
"""A reservation is kept this long after the call's latest end: another process may take the call
over, with a deadline of its own."""
_KEY: Final = (purses.c.scope, purses.c.scope_id, purses.c.period, purses.c.starts_ms)
_PAID_BY: Final = (calls.c.at_ms, calls.c.guild_id, calls.c.channel_id, calls.c.user_id)


def _row(call: Call) -> dict[str, Any]:
    return {
        "call_id": storable(call.call_id, _NAME_CHARS),
        "service": call.service,
        "module": storable(call.module, _NAME_CHARS),
        "guild_id": call.payer.guild_id,
        "channel_id": call.payer.channel_id,
        "user_id": call.payer.user_id,
    }


def _call(row: Mapping[Any, Any]) -> Call:
    return Call(
        call_id=row["call_id"],
        service=Service(row["service"]),
        module=row["module"],
        payer=_payer(row),
    )


def _payer(row: Mapping[Any, Any]) -> Payer:
    return Payer(user_id=row["user_id"], guild_id=row["guild_id"], channel_id=row["channel_id"])


def _buckets_of(row: Mapping[Any, Any]) -> tuple[BudgetBucket, ...]:
    """The buckets of the reservation: a call that ends after midnight is yesterday's."""
    return _payer(row).buckets(row["at_ms"])


def _key(bucket: BudgetBucket) -> dict[str, Any]:
    return {
        "scope": bucket.scope,
        "scope_id": bucket.scope_id,
        "period": bucket.period,
        "starts_ms": bucket.starts_ms,
    }


def _among(keys: Sequence[BudgetBucket]) -> ColumnElement[bool]:
    return tuple_(*_KEY).in_([tuple(_key(key).values()) for key in keys])


def _scopes(payer: Payer) -> frozenset[str]:
    return frozenset(bucket.scope for bucket in payer.buckets(0))


async def _move(
    connection: AsyncConnection, keys: Sequence[BudgetBucket], *, spent: int = 0, reserved: int = 0
) -> None:
    await connection.execute(
        update(purses)
        .where(_among(keys))
        .values(
            spent_micro_usd=purses.c.spent_micro_usd + spent,
            reserved_micro_usd=purses.c.reserved_micro_usd + reserved,
        )
    )
