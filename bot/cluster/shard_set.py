"""All shards that this process serves, as discord.py sees them.

`AutoShardedClient` opens the shards it was made with, and no others later. It reads everything else
from its dictionary of shards, so `ShardSet` maintains that dictionary; nothing else touches it.

A shard that is taken over resumes the other process's session, which loses nothing and does not
count as an identify. A resumed session knows only what happens from then on, so the set opens a
fresh one beside it as soon as the shard may identify; the fresh one replaces it once it is up.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import discord
from discord.shard import EventItem, EventType, Shard

from bot.background import Background
from bot.clock import Clock
from bot.cluster.discord_time import DiscordTime
from bot.cluster.event_intake import EventIntake
from bot.cluster.gateway_shard import RESUMABLE, GatewayShard, Slot
from bot.store.records import GatewaySession

log = logging.getLogger(__name__)

OVERLAP_S: Final = 1.0
"""How long the old session runs beside the fresh one; the intake drops duplicate events."""


class ShardSet:
    """The shards of one client; implements `shard_keeper.Shards`.

    Args:
        count: The number of shards of the whole bot.
        slot: The limiter's slot to hold while connecting in order to identify.
        leave: Called before a shard closes, to leave its voice channels.
        talks: Whether people are talking to the bot on a shard.
    """

    def __init__(
        self,
        client: discord.AutoShardedClient,
        clock: Clock,
        count: int,
        *,
        time: DiscordTime,
        slot: Slot,
        leave: Callable[[int], Awaitable[None]],
        talks: Callable[[int], bool],
    ) -> None:
        self._client = client
        self._clock = clock
        self._intake = EventIntake(client, time)
        self._slot = slot
        self._leave = leave
        self._talks = talks
        self._shards: dict[int, GatewayShard] = {}
        self._fresh: dict[int, GatewayShard] = {}
        self._endings = Background("closing a replaced shard")
        self._was_up = False
        self.changed = asyncio.Event()
        client.shard_count = count
        state = client._connection  # noqa: SLF001
        state.shard_count = count
        state.shard_ids = []  # so discord.py waits for no shard to become ready

    # -- for the lease keeper ----------------------------------------------------------------------

    def sessions(self) -> dict[int, GatewaySession | None]:
        """The checkpoint of each shard's session."""
        return {shard: connection.checkpoint() for shard, connection in self._shards.items()}

    def costs(self) -> Mapping[int, int]:
        """How much a handover of each shard disrupts."""
        return {
            shard: 0 if not connection.is_up else 2 if self._talks(shard) else 1
            for shard, connection in self._shards.items()
        }

    def open(self, shard: int, session: GatewaySession | None) -> None:
        """Open a shard."""
        if shard not in self._shards:
            connection = self._shards[shard] = self._new_shard(shard, session, self._came_up)
            connection.launch()

    async def close(self, shard: int) -> GatewaySession | None:
        """Close a shard so that its session can be resumed; returns that session."""
        connection = self._shards.get(shard)
        if connection is None:
            return None
        await self._leave(shard)
        fresh = self._fresh.pop(shard, None)
        if fresh is not None:
            await fresh.close()
        await connection.close(RESUMABLE)
        self._shards.pop(shard, None)
        self._discord_shards.pop(shard, None)
        self._intake.forget(shard)
        self._client.dispatch("shard_disconnect", shard)
        return connection.session

    def is_whole(self, shard: int) -> bool:
        """Whether the shard is up on a session of its own, not one taken over."""
        connection = self._shards.get(shard)
        return connection is not None and connection.is_up and shard not in self._fresh

    async def finish(self) -> None:
        """Close replaced connections now, and wait for that."""
        await self._endings.close()

    @property
    def up(self) -> list[int]:
        """The shards that are up."""
        return sorted(shard for shard, connection in self._shards.items() if connection.is_up)

    # -- coming up ---------------------------------------------------------------------------------

    @property
    def _discord_shards(self) -> dict[int, Shard]:
        shards: dict[int, Shard] = self._client._AutoShardedClient__shards  # type: ignore[attr-defined]  # noqa: SLF001
        return shards

    def _new_shard(
        self,
        shard: int,
        session: GatewaySession | None,
        on_up: Callable[[GatewayShard, bool], object],
    ) -> GatewayShard:
        return GatewayShard(
            self._client,
            shard,
            self._intake,
            slot=self._slot,
            session=session,
            on_up=on_up,
            on_failed=self._failed,
        )

    def _came_up(self, connection: GatewayShard, is_resumed: bool) -> None:
        shard = connection.shard_id
        log.info("shard %d is %s", shard, "resumed" if is_resumed else "up")
        is_new = shard not in self._discord_shards
        self._discord_shards[shard] = connection
        self.changed.set()
        if not self._was_up:
            self._was_up = True
            self._client._connection.call_handlers("ready")  # noqa: SLF001
            self._client.dispatch("ready")
        if is_resumed and is_new:
            fresh = self._fresh[shard] = self._new_shard(shard, None, self._refreshed)
            fresh.launch()

    def _refreshed(self, connection: GatewayShard, is_resumed: bool) -> None:
        """Replace the resumed session with the fresh one, which is up."""
        shard = connection.shard_id
        if self._fresh.get(shard) is not connection:
            return
        del self._fresh[shard]
        old = self._shards[shard]
        self._shards[shard] = self._discord_shards[shard] = connection
        self.changed.set()
        self._endings.start(self._end(old))

    async def _end(self, connection: GatewayShard) -> None:
        try:
            await self._clock.sleep(OVERLAP_S)
        finally:
            await connection.close()

    def _failed(self, connection: GatewayShard, error: Exception) -> None:
        """End the client with this error, as discord.py does for its own shards."""
        item = EventItem(EventType.terminate, connection, error)
        self._client._AutoShardedClient__queue.put_nowait(item)  # type: ignore[attr-defined]  # noqa: SLF001
