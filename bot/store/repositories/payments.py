"""Reservations and costs, many in one transaction.

A call is paid for in two steps, and callers come at once. `carry_out` does what all of them want as
if they had come one after the other: it locks the buckets in one order, decides from what they then
hold, and writes. What only one process at a time may look at, the bucket of everybody, is touched
only where it has a limit; else each process adds to a part of it that others leave alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from bot.errors import OverBudget
from bot.money import Balance, BudgetBucket, Call, Charge, Limits, Payer, Scope
from bot.store.limits import storable
from bot.store.records import CallState
from bot.store.statement import Statement, listed, padded

PARTS: Final = 8
"""Into how many rows, besides its first, the bucket of everybody is divided where it has no
limit. Their sum counts; one alone may be negative, since another process may settle a call."""
NAME_CHARS: Final = 64
_GRACE_MS: Final = 60 * 60_000
"""A reservation is kept this long after the call's latest end: another process may take the call
over, with a deadline of its own."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Reserve a sum for a call that is about to be sent."""

    call: Call
    micro_usd: int

    @property
    def call_id(self) -> str:
        """Which call, as it is stored."""
        return storable(self.call.call_id, NAME_CHARS)


@dataclass(frozen=True, slots=True)
class Settle:
    """Record what a call cost."""

    call: Call
    charge: Charge

    @property
    def call_id(self) -> str:
        """Which call, as it is stored."""
        return storable(self.call.call_id, NAME_CHARS)


@dataclass(frozen=True, slots=True)
class Release:
    """Release a call's reservation."""

    call_id: str


Payment = Reserve | Settle | Release
Outcome = OverBudget | list[Balance]
"""Why a sum was not reserved; or the buckets that a cost has brought to 80% of their budget."""


@dataclass(slots=True)
class _Change:
    """What a bucket gets; `is_asked`: a refused reservation may give a part of it back."""

    spent: int = 0
    reserved: int = 0
    is_asked: bool = False


@dataclass(slots=True)
class _Purse:
    """A bucket with a limit, as it is when the next payment is looked at."""

    limit: int
    spent: int
    reserved: int
    warned: bool


@dataclass(frozen=True, slots=True)
class Books:
    """How one process keeps the books.

    Args:
        limits: The operator's budgets.
        part: The process's own part of everybody's bucket, from 1 to `PARTS`.
    """

    limits: Limits
    part: int

    def carry_out(
        self, connection: Connection, payments: Sequence[Payment], now_ms: int
    ) -> list[Outcome]:
        """Carry payments out in the connection's transaction; no call may occur in two of them.

        What frees money comes first.

        Returns:
            What came of each, in the order of the payments.
        """
        ended = _end(connection, [p for p in payments if not isinstance(p, Reserve)], now_ms)
        wanted = {p.call_id: p for p in payments if isinstance(p, Reserve)}
        changes: defaultdict[BudgetBucket, _Change] = defaultdict(_Change)
        for end in ended.values():
            for key in end.buckets:
                changes[key].spent += end.cost
                changes[key].reserved -= end.reserved
        for one in wanted.values():
            for key in one.call.payer.buckets(now_ms):
                changes[key].reserved += one.micro_usd
                changes[key].is_asked = True
        self._move(connection, changes)
        desk = _Desk(self._look(connection, changes), changes)
        outcomes: dict[str, Outcome] = {call_id: desk.settle(end) for call_id, end in ended.items()}
        refusals = {call_id: desk.reserve(one, now_ms) for call_id, one in wanted.items()}
        outcomes |= {call_id: error or [] for call_id, error in refusals.items()}
        self._move(connection, desk.taken_back)
        admitted = [one for call_id, one in wanted.items() if refusals[call_id] is None]
        _RESERVED.each(connection, [_reserved(one, now_ms) for one in admitted])
        _WARNED.each(connection, [_key(key) for key in desk.low])
        return [outcomes.get(payment.call_id, []) for payment in payments]

    def _move(self, connection: Connection, changes: Mapping[BudgetBucket, _Change]) -> None:
        """Change buckets, and lock them in one order until the transaction ends."""
        rows = [
            _key(self._own(key)) | {"spent": change.spent, "reserved": change.reserved}
            for key, change in sorted(changes.items())
            if change.spent or change.reserved or change.is_asked or self._may_be_limited(key)
        ]
        _MOVED.each(connection, rows)

    def _look(
        self, connection: Connection, keys: Iterable[BudgetBucket]
    ) -> dict[BudgetBucket, _Purse]:
        """The buckets that have a limit, as they are now."""
        purses: dict[BudgetBucket, _Purse] = {}
        for row in read(connection, [key for key in keys if self._may_be_limited(key)]):
            key = row.bucket
            chosen = {} if row.chosen is None else {key.period: row.chosen}
            if (limit := self.limits.of(key, chosen)) is not None:
                purses[key] = _Purse(limit, row.spent, row.reserved, row.warned)
        return purses

    def _own(self, key: BudgetBucket) -> BudgetBucket:
        """The row in which this process keeps a bucket."""
        if key.scope is not Scope.ALL or self._is_limited(key):
            return key
        return BudgetBucket(key.scope, self.part, key.period, key.starts_ms)

    def _is_limited(self, key: BudgetBucket) -> bool:
        return (key.scope, key.period) in self.limits.by

    def _may_be_limited(self, key: BudgetBucket) -> bool:
        return key.scope is Scope.GUILD or self._is_limited(key)


