"""What a running bot tells those outside of it: `skydeck health` reads it."""

# mypy: ignore-errors

import asyncio
import contextlib

from bot.observability.heartbeat import read_heartbeats, send_heartbeats
from tests.waiting import until


@contextlib.asynccontextmanager
async def telling(deck):
    task = asyncio.create_task(send_heartbeats(deck, deck.clock, with_services=True))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_its_line_to_discord_its_voice_channel_and_its_services(deck, guild, called, word):
    await called.plays(word)

    async def is_heard():
        found = await read_heartbeats(deck.store.heartbeats)
        return any(room.heard.received for heartbeat in found for room in heartbeat.rooms)

    await until(lambda: deck.voice_clients[0].health().people)
    async with telling(deck):
        await until(is_heard)
        [heartbeat] = await read_heartbeats(deck.store.heartbeats)
    [room] = heartbeat.rooms
    assert list(heartbeat.gateway_ms) == [0]
    assert (room.guild_id, room.people) == (guild.id, 1)
    assert {one.service.value for one in heartbeat.services} == {"PENNY", "GRACE", "FACTORY"}
    assert await read_heartbeats(deck.store.heartbeats) == []  # it has ended
