"""What running processes say of themselves, for whoever asks from outside of them."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, select

from bot.clock import Clock
from bot.store.database import Database, uninterrupted
from bot.store.tables import pulses

EVERY_S: Final = 3.0
"""How often a process tells."""
GONE_AFTER_S: Final = 4 * EVERY_S
"""A process that has not told for so long is taken for gone."""
_FORGET_S: Final = 86_400.0


class Heartbeats:
    """One row for each process. All methods raise StoreFailed.

    Args:
        database: Where.
        clock: Dates what is told; all machines' clocks are taken to agree on seconds.
        owner: A name of this process that no other ever had.
    """

    def __init__(self, database: Database, clock: Clock, *, owner: str) -> None:
        self._database = database
        self._clock = clock
        self._owner = owner

    @uninterrupted
    async def tell(self, told: Mapping[str, Any]) -> None:
        """Say how this process is: a JSON object, in place of the one before."""
        row = {"at_ms": self._now_ms(), "told": told}
        insert = self._database.insert(pulses).values(owner=self._owner, **row)
        async with self._database.writing() as connection:
            await connection.execute(
                insert.on_conflict_do_update(index_elements=["owner"], set_=row)
            )

    @uninterrupted
    async def leave(self) -> None:
        """This process ends; those that ended long ago without a word are forgotten, too."""
        oldest_ms = self._now_ms() - round(_FORGET_S * 1000)
        gone = (pulses.c.owner == self._owner) | (pulses.c.at_ms < oldest_ms)
        async with self._database.writing() as connection:
            await connection.execute(delete(pulses).where(gone))

    @uninterrupted
    async def living(self) -> list[Mapping[str, Any]]:
        """What each process that is there has last told."""
        oldest_ms = self._now_ms() - round(GONE_AFTER_S * 1000)
        query = select(pulses.c.told).where(pulses.c.at_ms >= oldest_ms).order_by(pulses.c.owner)
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    def _now_ms(self) -> int:
        return round(self._clock.wall() * 1000)