@dataclass(frozen=True, slots=True)
class _End:
    """A call that is over: what it cost, and what was reserved in which buckets."""

    buckets: tuple[BudgetBucket, ...]
    cost: int
    reserved: int


@dataclass(slots=True)
class _Desk:
    """Looks at one payment after the other, from what the limited buckets held before (pure).

    Attributes:
        low: Buckets of which 80% is spent, whose payers are told now.
        taken_back: What refused reservations get back out of the buckets.
    """

    purses: dict[BudgetBucket, _Purse]
    changes: Mapping[BudgetBucket, _Change]
    low: list[BudgetBucket] = field(default_factory=list)
    taken_back: defaultdict[BudgetBucket, _Change] = field(
        default_factory=lambda: defaultdict(_Change)
    )

    def __post_init__(self) -> None:
        for key, purse in self.purses.items():  # as they were before
            purse.spent -= self.changes[key].spent
            purse.reserved -= self.changes[key].reserved

    def settle(self, end: _End) -> Outcome:
        told: list[Balance] = []
        for key in end.buckets:
            if (purse := self.purses.get(key)) is None:
                continue
            purse.spent += end.cost
            purse.reserved -= end.reserved
            now = Balance(bucket=key, limit=purse.limit, spent=purse.spent)
            if now.is_low and not purse.warned:
                purse.warned = True
                self.low.append(key)
                told.append(now)
        return told

    def reserve(self, one: Reserve, now_ms: int) -> OverBudget | None:
        keys = one.call.payer.buckets(now_ms)
        found = [(key, self.purses[key]) for key in keys if key in self.purses]
        for key, purse in found:
            left = max(0, purse.limit - purse.spent - purse.reserved)
            if left < one.micro_usd:
                for taken in keys:
                    self.taken_back[taken].reserved -= one.micro_usd
                return OverBudget(
                    scope=key.scope,
                    period=key.period,
                    limit_micro_usd=purse.limit,
                    left_micro_usd=left,
                    renews_ms=key.renews_ms,
                )
        for _, purse in found:
            purse.reserved += one.micro_usd
        return None


@dataclass(frozen=True, slots=True)
class Found:
    """What a bucket holds, whether its payers were told that it is low, the server's own limit."""

    bucket: BudgetBucket
    spent: int
    reserved: int
    warned: bool
    chosen: int | None


