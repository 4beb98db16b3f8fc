"""Waiting for one's turn to identify, with all other processes of the bot."""

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
"""Discord lets one shard of each bucket identify in 5 s; the rest is for the ways there."""
_ASK_AGAIN_S: Final = 1.0


@dataclass(slots=True)
class IdentifyLimiter:
    """Who may identify now.

    Attributes:
        leases: Where the turns are kept.
        clock: Time.
        max_concurrency: How many buckets there are, as Discord's `/gateway/bot` says it.
    """

    leases: ShardLeases
    clock: Clock
    max_concurrency: int = 1
    _here: defaultdict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    @contextlib.asynccontextmanager
    async def slot(self, shard: int) -> AsyncIterator[None]:
        """Within the block a shard may connect in order to identify; one of each bucket at a time.

        Nobody reads from a connection that waits to identify, so discord.py takes it for dead after
        a minute. So no more than one of each bucket is opened, and the others wait here.
        """
        async with self._here[shard % self.max_concurrency]:
            yield

    async def wait(self, shard: int) -> None:
        """Return when this shard may identify, at once."""
        bucket = shard % self.max_concurrency
        while True:
            try:
                left_ms = await self.leases.turn(bucket, every_ms=IDENTIFY_EVERY_MS)
            except StoreFailed as e:
                log.warning("shard %d has to wait to identify: %s", shard, e)
                await self.clock.sleep(_ASK_AGAIN_S)
                continue
            if not left_ms:
                return
            await self.clock.sleep(left_ms / 1000)
