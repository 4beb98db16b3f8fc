"""Leases on shards: which process serves which shard, and which one may identify next.

All times are the database's own, so the processes' clocks need not agree. A process renews its
leases every second (`beat`). Any process may claim a shard whose lease has run out (`claim`); the
row lock gives it to one of them. The lease also holds the state of the session with Discord, so
that the next process resumes the session: Discord then repeats the events that it missed.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, cast, delete, func, literal_column, select, update

from bot.store.database import Database, uninterrupted
from bot.store.records import GatewaySession, LeaseState
from bot.store.tables import identify_turns, shard_leases, shard_processes

SHARD_LEASE_MS: Final = 6_000
"""How long after a process's last sign of life its shards are free. It is shorter than the lease on
jobs (`job_leases.JOB_LEASE_MS`): people wait, and a needless move loses nothing."""
_NOW: Final = cast(literal_column("EXTRACT(EPOCH FROM clock_timestamp()) * 1000"), BigInteger)
_FORGET_MS: Final = 86_400_000
"""When the row of a dead process is deleted."""


class ShardLeases:
    """The leases of one process, on PostgreSQL. Methods raise StoreFailed when it fails.

    Args:
        owner: The name of this process; no other process ever had it.
        lease_ms: See `SHARD_LEASE_MS`.
    """

    def __init__(self, database: Database, *, owner: str, lease_ms: int = SHARD_LEASE_MS) -> None:
        self._database = database
        self._lease_ms = lease_ms
        self.owner = owner

    @uninterrupted
    async def beat(self, count: int, held: Mapping[int, GatewaySession | None]) -> LeaseState:
        """Give a sign of life, renew the leases, and return the state of all processes.

        Args:
            count: How many shards there are.
            held: The shards that this process serves, with their sessions. A lease that another
                process has claimed meanwhile is not renewed.
        """
        until = _NOW + self._lease_ms
        alive = {"shard_count": count, "seen_until_ms": until}
        sign = self._database.insert(shard_processes).values(owner=self.owner, **alive)
        sign = sign.on_conflict_do_update(index_elements=["owner"], set_=alive)
        others = select(shard_processes.c.owner, shard_processes.c.shard_count).where(
            shard_processes.c.seen_until_ms > _NOW
        )
        leases = select(shard_leases.c.shard_id, shard_leases.c.owner).where(
            shard_leases.c.shard_count == count, shard_leases.c.until_ms > _NOW
        )
        async with self._database.writing() as connection:
            await connection.execute(sign)
            if held:
                await connection.execute(self._renewal(count, until), _sessions(held))
            live = (await connection.execute(others)).all()
            owners = (await connection.execute(leases)).all()
        return LeaseState(dict(live), {shard: owner for shard, owner in owners if owner})

    @uninterrupted
    async def renew(self, count: int, held: Mapping[int, GatewaySession | None]) -> None:
        """Renew the leases without a sign of life, in a process that is about to end."""
        if held:
            async with self._database.writing() as connection:
                renewal = self._renewal(count, _NOW + self._lease_ms)
                await connection.execute(renewal, _sessions(held))

    @uninterrupted
    async def others(self, count: int) -> list[int]:
        """The other numbers of shards that living processes expect."""
        query = select(shard_processes.c.shard_count).where(
            shard_processes.c.seen_until_ms > _NOW, shard_processes.c.shard_count != count
        )
        async with self._database.reading() as connection:
            return sorted(set((await connection.execute(query)).scalars()))

    @uninterrupted
    async def count(self) -> int | None:
        """The number of shards that the living processes expect; None if none is alive."""
        query = (
            select(shard_processes.c.shard_count)
            .where(shard_processes.c.seen_until_ms > _NOW)
            .order_by(shard_processes.c.owner)
            .limit(1)
        )
        async with self._database.reading() as connection:
            found: int | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    def _renewal(self, count: int, until: Any) -> Any:
        return (
            update(shard_leases)
            .where(
                shard_leases.c.shard_count == count,
                shard_leases.c.shard_id == bindparam("shard"),
                shard_leases.c.owner == self.owner,
            )
            .values(until_ms=until, session=bindparam("state"))
        )

    @uninterrupted
    async def claim(self, count: int, shards: Collection[int]) -> dict[int, GatewaySession | None]:
        """Claim those of the shards that are free now. Each goes to one process only.

        Returns:
            The claimed shards, with their last sessions.
        """
        wanted = sorted(shards)
        table = shard_leases
        rows = [{"shard_count": count, "shard_id": shard, "until_ms": 0} for shard in wanted]
        free = (
            select(table.c.shard_id)
            .where(
                table.c.shard_count == count,
                table.c.shard_id.in_(wanted),
                table.c.until_ms <= _NOW,
            )
            .with_for_update(skip_locked=True)
        )
        async with self._database.writing() as connection:
            await connection.execute(
                self._database.insert(table).values(rows).on_conflict_do_nothing()
            )
            ids = (await connection.execute(free)).scalars().all()
            taken = await connection.execute(
                update(table)
                .where(table.c.shard_count == count, table.c.shard_id.in_(ids))
                .values(owner=self.owner, until_ms=_NOW + self._lease_ms)
                .returning(table.c.shard_id, table.c.session)
            )
            return {shard: _session(state) for shard, state in taken}

    @uninterrupted
    async def release(self, count: int, held: Mapping[int, GatewaySession | None]) -> None:
        """Let other processes claim these shards at once, with their sessions."""
        if not held:
            return
        async with self._database.writing() as connection:
            await connection.execute(self._renewal(count, 0), _sessions(held))

    @uninterrupted
    async def leave(self) -> None:
        """Delete the rows of this process, and of processes that died long ago."""
        gone = (shard_processes.c.owner == self.owner) | (
            shard_processes.c.seen_until_ms < _NOW - _FORGET_MS
        )
        async with self._database.writing() as connection:
            await connection.execute(delete(shard_processes).where(gone))

    @uninterrupted
    async def take_turn(self, bucket: int, *, every_ms: int) -> int:
        """Take the bucket's turn to identify, if it is free.

        Args:
            bucket: Discord's `shard_id % max_concurrency`.
            every_ms: The shortest time between two turns.

        Returns:
            0 if it was taken, else the milliseconds until it is worth asking again.
        """
        table = identify_turns
        first = self._database.insert(table).values(bucket=bucket, next_at_ms=0)
        taking = (
            update(table)
            .where(table.c.bucket == bucket, table.c.next_at_ms <= _NOW)
            .values(next_at_ms=_NOW + every_ms)
        )
        left = select(func.greatest(table.c.next_at_ms - _NOW, 1)).where(table.c.bucket == bucket)
        async with self._database.writing() as connection:
            await connection.execute(first.on_conflict_do_nothing())
            if (await connection.execute(taking)).rowcount:
                return 0
            return int((await connection.execute(left)).scalar_one())


def _sessions(held: Mapping[int, GatewaySession | None]) -> list[dict[str, Any]]:
    return [
        {
            "shard": shard,
            "state": None if one is None else [one.id, one.sequence, one.url],
        }
        for shard, one in sorted(held.items())  # in one order, so that two writers do not deadlock
    ]


def _session(state: Any) -> GatewaySession | None:
    return None if not state else GatewaySession(*state)
