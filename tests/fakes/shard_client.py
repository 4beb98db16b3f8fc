"""A small client that shares its shards with others, as the bot does, and can die."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import discord
from discord import app_commands
from sqlalchemy import select, update

from bot.clock import SystemClock
from bot.cluster.membership import ClusterMembership
from bot.cluster.spec import Claimed
from bot.store.address import Address
from bot.store.database import Database
from bot.store.repositories.shard_leases import ShardLeases
from bot.store.tables import shard_leases, shard_processes
from local_discord import LocalDiscord
from tests.waiting import until

LEASE_MS = 600_000
INTENTS = discord.Intents(guilds=True, messages=True, message_content=True, voice_states=True)


class Leases(ShardLeases):
    """Leases that expire when the test says so, not by the clock.

    Attributes:
        beats: How often they were renewed.
    """

    def __init__(self, database: Database, *, owner: str, lease_ms: int) -> None:
        super().__init__(database, owner=owner, lease_ms=lease_ms)
        self.beats = 0
        self._own = database

    async def beat(self, count, held):
        state = await super().beat(count, held)
        self.beats += 1
        return state

    async def run_out(self) -> None:
        """Expire the leases, as if this process had been silent for that long."""
        async with self._own.writing() as connection:
            for table, at in ((shard_leases, "until_ms"), (shard_processes, "seen_until_ms")):
                over = update(table).where(table.c.owner == self.owner).values({at: 0})
                await connection.execute(over)

    async def until_ms(self, shard: int) -> int:
        """When a shard's lease expires, in epoch milliseconds."""
        row = select(shard_leases.c.until_ms).where(shard_leases.c.shard_id == shard)
        async with self._own.reading() as connection:
            return (await connection.execute(row)).scalar_one()


class Sharer(discord.AutoShardedClient):
    """Records events, and answers `/ping`.

    Attributes:
        heard: The messages, in order.
        readied: The shards whose servers are all known.
        gone: Ids of deleted messages and threads, and of servers that the bot left.
    """

    def __init__(self, leases: Leases, count: int, *, grace_s: float = 5.0) -> None:
        super().__init__(intents=INTENTS, max_messages=None, chunk_guilds_at_startup=False)
        self.leases = leases
        self.heard: list[discord.Message] = []
        self.readied: list[int] = []
        self.gone: list[int] = []
        self.membership = ClusterMembership(self, SystemClock(), Claimed(count), leases, grace_s)
        self.tree = app_commands.CommandTree(self)
        self.tree.command(name="ping", description="Ping")(_ping)
        self._connection.guild_ready_timeout = 0.05

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def launch_shards(self) -> None:
        await self.membership.begin()

    async def before_identify_hook(self, shard_id, *, initial=False) -> None:
        await self.membership.wait_to_identify(shard_id)

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
        return [] if self.membership.shards is None else self.membership.shards.up

    async def until(self, holds) -> None:
        """Wait until something holds."""
        await until(holds)

    async def die(self) -> None:
        """Die as a process does: without a word, so that its leases expire."""
        self.membership._keeper_task.cancel()
        for shard in self.membership.shards._shards.values():
            shard._task.cancel()
            shard.ws.socket._response.connection.transport.abort()
        self.membership._keeper = None
        await self.leases.run_out()


async def _ping(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("pong")


@contextlib.asynccontextmanager
async def sharer(
    sim: LocalDiscord, url: str, name: str, *, count: int = 2
) -> AsyncIterator[Sharer]:
    """One of several clients, online until the block ends."""
    database = Database(Address.parse(url))
    leases = Leases(database, owner=name, lease_ms=LEASE_MS)
    client = Sharer(leases, count)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        await stack.enter_async_context(client)
        running = asyncio.create_task(client.start(sim.token))
        try:
            await client.until(lambda: client.membership.shards is not None)
            yield client
        finally:
            await client.membership.end()
            await client.close()
            await running
