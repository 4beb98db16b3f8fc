"""Status reports of the running processes, for `skydeck health`."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, select

from bot.clock import Clock
from bot.store.database import Database
from bot.store.tables import pulses

EVERY_S: Final = 3.0
"""The pause between a process's reports."""
GONE_AFTER_S: Final = 4 * EVERY_S
"""A process that has not reported for this long counts as dead."""
_FORGET_S: Final = 86_400.0


class Heartbeats:
    """One row per process. Every method raises StoreFailed when the database fails.

    Args:
        clock: Dates them; all machines' clocks should agree to the second.
        owner: The name of this process; no other process ever had it. Who only reads needs none.
    """

    def __init__(self, database: Database, clock: Clock, *, owner: str = "") -> None:
        self._database = database
        self._clock = clock
        self._owner = owner

    async def publish(self, report: Mapping[str, Any]) -> None:
        """Replace this process's report, a JSON object."""
        row = {"owner": self._owner, "at_ms": self._now_ms(), "told": report}
        await self._database.upsert(pulses, row)

    async def leave(self) -> None:
        """Delete the reports of this process, which is about to end, and of long-dead processes."""
        oldest_ms = self._now_ms() - round(_FORGET_S * 1000)
        gone = (pulses.c.owner == self._owner) | (pulses.c.at_ms < oldest_ms)
        await self._database.change(delete(pulses).where(gone))

    async def living(self) -> list[Mapping[str, Any]]:
        """The latest report of each living process."""
        oldest_ms = self._now_ms() - round(GONE_AFTER_S * 1000)
        query = select(pulses.c.told).where(pulses.c.at_ms >= oldest_ms).order_by(pulses.c.owner)
        return [row["told"] for row in await self._database.rows(query)]

    def _now_ms(self) -> int:
        return round(self._clock.wall() * 1000)
