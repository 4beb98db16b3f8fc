"""Claims, renews and releases this process's shard leases: the I/O around `rebalancer.plan`.

    A dies ──▶ the leases on its shards expire (SHARD_LEASE_MS) ──▶ B and C take and resume them
    D joins ──▶ A, B and C release some shards with their sessions ──▶ D takes and resumes them
    A is stopped ──▶ it releases all shards ──▶ B and C take them at their next beat

No shard is served twice: a process that could not renew for `FENCE_S` closes its shards before the
leases expire. The process measures from before it sends a renewal, the database from when it
receives it, so the two clocks only have to run equally fast.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Never, Protocol

from bot.clock import Clock
from bot.cluster.rebalancer import ClusterState, plan
from bot.errors import StoreFailed
from bot.store.records import GatewaySession
from bot.store.repositories.shard_leases import SHARD_LEASE_MS, ShardLeases

log = logging.getLogger(__name__)

BEAT_S: Final = 1.0
"""The interval at which a process renews its leases and looks for free shards."""
FENCE_S: Final = SHARD_LEASE_MS / 1000 - 2.0
"""How long after its last renewal a process closes its shards: well before the lease expires."""
_WAIT_FOR_OTHERS_S: Final = 2.0


class Shards(Protocol):
    """The gateway connections of this process's shards.

    Attributes:
        changed: Set when there is a new session. It must reach the table at once: until then no
            other process can resume it.
    """

    changed: asyncio.Event

    def sessions(self) -> dict[int, GatewaySession | None]:
        """The session of each open shard; None if it has none yet."""

    def costs(self) -> Mapping[int, int]:
        """How much a handover of each shard disrupts: 0 nothing, 1 a moment, 2 a conversation."""

    def open(self, shard: int, session: GatewaySession | None) -> None:
        """Open a shard, resuming `session` if there is one; returns at once."""

    async def close(self, shard: int) -> GatewaySession | None:
        """Close a shard; returns the session for the process that takes it over."""


@dataclass(slots=True)
class ShardKeeper:
    """Keeps one process's leases.

    Attributes:
        leases: The table that all processes share.
        shards: The connections to open and close.
        count: The number of shards of the whole bot.
    """

    leases: ShardLeases
    shards: Shards
    clock: Clock
    count: int
    _safe_until: float = 0.0
    _fenced_off: dict[int, GatewaySession | None] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _is_retiring: bool = False

    async def run(self) -> Never:
        """Keep the leases until cancelled."""
        await self._wait_for_other_counts()
        self._safe_until = self.clock.now() + FENCE_S
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fence())
            while True:
                with suppress(StoreFailed):
                    await self.beat()
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await self.shards.changed.wait()
                self.shards.changed.clear()

    async def beat(self) -> None:
        """Renew the leases, then open, close, take or release shards as needed.

        Raises:
            StoreFailed: The database does not answer; the leases may expire.
        """
        async with self._lock:
            if not self._is_retiring:
                await self._renew_and_move()

    async def _renew_and_move(self) -> None:
        asked_at = self.clock.now()
        served = self.shards.sessions()
        table = await self.leases.beat(self.count, served | self._fenced_off)
        self._safe_until = asked_at + FENCE_S
        if self.clock.now() >= self._safe_until:
            return  # the answer took so long that the leases may have expired again
        me = self.leases.owner
        for shard in served:
            if table.owners.get(shard) != me:
                log.warning("shard %d was taken over by another process", shard)
                await self.shards.close(shard)
        self._reopen(one for one in self._fenced_off if table.owners.get(one) == me)
        live = frozenset(one for one, count in table.live.items() if count == self.count)
        step = plan(me, ClusterState(live, table.owners, self.count), self.shards.costs())
        if step.give:
            log.info("releasing shards %s to other processes", list(step.give))
            await self._release(step.give)
        elif step.take:
            taken = await self.leases.claim(self.count, step.take)
            for shard, session in sorted(taken.items()):
                log.info("taking shard %d%s", shard, "" if session is None else " with its session")
                self.shards.open(shard, session)

    def _reopen(self, kept: Iterable[int]) -> None:
        """Open the shards again that were closed only because nobody knew whose they are."""
        for shard in kept:
            self.shards.open(shard, self._fenced_off[shard])
        self._fenced_off.clear()

    async def retire(self, *, but: Collection[int] = ()) -> None:
        """Release all shards except those in `but`, and take no more.

        A later call releases the rest; renew them until then.
        """
        async with self._lock:
            self._is_retiring = True
            try:
                await self.leases.leave()
                await self._release([one for one in self.shards.sessions() if one not in but])
            except StoreFailed as e:
                log.warning("could not hand over the shards; their leases will expire: %s", e)

    async def renew(self) -> None:
        """Renew the remaining leases while this process retires.

        Raises:
            StoreFailed: The database does not answer.
        """
        asked_at = self.clock.now()
        await self.leases.renew(self.count, self.shards.sessions())
        self._safe_until = asked_at + FENCE_S

    async def _release(self, shards: Collection[int]) -> None:
        async def close(shard: int) -> None:
            released[shard] = await self.shards.close(shard)

        released: dict[int, GatewaySession | None] = {}
        async with asyncio.TaskGroup() as closing:
            for shard in shards:
                closing.create_task(close(shard))
        await self.leases.release(self.count, released)

    async def _fence(self) -> Never:
        """Close every shard once its lease may have expired."""
        while True:
            await self.clock.sleep(max(self._safe_until - self.clock.now(), 0.05))
            if self.clock.now() < self._safe_until:
                continue
            for shard in self.shards.sessions():
                log.warning("closing shard %d: its lease cannot be renewed", shard)
                self._fenced_off[shard] = await self.shards.close(shard)

    async def _wait_for_other_counts(self) -> None:
        """Wait for processes with a different shard count: they would serve the same servers."""
        is_logged = False
        while True:
            with suppress(StoreFailed):
                others = await self.leases.others(self.count)
                if not others:
                    return
                if not is_logged:
                    log.warning(
                        "waiting: other processes have %s shards, not %d", others, self.count
                    )
                    is_logged = True
            await self.clock.sleep(_WAIT_FOR_OTHERS_S)
