"""This process's membership in the cluster, from start to shutdown, as the client sees it."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

import discord

from bot.clock import Clock
from bot.cluster.discord_time import DiscordTime
from bot.cluster.identify_limiter import IdentifyLimiter
from bot.cluster.shard_keeper import ShardKeeper
from bot.cluster.shard_set import ShardSet
from bot.cluster.spec import Alone, Claimed, ShardSpec, check_shards
from bot.errors import StoreFailed
from bot.store.repositories.shard_leases import ShardLeases

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 0.25
_ASK_AGAIN_S: Final = 2.0
_REGISTERING: Final = -1
"""A slot of our own, for registering the commands; not one of Discord's buckets."""
_REGISTERING_MS: Final = 30_000
"""By then a process that took the slot has failed."""


class Guest(Protocol):
    """Holds lasting connections on shards: a cog with voice channels."""

    def talks(self, shard: int) -> bool:
        """Whether there is a conversation on the shard that we should not interrupt."""

    async def leave(self, shard: int) -> None:
        """End the connections on a shard; the next process to serve it restores them."""


@dataclass(slots=True)
class ClusterMembership:
    """Decides which shards this process serves.

    Attributes:
        clock: Measures the grace period.
        leases: The table that all processes share; None with SQLite.
        grace_s: How long conversations may continue once the process is told to stop.
        guests: Asked before a shard is handed over.
        shards: The claimed shards' connections; None if shards are not claimed.
        dead_after_s: A process that received an event longer ago and has not begun it is dead: a
            shard changes hands sooner only if its process says that it has finished.
        time: Discord's time, whatever this machine's clock says.
    """

    client: discord.AutoShardedClient
    clock: Clock
    spec: ShardSpec
    leases: ShardLeases | None
    grace_s: float
    guests: list[Guest] = field(default_factory=list)
    shards: ShardSet | None = None
    dead_after_s: float = 4.0
    time: DiscordTime = field(init=False)
    _limiter: IdentifyLimiter | None = None
    _keeper: ShardKeeper | None = None
    _keeper_task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        check_shards(self.spec, has_leases=self.leases is not None)
        self.time = DiscordTime(self.clock)
        self.time.watch(self.client.http)

    @property
    def is_claimed(self) -> bool:
        """Whether processes claim shards; otherwise discord.py opens them itself."""
        return isinstance(self.spec, Claimed)

    @property
    def is_shared(self) -> bool:
        """Whether other processes may be running the same bot."""
        return not isinstance(self.spec, Alone)

    async def begin(self) -> None:
        """Start claiming shards; they come up over time.

        Raises:
            discord.HTTPException, StoreFailed: The number of shards cannot be determined.
        """
        if not isinstance(self.spec, Claimed) or self.leases is None:
            raise AssertionError("begin() needs claimed shards")
        advised, _, limits = await self.client.http.get_bot_gateway()
        count = self.spec.count or await self.leases.count() or advised
        self._limiter = IdentifyLimiter(self.leases, self.clock, limits["max_concurrency"])
        self.shards = ShardSet(
            self.client,
            self.clock,
            count,
            time=self.time,
            slot=self._limiter.slot,
            leave=self._leave,
            talks=self._talks,
        )
        self._keeper = ShardKeeper(self.leases, self.shards, self.clock, count)
        self._keeper_task = self.client.loop.create_task(
            self._run_keeper(self._keeper), name="shards"
        )

    async def wait_to_identify(self, shard: int) -> bool:
        """Wait until a shard may identify; False: discord.py's own limit is enough."""
        if isinstance(self.spec, Alone) or self.leases is None:
            return False
        if self._limiter is None:
            limits = await self.client.fetch_session_start_limits()
            self._limiter = IdentifyLimiter(self.leases, self.clock, limits.max_concurrency)
        await self._limiter.wait(shard)
        return True

    def is_whole(self, guild_id: int) -> bool:
        """Whether a server is fully known, including the people in its voice channels.

        After a takeover this takes until the fresh session is up.
        """
        guild = self.client.get_guild(guild_id)
        if guild is None or guild.unavailable:
            return False
        return self.shards is None or self.shards.is_whole(guild.shard_id)

    async def may_register(self) -> bool:
        """Whether this process should register the commands; otherwise another one is doing so.

        Raises:
            StoreFailed: The database does not answer.
        """
        if self.leases is None or not self.is_claimed:
            return True
        return not await self.leases.take_turn(_REGISTERING, every_ms=_REGISTERING_MS)

    async def end(self) -> None:
        """Hand over the shards: at once, except those where people are talking to the bot."""
        keeper, shards = self._keeper, self.shards
        if keeper is None or shards is None:
            return
        until = self.clock.now() + self.grace_s
        talking = self._all_talking(shards)
        await keeper.retire(but=talking)
        while talking:
            await self.clock.sleep(_LOOK_EVERY_S)
            with suppress(StoreFailed):
                await keeper.renew()
            before = talking
            talking = set() if self.clock.now() >= until else talking & self._all_talking(shards)
            if talking != before:
                await keeper.retire(but=talking)
        if self._keeper_task is not None:
            self._keeper_task.cancel()
            await asyncio.wait([self._keeper_task])
        await shards.finish()

    async def _run_keeper(self, keeper: ShardKeeper) -> None:
        while True:
            try:
                await keeper.run()
            except Exception:
                log.exception("the lease keeper failed; restarting it")
                await self.clock.sleep(_ASK_AGAIN_S)

    def _talks(self, shard: int) -> bool:
        return any(guest.talks(shard) for guest in self.guests)

    def _all_talking(self, shards: ShardSet) -> set[int]:
        return {shard for shard in shards.sessions() if self._talks(shard)}

    async def _leave(self, shard: int) -> None:
        for guest in self.guests:
            try:
                await guest.leave(shard)
            except Exception:
                log.exception("shard %d: leaving failed; closing it anyway", shard)