def read(connection: Connection, keys: Sequence[BudgetBucket]) -> list[Found]:
    """The buckets among `keys` that hold anything."""
    if not keys:
        return []
    shared = {key.period: key.starts_ms for key in keys if key.scope is Scope.ALL}
    values = padded([_key(key) for key in keys])
    found = listed(_BALANCES, _KEYS, len(values) // 4).rows(connection, values)
    purses = {
        (scope, scope_id, period, starts_ms): (spent, reserved, bool(warned), chosen)
        for scope, scope_id, period, starts_ms, spent, reserved, warned, chosen in found
    }
    for period, starts_ms in shared.items():
        [(spent, reserved)] = _PARTS.rows(
            connection, {"period": period.value, "starts_ms": starts_ms}
        )
        key = (Scope.ALL.value, 0, period.value, starts_ms)
        first = purses.get(key, (0, 0, False, None))
        purses[key] = (first[0] + int(spent), first[1] + int(reserved), *first[2:])
    return [
        Found(key, *purses[row])
        for key in keys
        if (row := (key.scope.value, key.scope_id, key.period.value, key.starts_ms)) in purses
    ]


def _end(
    connection: Connection, payments: Sequence[Settle | Release], now_ms: int
) -> dict[str, _End]:
    """End calls. Those that had ended before are not in the result."""
    if not payments:
        return {}
    ids = padded([{"id": payment.call_id} for payment in payments])
    query = _CALLS if connection.dialect.name == "sqlite" else f"{_CALLS} ORDER BY 1 FOR UPDATE"
    found = {row[0]: row for row in listed(query, ":id{}", len(ids)).rows(connection, ids)}
    ended, known = {}, []
    # In one order: another process may be recording the same calls.
    for payment in sorted(payments, key=lambda payment: payment.call_id):
        row = found.get(payment.call_id)
        if row is not None and row[1] == CallState.RESERVED:
            known.append(_paid(payment, now_ms))
            ended[payment.call_id] = _End(
                Payer(user_id=row[5], guild_id=row[3], channel_id=row[4]).buckets(row[2]),
                payment.charge.micro_usd if isinstance(payment, Settle) else 0,
                row[6],
            )
        elif row is None and isinstance(payment, Settle):
            added = _new(payment.call, now_ms) | _paid(payment, now_ms)
            if _UNRESERVED.count(connection, added) == 1:
                cost = payment.charge.micro_usd
                ended[payment.call_id] = _End(payment.call.payer.buckets(now_ms), cost, 0)
    _SETTLED.each(connection, known)
    return {p.call_id: ended[p.call_id] for p in payments if p.call_id in ended}


def _new(call: Call, now_ms: int) -> dict[str, Any]:
    return {
        "call_id": storable(call.call_id, NAME_CHARS),
        "at_ms": now_ms,
        "service": call.service.value,
        "module": storable(call.module, NAME_CHARS),
        "guild_id": call.payer.guild_id,
        "channel_id": call.payer.channel_id,
        "user_id": call.payer.user_id,
    }


def _reserved(one: Reserve, now_ms: int) -> dict[str, Any]:
    expires_ms = now_ms + 2 * one.call.deadline_ms + _GRACE_MS
    return _new(one.call, now_ms) | {"reserved": one.micro_usd, "expires_at_ms": expires_ms}


def _paid(payment: Settle | Release, now_ms: int) -> dict[str, Any]:
    charge = payment.charge if isinstance(payment, Settle) else None
    return {
        "call_id": payment.call_id,
        "state": (CallState.RELEASED if charge is None else CallState.SETTLED).value,
        "cost": 0 if charge is None else charge.micro_usd,
        "basis": None if charge is None else charge.basis.value,
        "delay_ms": None if charge is None else charge.delay_ms,
        "execution_ms": None if charge is None else charge.execution_ms,
        "input_tokens": None if charge is None else charge.input_tokens,
        "output_tokens": None if charge is None else charge.output_tokens,
        "settled_at_ms": now_ms,
    }


def _key(bucket: BudgetBucket) -> dict[str, Any]:
    return {
        "scope": bucket.scope.value,
        "scope_id": bucket.scope_id,
        "period": bucket.period.value,
        "starts_ms": bucket.starts_ms,
    }


_CALLS: Final = (
    "SELECT call_id, state, at_ms, guild_id, channel_id, user_id, reserved_micro_usd "
    "FROM calls WHERE call_id IN ({})"
)
_RESERVED: Final = Statement(
    "INSERT INTO calls (call_id, at_ms, state, service, module, guild_id, channel_id, user_id, "
    "reserved_micro_usd, cost_micro_usd, expires_at_ms) VALUES (:call_id, :at_ms, 'reserved', "
    ":service, :module, :guild_id, :channel_id, :user_id, :reserved, 0, :expires_at_ms)"
)
_UNRESERVED: Final = Statement(
    "INSERT INTO calls (call_id, at_ms, state, service, module, guild_id, channel_id, user_id, "
    "reserved_micro_usd, cost_micro_usd, basis, delay_ms, execution_ms, input_tokens, "
    "output_tokens, settled_at_ms, expires_at_ms) VALUES (:call_id, :at_ms, :state, :service, "
    ":module, :guild_id, :channel_id, :user_id, 0, :cost, :basis, :delay_ms, :execution_ms, "
    ":input_tokens, :output_tokens, :settled_at_ms, 0) ON CONFLICT DO NOTHING"
)
_SETTLED: Final = Statement(
    "UPDATE calls SET state = :state, cost_micro_usd = :cost, basis = :basis, "
    "delay_ms = :delay_ms, execution_ms = :execution_ms, input_tokens = :input_tokens, "
    "output_tokens = :output_tokens, settled_at_ms = :settled_at_ms WHERE call_id = :call_id"
)
_MOVED: Final = Statement(
    "INSERT INTO purses (scope, scope_id, period, starts_ms, spent_micro_usd, "
    "reserved_micro_usd, warned) VALUES (:scope, :scope_id, :period, :starts_ms, :spent, "
    ":reserved, FALSE) ON CONFLICT (scope, scope_id, period, starts_ms) DO UPDATE SET "
    "spent_micro_usd = purses.spent_micro_usd + excluded.spent_micro_usd, "
    "reserved_micro_usd = purses.reserved_micro_usd + excluded.reserved_micro_usd"
)
_WARNED: Final = Statement(
    "UPDATE purses SET warned = TRUE WHERE scope = :scope AND scope_id = :scope_id "
    "AND period = :period AND starts_ms = :starts_ms"
)
_BALANCES: Final = (
    "SELECT p.scope, p.scope_id, p.period, p.starts_ms, p.spent_micro_usd, p.reserved_micro_usd, "
    "p.warned, b.limit_micro_usd FROM purses p LEFT JOIN budgets b "
    "ON p.scope = 'guild' AND b.guild_id = p.scope_id AND b.period = p.period "
    "WHERE (p.scope, p.scope_id, p.period, p.starts_ms) IN (VALUES {})"
)
_PARTS: Final = Statement(
    "SELECT COALESCE(SUM(spent_micro_usd), 0), COALESCE(SUM(reserved_micro_usd), 0) FROM purses "  # noqa: S608  (ours)
    "WHERE scope = 'all' AND scope_id IN ("
    + ", ".join(map(str, range(1, PARTS + 1)))
    + ") AND period = :period "
    "AND starts_ms = :starts_ms"
)
_KEYS: Final = (
    "(CAST(:scope{} AS VARCHAR), CAST(:scope_id{} AS BIGINT), CAST(:period{} AS VARCHAR), "
    "CAST(:starts_ms{} AS BIGINT))"
)
