"""Spending reports: sums by day and by module, and every call."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, RowMapping, Select, case, cast, func, literal_column, select

from bot.contract import Service
from bot.money import Basis
from bot.store.database import Database
from bot.store.records import CallState, DaySum, GroupSum, View
from bot.store.tables import calls

DAY_MS: Final = 86_400_000
ROWS_LIMIT: Final = 50_000
"""The most calls that `each` lists."""
_PAGE: Final = 1_000


class Spending:
    """Sums over the ledger. Every method raises StoreFailed when the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_day(self, view: View) -> list[DaySum]:
        """Sums by day and service, oldest first."""
        day = _day()
        query = (
            select(
                day.label("day"),
                calls.c.service,
                func.count().label("calls"),
                _sum(calls.c.cost_micro_usd).label("micro_usd"),
                _sum(
                    case((calls.c.basis == Basis.REPORTED, calls.c.cost_micro_usd), else_=0)
                ).label("reported"),
            )
            .where(*_in(view))
            .group_by(day, calls.c.service)
            .order_by(day, calls.c.service)
        )
        rows = await self._database.rows(query, long=True)
        return [DaySum(**dict(row) | {"service": Service(row["service"])}) for row in rows]

    async def by_module(self, view: View) -> list[GroupSum]:
        """Sums by service and module, highest first."""
        total = _sum(calls.c.cost_micro_usd)
        query = (
            select(
                calls.c.service,
                calls.c.module,
                func.count().label("calls"),
                total.label("micro_usd"),
            )
            .where(*_in(view))
            .group_by(calls.c.service, calls.c.module)
            .order_by(total.desc(), calls.c.service, calls.c.module)
        )
        rows = await self._database.rows(query, long=True)
        return [GroupSum(**dict(row) | {"service": Service(row["service"])}) for row in rows]

    async def each(self, view: View) -> AsyncIterator[RowMapping]:
        """Every call, oldest first; at most ROWS_LIMIT of them."""
        after: tuple[int, str] = (-1, "")
        for _ in range(ROWS_LIMIT // _PAGE):
            rows = await self._page(view, after)
            for row in rows:
                yield row
            if len(rows) < _PAGE:
                return
            after = (rows[-1]["at_ms"], rows[-1]["call_id"])

    async def _page(self, view: View, after: tuple[int, str]) -> Sequence[RowMapping]:
        at_ms, call_id = after
        query: Select[Any] = (
            select(calls)
            .where(*_in(view))
            .where(
                (calls.c.at_ms > at_ms) | ((calls.c.at_ms == at_ms) & (calls.c.call_id > call_id))
            )
            .order_by(calls.c.at_ms, calls.c.call_id)
            .limit(_PAGE)
        )
        return await self._database.rows(query, long=True)


def _day() -> Any:
    """Whole days since the epoch: both databases' `/` on integers drops the remainder."""
    return calls.c.at_ms.op("/")(literal_column(str(DAY_MS)))


def _sum(column: Any) -> Any:
    """PostgreSQL's sum of BIGINT is a NUMERIC."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _in(view: View) -> list[Any]:
    which = [
        calls.c.state == CallState.SETTLED,
        calls.c.at_ms >= view.since_ms,
        calls.c.at_ms < view.until_ms,
    ]
    if view.guild_id is not None:
        which.append(calls.c.guild_id == view.guild_id)
    if view.user_id is not None:
        which.append(calls.c.user_id == view.user_id)
    return which
