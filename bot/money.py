"""Money: what a call has cost, from whose purse it is paid, for which time, and what is left. Pure.

A call comes out of several purses at once: its person's, its server's and everybody's, each for the
day and for the month, by UTC. All money is integer micro-dollars: sums never differ by a rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from bot.contract import Service

MICRO: Final = 1_000_000
"""Micro-dollars in a US dollar."""
WARN_SHARE: Final = 0.8
"""From this share of a budget on, people are told."""


class Scope(StrEnum):
    """Whose money."""

    USER = "user"
    GUILD = "guild"
    ALL = "all"


class Period(StrEnum):
    """For how long."""

    DAY = "day"
    MONTH = "month"

    def start(self, at_ms: int) -> int:
        """When the period began that `at_ms` is in; UTC epoch milliseconds."""
        at = datetime.fromtimestamp(at_ms / 1000, UTC).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        if self is Period.MONTH:
            at = at.replace(day=1)
        return int(at.timestamp() * 1000)

    def end(self, starts_ms: int) -> int:
        """When the next one begins."""
        start = datetime.fromtimestamp(starts_ms / 1000, UTC)
        if self is Period.DAY:
            return int((start + timedelta(days=1)).timestamp() * 1000)
        year, month = divmod(start.year * 12 + start.month, 12)
        return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True, order=True)
class BudgetBucket:
    """What one purse is known by.

    Attributes:
        scope: Whose.
        scope_id: The person's or the server's id; 0 for everybody's.
        period: For how long.
        starts_ms: Since when.
    """

    scope: Scope
    scope_id: int
    period: Period
    starts_ms: int

    @property
    def renews_ms(self) -> int:
        """When it is full again."""
        return self.period.end(self.starts_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who a call is for. None where there is nobody: a DM has no server, the terminal no person."""

    user_id: int | None = None
    guild_id: int | None = None
    channel_id: int | None = None

    def purses(self, at_ms: int) -> tuple[BudgetBucket, ...]:
        """Those it comes out of, in an order that all keep: so nobody waits in a ring."""
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
"""For whom a call is made that no person asked for: it comes out of everybody's purse alone."""


class Basis(StrEnum):
    """Where a cost comes from. Only REPORTED is the service's own word; the rest is estimated."""

    REPORTED = "reported"
    SECONDS = "seconds"
    TOKENS = "tokens"
    RESERVED = "reserved"
    LOCAL = "local"
    """It ran on this machine, and no other service was paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a service.

    Attributes:
        call_id: Its contract's id.
        service: Who is called.
        module: Which module.
        payer: For whom.
        deadline_ms: How long it may take, queue and all.
    """

    call_id: str
    service: Service
    module: str
    payer: Payer = NOBODY
    deadline_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a call has cost.

    Attributes:
        micro_usd: The sum.
        basis: Where the figure comes from.
        delay_ms: How long the job waited for a worker.
        execution_ms: How long that took.
        input_tokens: What a language model read.
        output_tokens: What it wrote.
    """

    micro_usd: int
    basis: Basis
    delay_ms: int | None = None
    execution_ms: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator's budgets in micro-dollars; what is not in it is not limited.

    Attributes:
        by: The limit of each person, of each server, and of all together, by period.
    """

    by: Mapping[tuple[Scope, Period], int] = field(default_factory=dict)

    def of(self, purse: BudgetBucket, chosen: Mapping[Period, int]) -> int | None:
        """What a purse may hold; None: as much as is needed.

        Args:
            purse: Which.
            chosen: What its server has chosen: it can only be less than the operator allows.
        """
        limit = self.by.get((purse.scope, purse.period))
        own = chosen.get(purse.period) if purse.scope is Scope.GUILD else None
        if limit is None or own is None:
            return own if limit is None else limit
        return min(limit, own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How a purse stands.

    Attributes:
        purse: Which.
        limit: Its budget, in micro-dollars; None: no limit.
        spent: What has been paid.
        reserved: What calls that are under way have set aside.
    """

    purse: BudgetBucket
    limit: int | None
    spent: int = 0
    reserved: int = 0

    @property
    def left(self) -> int | None:
        """What may still be set aside; None: no limit."""
        return None if self.limit is None else max(0, self.limit - self.spent - self.reserved)

    @property
    def is_low(self) -> bool:
        """Whether people ought to be told."""
        return self.limit is not None and self.spent >= WARN_SHARE * self.limit


def dollars(micro_usd: int) -> str:
    """For people: two digits after the point where that says it all, else up to six.

    >>> dollars(12_500_000), dollars(1_900), dollars(0)
    ('$12.50', '$0.0019', '$0.00')
    """
    whole, fraction = divmod(abs(micro_usd), MICRO)
    digits = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    sign = "-" if micro_usd < 0 else ""
    return f"{sign}${whole:,}.{digits}"


def micro(usd: float | Decimal) -> int:
    """A sum in US dollars as micro-dollars, rounded to the nearest."""
    return round(usd * MICRO)
