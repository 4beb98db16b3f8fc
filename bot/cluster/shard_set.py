"""All shards that this process serves, as discord.py sees them.

`AutoShardedClient` opens the shards it was made with, and no others later. Its dictionary of shards
is what it reads for everything else, so `ShardSet` keeps that dictionary: this is the only place
that touches it.

A shard that is taken over begins where the other's session stood, which is not counted as an
identify and loses nothing. A session that was resumed knows only what happens from now on; so a
fresh one is opened beside it as soon as this shard may identify, and takes its place when it is up.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import discord
from discord.shard import EventItem, EventType, Shard

from bot.clock import Clock
from bot.cluster.event_intake import EventIntake
from bot.cluster.gateway_shard import RESUMABLE, GatewayShard, Slot
from bot.store.records import GatewaySession

log = logging.getLogger(__name__)

OVERLAP_S: Final = 1.0
"""How long the old session is heard beside the fresh one; what both tell is taken in once."""


class ShardSet:
    """The lines of one client; implements `keeper.Lines`.

    Args:
        client: Whose.
        clock: Time.
        count: How many shards there are.
        slot: Within it, a shard may connect in order to identify.
        leave: Called before a shard is closed: leave its voice channels.
        talks: Whether people are talking with us on a shard.
    """

    def __init__(
        self,
        client: discord.AutoShardedClient,
        clock: Clock,
        count: int,
        *,
        slot: Slot,
        leave: Callable[[int], Awaitable[None]],
        talks: Callable[[int], bool],
    ) -> None:
        self._client = client
        self._clock = clock
        self._intake = EventIntake(client, clock)
        self._slot = slot
        self._leave = leave
        self._talks = talks
        self._lines: dict[int, GatewayShard] = {}
        self._fresh: dict[int, GatewayShard] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._was_up = False
        self.changed = asyncio.Event()
        client.shard_count = count
        state = client._connection  # noqa: SLF001
        state.shard_count = count
        state.shard_ids = []  # it waits for none of them by itself to be ready

    # -- what the keeper sees ----------------------------------------------------------------------

    def standing(self) -> dict[int, GatewaySession | None]:
        """Where each shard stands."""
        return {shard: line.checkpoint() for shard, line in self._lines.items()}

    def costs(self) -> Mapping[int, int]:
        """How much people would notice."""
        return {
            shard: 0 if not line.is_up else 2 if self._talks(shard) else 1
            for shard, line in self._lines.items()
        }

    def open(self, shard: int, session: GatewaySession | None) -> None:
        """Serve a shard."""
        if shard not in self._lines:
            line = self._lines[shard] = self._line(shard, session, self._came_up)
            line.launch()

    async def close(self, shard: int) -> GatewaySession | None:
        """Serve it no more."""
        line = self._lines.get(shard)
        if line is None:
            return None
        await self._leave(shard)
        fresh = self._fresh.pop(shard, None)
        if fresh is not None:
            await fresh.close()
        await line.close(RESUMABLE)
        self._lines.pop(shard, None)
        self._shards.pop(shard, None)
        self._intake.forget(shard)
        self._client.dispatch("shard_disconnect", shard)
        return line.session

    def is_whole(self, shard: int) -> bool:
        """Whether its session is of our own making, and not one that was taken over."""
        line = self._lines.get(shard)
        return line is not None and line.is_up and shard not in self._fresh

    async def finish(self) -> None:
        """Wait until what was replaced is closed; nothing is opened any more."""
        for task in self._endings:
            task.cancel()
        await asyncio.gather(*self._endings, return_exceptions=True)

    @property
    def up(self) -> list[int]:
        """The shards whose events flow."""
        return sorted(shard for shard, line in self._lines.items() if line.is_up)

    # -- coming up ---------------------------------------------------------------------------------

    @property
    def _shards(self) -> dict[int, Shard]:
        shards: dict[int, Shard] = self._client._AutoShardedClient__shards  # type: ignore[attr-defined]  # noqa: SLF001
        return shards

    def _line(
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

    def _came_up(self, line: GatewayShard, is_resumed: bool) -> None:
        shard = line.shard_id
        log.info("shard %d is %s", shard, "resumed" if is_resumed else "up")
        is_new = shard not in self._shards
        self._shards[shard] = line
        self.changed.set()
        if not self._was_up:
            self._was_up = True
            self._client._connection.call_handlers("ready")  # noqa: SLF001
            self._client.dispatch("ready")
        if is_resumed and is_new:
            fresh = self._fresh[shard] = self._line(shard, None, self._refreshed)
            fresh.launch()

    def _refreshed(self, line: GatewayShard, is_resumed: bool) -> None:
        """A fresh session is up: it takes the place of the one that was resumed."""
        shard = line.shard_id
        if self._fresh.get(shard) is not line:
            return
        del self._fresh[shard]
        old = self._lines[shard]
        self._lines[shard] = self._shards[shard] = line
        self.changed.set()
        task = self._client.loop.create_task(self._end(old))
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _end(self, line: GatewayShard) -> None:
        try:
            await self._clock.sleep(OVERLAP_S)
        finally:
            await line.close()

    def _failed(self, line: GatewayShard, error: Exception) -> None:
        """It cannot be mended: the client ends with this error, as with a shard of its own."""
        item = EventItem(EventType.terminate, line, error)
        self._client._AutoShardedClient__queue.put_nowait(item)  # type: ignore[attr-defined]  # noqa: SLF001
