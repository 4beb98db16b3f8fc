"""This process's share of the bot's shards, from beginning to end; what the client knows of it."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

import discord

from bot.clock import Clock
from bot.cluster.identify_limiter import IdentifyLimiter
from bot.cluster.lease_keeper import LeaseKeeper
from bot.cluster.shard_set import ShardSet
from bot.cluster.spec import Alone, Claimed, ShardSpec, check_shards
from bot.errors import StoreFailed
from bot.store.repositories.shard_leases import ShardLeases

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 0.25
_ASK_AGAIN_S: Final = 2.0
_REGISTERING: Final = -1
"""No bucket of Discord's: the turn to register the commands."""
_REGISTERING_MS: Final = 30_000
"""After so long whoever had the turn has failed."""


class Guest(Protocol):
    """Somebody who has a lasting connection on a shard: a cog with voice channels."""

    def talks(self, shard: int) -> bool:
        """Whether a conversation is going on there that one would not break off."""
        ...

    async def leave(self, shard: int) -> None:
        """End what there is on a shard; whoever serves it next begins it again."""
        ...


@dataclass(slots=True)
class ClusterMembership:
    """What this process serves.

    Attributes:
        client: The client; its events come from the shards.
        clock: Time.
        spec: What the settings say.
        leases: The table that all processes see; None: there is none (SQLite).
        grace_s: How long a conversation may go on when the process is to end.
        guests: Who is asked before a shard changes hands.
        lines: The shards' lines, where they are claimed.
        dead_after_s: Whoever was told of something longer ago than that, and has not begun it, is
            dead: a shard changes hands sooner only when its process says that it has finished.
    """

    client: discord.AutoShardedClient
    clock: Clock
    spec: ShardSpec
    leases: ShardLeases | None
    grace_s: float
    guests: list[Guest] = field(default_factory=list)
    lines: ShardSet | None = None
    dead_after_s: float = 4.0
    _turns: IdentifyLimiter | None = None
    _keeper: LeaseKeeper | None = None
    _keeping: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        check_shards(self.spec, has_leases=self.leases is not None)

    @property
    def is_claimed(self) -> bool:
        """Whether shards are claimed, and not discord.py's own affair."""
        return isinstance(self.spec, Claimed)

    @property
    def is_shared(self) -> bool:
        """Whether there may be other processes that are the same bot."""
        return not isinstance(self.spec, Alone)

    async def begin(self) -> None:
        """Begin to claim shards; they come up by and by.

        Raises:
            discord.HTTPException, StoreFailed: It is not known how many there are.
        """
        if not isinstance(self.spec, Claimed) or self.leases is None:
            raise AssertionError("only claimed shards are begun")
        advised, _, limits = await self.client.http.get_bot_gateway()
        count = self.spec.count or await self.leases.count() or advised
        self._turns = IdentifyLimiter(self.leases, self.clock, limits["max_concurrency"])
        self.lines = ShardSet(
            self.client,
            self.clock,
            count,
            slot=self._turns.slot,
            leave=self._leave,
            talks=self._talks,
        )
        self._keeper = LeaseKeeper(self.leases, self.lines, self.clock, count)
        self._keeping = self.client.loop.create_task(self._keep(self._keeper), name="shards")

    async def wait_for_turn(self, shard: int) -> bool:
        """Wait until a shard may identify; False: nobody but this process has to be minded."""
        if isinstance(self.spec, Alone) or self.leases is None:
            return False
        if self._turns is None:
            limits = await self.client.fetch_session_start_limits()
            self._turns = IdentifyLimiter(self.leases, self.clock, limits.max_concurrency)
        await self._turns.wait(shard)
        return True

    def is_whole(self, guild_id: int) -> bool:
        """Whether all of a server is known, and who is in its voice channels.

        After a takeover that takes until a fresh session is up.
        """
        guild = self.client.get_guild(guild_id)
        if guild is None or guild.unavailable:
            return False
        return self.lines is None or self.lines.is_whole(guild.shard_id)

    async def may_register(self) -> bool:
        """Whether this process is the one to register the commands; else another is about to.

        Raises:
            StoreFailed: That cannot be looked up.
        """
        if self.leases is None or not self.is_claimed:
            return True
        return not await self.leases.turn(_REGISTERING, every_ms=_REGISTERING_MS)

    async def end(self) -> None:
        """Let others have the shards: at once, but for those where people are talking with us."""
        keeper, lines = self._keeper, self.lines
        if keeper is None or lines is None:
            return
        until = self.clock.now() + self.grace_s
        talking = self._all_talking(lines)
        await keeper.retire(but=talking)
        while talking:
            await self.clock.sleep(_LOOK_EVERY_S)
            with suppress(StoreFailed):
                await keeper.renew()
            before = talking
            talking = set() if self.clock.now() >= until else talking & self._all_talking(lines)
            if talking != before:
                await keeper.retire(but=talking)
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await lines.finish()

    async def _keep(self, keeper: LeaseKeeper) -> None:
        while True:
            try:
                await keeper.run()
            except Exception:
                log.exception("the shards' keeper broke off; it begins again")
                await self.clock.sleep(_ASK_AGAIN_S)

    def _talks(self, shard: int) -> bool:
        return any(guest.talks(shard) for guest in self.guests)

    def _all_talking(self, lines: ShardSet) -> set[int]:
        return {shard for shard in lines.standing() if self._talks(shard)}

    async def _leave(self, shard: int) -> None:
        for guest in self.guests:
            try:
                await guest.leave(shard)
            except Exception:
                log.exception("shard %d is left all the same", shard)
