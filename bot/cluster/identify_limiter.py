"""Limits how often shards identify, across all processes of the bot."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from bot.clock import Clock
from bot.errors import StoreFailed
from bot.store.repositories.shard_leases import ShardLeases

log = logging.getLogger(__name__)

IDENTIFY_EVERY_MS: Final = 5_250
"""Discord lets one shard per bucket identify every 5 s; the rest allows for network delay."""
_ASK_AGAIN_S: Final = 1.0


@dataclass(slots=True)
class IdentifyLimiter:
    """Decides when a shard may identify.

    Attributes:
        leases: The table that holds the slots of all processes.
        clock: Waits between attempts.
        max_concurrency: The number of buckets, from Discord's `/gateway/bot`.
    """

    leases: ShardLeases
    clock: Clock
    max_concurrency: int = 1
    _locks: defaultdict[int, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )

    @contextlib.asynccontextmanager
    async def slot(self, shard: int) -> AsyncIterator[None]:
        """Hold the bucket's slot in this process while a shard connects in order to identify.

        Nothing reads from a connection that waits to identify, and discord.py gives it up after a
        minute. Therefore each bucket opens one connection at a time; other shards wait here.
        """
        async with self._locks[shard % self.max_concurrency]:
            yield

    async def wait(self, shard: int) -> None:
        """Return when this shard may identify; it must then do so at once."""
        bucket = shard % self.max_concurrency
        while True:
            try:
                left_ms = await self.leases.take_turn(bucket, every_ms=IDENTIFY_EVERY_MS)
            except StoreFailed as e:
                log.warning("shard %d waits to identify: %s", shard, e)
                await self.clock.sleep(_ASK_AGAIN_S)
                continue
            if not left_ms:
                return
            await self.clock.sleep(left_ms / 1000)
