"""Reports costs over a number of days, for Discord, the terminal and CSV files."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bot.contract import Service
from bot.money import MICRO, Balance, Payer, Period, Scope
from bot.store.records import DaySum, GroupSum, View
from bot.store.repositories.ledger import Ledger
from bot.store.repositories.spending import DAY_MS, Spending

DAYS_LIMIT: Final = 366
"""The most days in one report."""
COLUMNS: Final = (
    "time", "service", "module", "server", "channel", "person",
    "cost_usd", "basis", "seconds", "tokens_in", "tokens_out", "call",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was spent, in micro-dollars.

    Attributes:
        first_day: The first day of the report, in days since the epoch (UTC).
        by_service: The cost of each day, for each service that was called.
        calls: How many calls there were.
        calls_by_day: The same for each day: calls on this machine cost nothing.
        reported: The part of the total that the services reported; the rest is estimated.
        modules: Sums by module, highest first.
    """

    first_day: int
    by_service: Mapping[Service, Sequence[int]]
    calls: int
    total: int
    reported: int
    modules: Sequence[GroupSum]
    balances: Sequence[Balance]
    calls_by_day: Sequence[int] = ()

    @property
    def days(self) -> list[datetime]:
        """The days of the report."""
        number = max((len(sums) for sums in self.by_service.values()), default=0)
        return [datetime.fromtimestamp((self.first_day + n) * 86_400, UTC) for n in range(number)]

    def daily_limit(self, scope: Scope) -> int | None:
        """The daily budget; a monthly one is spread over its days. None: there is none."""
        limits = {b.bucket.period: b for b in self.balances if b.bucket.scope is scope}
        day, month = limits.get(Period.DAY), limits.get(Period.MONTH)
        if day is not None and day.limit is not None:
            return day.limit
        if month is None or month.limit is None:
            return None
        return month.limit * DAY_MS // (month.bucket.renews_ms - month.bucket.starts_ms)


def summed(
    days: Sequence[DaySum],
    modules: Sequence[GroupSum],
    balances: Sequence[Balance],
    *,
    first_day: int,
    number: int,
) -> Report:
    """Make a report of sums. Pure."""
    by_service: dict[Service, list[int]] = {}
    calls_by_day = [0] * number
    for one in days:
        calls_by_day[one.day - first_day] += one.calls
        by_service.setdefault(one.service, [0] * number)[one.day - first_day] += one.micro_usd
    return Report(
        first_day=first_day,
        by_service={s: by_service[s] for s in Service if s in by_service},
        calls=sum(one.calls for one in days),
        total=sum(one.micro_usd for one in days),
        reported=sum(one.reported for one in days),
        modules=modules,
        balances=balances,
        calls_by_day=calls_by_day,
    )


def view_of(payer: Payer, now_ms: int, days: int) -> View:
    """A payer's calls of the last `days` days, including today."""
    tomorrow_ms = (now_ms // DAY_MS + 1) * DAY_MS
    return View(
        since_ms=tomorrow_ms - days * DAY_MS,
        until_ms=tomorrow_ms,
        guild_id=payer.guild_id,
        user_id=payer.user_id,
    )


async def report_on(ledger: Ledger, spending: Spending, payer: Payer, view: View) -> Report:
    """Report what a payer has spent.

    Raises:
        StoreFailed: The database cannot be read.
    """
    first_day = view.since_ms // DAY_MS
    return summed(
        await spending.by_day(view),
        await spending.by_module(view),
        await ledger.balances(payer),
        first_day=first_day,
        number=view.until_ms // DAY_MS - first_day,
    )


async def as_csv(rows: AsyncIterator[Mapping[Any, Any]], *, names_people: bool) -> bytes:
    """One line per call; times are ISO 8601 in UTC, costs are US dollars.

    Args:
        rows: From `Spending.each`.
        names_people: Whether to fill the column "person".
    """
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(COLUMNS)
    async for row in rows:
        at = datetime.fromtimestamp(row["at_ms"] / 1000, UTC)
        out.writerow(
            [
                at.isoformat(timespec="seconds"),
                row["service"],
                _plain(row["module"]),
                row["guild_id"],
                row["channel_id"],
                row["user_id"] if names_people else "",
                f"{row['cost_micro_usd'] / MICRO:.6f}",
                row["basis"],
                "" if row["execution_ms"] is None else f"{row['execution_ms'] / 1000:.3f}",
                row["input_tokens"],
                row["output_tokens"],
                _plain(row["call_id"]),
            ]
        )
    return text.getvalue().encode()


def _plain(text: str) -> str:
    """Escape a cell that a spreadsheet would take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
