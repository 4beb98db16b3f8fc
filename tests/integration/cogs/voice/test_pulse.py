"""What a running bot tells those outside of it: `skydeck health` reads it."""

# mypy: ignore-errors

import asyncio
import contextlib

from bot.observability.pulse import keep_telling, living
from tests.waiting import until


@contextlib.asynccontextmanager
async def telling(deck):
    task = asyncio.create_task(keep_telling(deck, deck.clock, with_services=True))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_its_line_to_discord_its_voice_channel_and_its_services(deck, guild, called, clips):
    await called.plays(clips / "question.wav")

    async def is_heard():
        found = await living(deck.store.heartbeats)
        return any(room.heard.received for pulse in found for room in pulse.rooms)

    await until(lambda: deck.voice_clients[0].health().people)
    async with telling(deck):
        await until(is_heard)
        [pulse] = await living(deck.store.heartbeats)
    [room] = pulse.rooms
    assert list(pulse.gateway_ms) == [0]
    assert (room.guild_id, room.people) == (guild.id, 1)
    assert {one.service.value for one in pulse.services} == {"PENNY", "GRACE", "FACTORY"}
    assert await living(deck.store.heartbeats) == []  # it has ended
