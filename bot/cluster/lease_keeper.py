"""Keeps this process's share of the shards: claims, renews, gives back. The shell around `plan`.

    A dies ──▶ its leases run out (LEASE_MS) ──▶ B and C take its shards and resume its sessions
    D comes ──▶ A, B, C let go of some, each from where its session stands ──▶ D takes them
    A is stopped ──▶ it lets go of all ──▶ B and C take them at their next beat

No shard is served twice: who has not been able to renew for `FENCE_S` closes its shards before the
lease runs out. Own time is measured from before the renewal was sent, the lease from when the
database had it, so the two clocks only have to run equally fast.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Never, Protocol

from bot.clock import Clock
from bot.cluster.rebalancer import ClusterState, plan
from bot.errors import StoreFailed
from bot.store.records import GatewaySession
from bot.store.repositories.shard_leases import ShardLeases

log = logging.getLogger(__name__)

BEAT_S: Final = 1.0
"""How often a process gives a sign of life, and looks for shards that are free."""
FENCE_S: Final = 4.0
"""After so long without a renewal a process closes its shards; well below the lease."""
_WAIT_FOR_OTHERS_S: Final = 2.0


class Shards(Protocol):
    """The shards' lines to Discord.

    Attributes:
        changed: Set when there is a new session, which the table is to know of at once: until then
            nobody else could resume it.
    """

    changed: asyncio.Event

    def standing(self) -> dict[int, GatewaySession | None]:
        """Where each shard that is served stands; None when it has no session yet."""
        ...

    def costs(self) -> Mapping[int, int]:
        """How much people would notice of a change of hands: 0 nothing, 1 a moment, 2 a talk."""
        ...

    def open(self, shard: int, session: GatewaySession | None) -> None:
        """Serve a shard, from where its session stands; returns at once."""
        ...

    async def close(self, shard: int) -> GatewaySession | None:
        """Serve it no more; where its session stands, for whoever resumes it."""
        ...


@dataclass(slots=True)
class LeaseKeeper:
    """One process's share.

    Attributes:
        leases: The table that all processes see.
        lines: The shards' lines.
        clock: Time.
        count: How many shards there are.
    """

    leases: ShardLeases
    lines: Shards
    clock: Clock
    count: int
    _safe_until: float = 0.0
    _parked: dict[int, GatewaySession | None] = field(default_factory=dict)
    _moving: asyncio.Lock = field(default_factory=asyncio.Lock)
    _is_retiring: bool = False

    async def run(self) -> Never:
        """Keep the share until this is cancelled."""
        await self._let_others_go()
        self._safe_until = self.clock.now() + FENCE_S
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fence())
            while True:
                with suppress(StoreFailed):
                    await self.beat()
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await self.lines.changed.wait()
                self.lines.changed.clear()

    async def beat(self) -> None:
        """Give a sign of life, and set right what is not as it should be.

        Raises:
            StoreFailed: The database does not answer; the leases may run out.
        """
        async with self._moving:
            if not self._is_retiring:
                await self._renew_and_move()

    async def _renew_and_move(self) -> None:
        asked_at = self.clock.now()
        served = self.lines.standing()
        standing = await self.leases.beat(self.count, served | self._parked)
        self._safe_until = asked_at + FENCE_S
        me = self.leases.owner
        for shard in served:
            if standing.owners.get(shard) != me:
                log.warning("shard %d was taken over by another process", shard)
                await self.lines.close(shard)
        for shard, session in self._parked.items():
            if standing.owners.get(shard) == me:
                self.lines.open(shard, session)
        self._parked.clear()
        live = frozenset(one for one, count in standing.live.items() if count == self.count)
        step = plan(me, ClusterState(live, standing.owners, self.count), self.lines.costs())
        if step.give:
            log.info("letting go of shards %s for others", list(step.give))
            await self._give(step.give)
        elif step.take:
            taken = await self.leases.take(self.count, step.take)
            for shard, session in sorted(taken.items()):
                log.info("taking shard %d%s", shard, "" if session is None else " where it stood")
                self.lines.open(shard, session)

    async def retire(self, *, but: Collection[int] = ()) -> None:
        """Let others have the shards now, and take none any more; those in `but` stay ours.

        They are renewed until a later call gives them, too.
        """
        async with self._moving:
            self._is_retiring = True
            try:
                await self.leases.leave()
                await self._give([one for one in self.lines.standing() if one not in but])
            except StoreFailed as e:
                log.warning("shards not handed over; their leases run out by themselves: %s", e)

    async def renew(self) -> None:
        """Keep what is still served while this process retires.

        Raises:
            StoreFailed: The database does not answer.
        """
        asked_at = self.clock.now()
        await self.leases.renew(self.count, self.lines.standing())
        self._safe_until = asked_at + FENCE_S

    async def _give(self, shards: Collection[int]) -> None:
        async def close(shard: int) -> None:
            given[shard] = await self.lines.close(shard)

        given: dict[int, GatewaySession | None] = {}
        async with asyncio.TaskGroup() as closing:
            for shard in shards:
                closing.create_task(close(shard))
        await self.leases.give(self.count, given)

    async def _fence(self) -> Never:
        """Close everything when the leases can no longer be relied upon."""
        while True:
            await self.clock.sleep(max(self._safe_until - self.clock.now(), 0.05))
            if self.clock.now() < self._safe_until:
                continue
            for shard in self.lines.standing():
                log.warning("shard %d is closed: its lease cannot be renewed", shard)
                self._parked[shard] = await self.lines.close(shard)

    async def _let_others_go(self) -> None:
        """Processes that go by another count of shards would serve the same servers twice."""
        is_said = False
        while True:
            with suppress(StoreFailed):
                others = await self.leases.others(self.count)
                if not others:
                    return
                if not is_said:
                    log.warning(
                        "waiting: other processes have %s shards, not %d", others, self.count
                    )
                    is_said = True
            await self.clock.sleep(_WAIT_FOR_OTHERS_S)
