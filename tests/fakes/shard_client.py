"""A small client that shares the shards with others, as the bot does, and can die."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import discord
from discord import app_commands

from bot.clock import SystemClock
from bot.sharding.share import ShardShare
from bot.sharding.spec import Claimed
from bot.store import ShardLeases
from bot.store.address import Address
from bot.store.database import Database
from tests.simulator import Simulator

INTENTS = discord.Intents(guilds=True, messages=True, message_content=True, voice_states=True)
UP_WITHIN_S = 60.0


class Sharer(discord.AutoShardedClient):
    """Notes what it is told, and answers `/ping`.

    Attributes:
        heard: The messages, in order.
        readied: Which shards' servers are all known.
        gone: Messages, threads and servers that were deleted, or left.
    """

    def __init__(self, leases: ShardLeases, count: int, *, grace_s: float = 5.0) -> None:
        super().__init__(intents=INTENTS, max_messages=None, chunk_guilds_at_startup=False)
        self.heard: list[discord.Message] = []
        self.readied: list[int] = []
        self.gone: list[int] = []
        self.share = ShardShare(self, SystemClock(), Claimed(count), leases, grace_s)
        self.tree = app_commands.CommandTree(self)
        self.tree.command(name="ping", description="Ping")(_ping)
        self._connection.guild_ready_timeout = 0.05

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def launch_shards(self) -> None:
        await self.share.begin()

    async def before_identify_hook(self, shard_id, *, initial=False) -> None:
        await self.share.wait_for_turn(shard_id)

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self.gone.append(payload.message_id)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        self.gone.append(payload.thread_id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.gone.append(guild.id)

    async def on_shard_ready(self, shard: int) -> None:
        self.readied.append(shard)

    @property
    def words(self) -> list[str]:
        return [message.content for message in self.heard]

    @property
    def up(self) -> list[int]:
        return [] if self.share.lines is None else self.share.lines.up

    async def until(self, holds) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(UP_WITHIN_S):
            while True:
                if holds():
                    return
                await asyncio.sleep(0.01)

    async def die(self) -> None:
        """As a process does: nothing is said to anybody."""
        self.share._keeping.cancel()
        for line in self.share.lines._lines.values():
            line._task.cancel()
            line.ws.socket._response.connection.transport.abort()
        self.share._keeper = None


async def _ping(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("pong")


@contextlib.asynccontextmanager
async def sharer(
    sim: Simulator, url: str, name: str, *, count: int = 2, lease_ms: int = 60_000
) -> AsyncIterator[Sharer]:
    """One of several, online until the block ends."""
    database = Database(Address.parse(url))
    leases = ShardLeases(database, owner=name, lease_ms=lease_ms)
    client = Sharer(leases, count)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        await stack.enter_async_context(client)
        running = asyncio.create_task(client.start(sim.token))
        try:
            await client.until(lambda: client.share.lines is not None)
            yield client
        finally:
            await client.share.end()
            await client.close()
            await running
