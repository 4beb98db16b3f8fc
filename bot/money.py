"""Money: what calls cost, which budgets they count against, and what is left. Pure.

A call counts against several buckets at once: its person's, its server's and everyone's, each for
the day and for the month in UTC. All amounts are integer micro-dollars, so sums never round.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final

from bot.contract import Service

MICRO: Final = 1_000_000
"""Micro-dollars in a US dollar."""
WARN_SHARE: Final = 0.8
"""The share of a budget from which we warn people."""


class Scope(StrEnum):
    """Whose budget."""

    USER = "user"
    GUILD = "guild"
    ALL = "all"


class Period(StrEnum):
    """The length of a budget period."""

    DAY = "day"
    MONTH = "month"

    def start(self, at_ms: int) -> int:
        """The start of the period that contains `at_ms`, in UTC epoch milliseconds."""
        return _start(self, at_ms // _MINUTE_MS)

    def end(self, starts_ms: int) -> int:
        """The start of the next period."""
        start = datetime.fromtimestamp(starts_ms / 1000, UTC)
        if self is Period.DAY:
            return int((start + timedelta(days=1)).timestamp() * 1000)
        year, month = divmod(start.year * 12 + start.month, 12)
        return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp() * 1000)


_MINUTE_MS: Final = 60_000


@lru_cache(256)  # every call asks, several times
def _start(period: Period, minute: int) -> int:
    at = datetime.fromtimestamp(minute * 60, UTC).replace(hour=0, minute=0)
    if period is Period.MONTH:
        at = at.replace(day=1)
    return int(at.timestamp() * 1000)


@dataclass(frozen=True, slots=True, order=True)
class BudgetBucket:
    """The key of one budget: whose it is, and for which period.

    `scope_id` is the person's or the server's id, and 0 for everyone's budget.
    """

    scope: Scope
    scope_id: int
    period: Period
    starts_ms: int

    @property
    def renews_ms(self) -> int:
        """When the budget renews."""
        return self.period.end(self.starts_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who pays for a call. A DM has no server, and the terminal has no person."""

    user_id: int | None = None
    guild_id: int | None = None
    channel_id: int | None = None

    def buckets(self, at_ms: int) -> tuple[BudgetBucket, ...]:
        """The buckets that a call counts against, always in the same order to avoid deadlocks."""
        owners = (
            (Scope.ALL, 0),
            (Scope.GUILD, self.guild_id),
            (Scope.USER, self.user_id),
        )
        return tuple(
            BudgetBucket(scope, owner, period, period.start(at_ms))
            for scope, owner in owners
            if owner is not None
            for period in Period
        )


NOBODY: Final = Payer()
"""Pays for a call that no person asked for; it counts only against everyone's bucket."""


class Basis(StrEnum):
    """The source of a cost. The service itself gives REPORTED; the rest are estimates."""

    REPORTED = "reported"
    SECONDS = "seconds"
    TOKENS = "tokens"
    RESERVED = "reserved"
    LOCAL = "local"
    """The call ran on this machine, and no other service was paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to a service.

    `call_id` is the contract's id; `deadline_ms` includes the time in the queue.
    """

    call_id: str
    service: Service
    module: str
    payer: Payer = NOBODY
    deadline_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """The cost of a call.

    Attributes:
        delay_ms: How long the job waited for a worker.
        execution_ms: How long the worker took.
        input_tokens: Tokens that a language model read.
        output_tokens: Tokens that it wrote.
    """

    micro_usd: int
    basis: Basis
    delay_ms: int | None = None
    execution_ms: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator's budgets.

    Attributes:
        by: The limit in micro-dollars per scope and period; missing ones are unlimited.
    """

    by: Mapping[tuple[Scope, Period], int] = field(default_factory=dict)

    def of(self, bucket: BudgetBucket, chosen: Mapping[Period, int]) -> int | None:
        """The limit of a bucket; None: unlimited.

        Args:
            bucket: Whose budget, and for which period.
            chosen: The server's own limits; they can only lower the operator's.
        """
        limit = self.by.get((bucket.scope, bucket.period))
        own = chosen.get(bucket.period) if bucket.scope is Scope.GUILD else None
        if limit is None or own is None:
            return own if limit is None else limit
        return min(limit, own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The state of a bucket, in micro-dollars.

    Attributes:
        limit: The budget; None: no limit.
        reserved: Set aside by calls in progress.
    """

    bucket: BudgetBucket
    limit: int | None
    spent: int = 0
    reserved: int = 0

    @property
    def left(self) -> int | None:
        """The amount that calls can still reserve; None: no limit."""
        return None if self.limit is None else max(0, self.limit - self.spent - self.reserved)

    @property
    def is_low(self) -> bool:
        """Whether to warn people."""
        return self.limit is not None and self.spent >= WARN_SHARE * self.limit


def micro(usd: float | Decimal) -> int:
    """Convert US dollars to the nearest whole micro-dollar."""
    return round(usd * MICRO)
