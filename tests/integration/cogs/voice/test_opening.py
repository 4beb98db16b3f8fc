"""What becomes of a call that fails after Discord has let the bot in."""

# mypy: ignore-errors

import sys

import pytest

from bot.errors import WeightsError
from tests.integration.cogs.voice.conftest import where_is_the_bot
from tests.waiting import until


@pytest.fixture
def fails_once(deck, monkeypatch):
    """The first conversation cannot be opened."""
    really_open, tries = deck.voices.open, []

    async def open_(*args, **options):
        tries.append(args)
        if len(tries) == 1:
            raise WeightsError("A model is not there.")
        return await really_open(*args, **options)

    monkeypatch.setattr(deck.voices, "open", open_)
    return tries


async def test_who_was_told_no_is_not_surprised_later(
    sim, deck, guild, lounge, channel, ben, fails_once, monkeypatch
):
    rooms, returns = deck.get_cog("Voice").channels, []
    monkeypatch.setattr(rooms, "rejoin", lambda places, **_: returns.extend(places))
    await ben.joins(lounge)
    reply = await ben.slash("/join", channel)
    await reply.done()
    assert lounge.mention not in reply.text
    await until(lambda: where_is_the_bot(sim, guild) is None)
    assert await deck.store.voice_rooms.all() == []
    status = await ben.slash("/voice status", channel)  # told after it has gone
    await status.done()
    assert returns == []
    assert len(fails_once) == 1
    again = await ben.slash("/join", channel)
    await again.done()
    assert where_is_the_bot(sim, guild) is lounge
    assert not sim.problems


async def test_a_conversation_that_breaks_off_is_no_kick(
    sim, deck, guild, called, lounge, ben, word, monkeypatch
):
    # discord.py loads a cog's modules anew for each bot, so they are found where it has put them.
    monkeypatch.setattr(sys.modules["cogs.voice._voice_channels"], "RETURN_AFTER_S", (0.0, 0.3))
    rooms = deck.get_cog("Voice").channels
    room = rooms.get(guild.id)

    async def stumble():
        raise RuntimeError("a fault of ours")

    room.session._group.create_task(stumble())
    await ben.sees("I've lost the connection", lounge, ever=True)
    await until(lambda: rooms.get(guild.id) not in (None, room))
    await until(lambda: deck.voice_clients and deck.voice_clients[0].can_speak)
    [place] = await deck.store.voice_rooms.all()
    assert place.channel_id == lounge.id
    await called.plays(word)
    await ben.sees("Paris", lounge, ever=True)
    assert not sim.problems


async def test_a_room_that_breaks_every_time_is_given_up(
    sim, deck, guild, called, lounge, ben, monkeypatch
):
    monkeypatch.setattr(
        sys.modules["cogs.voice._voice_channels"], "RETURN_AFTER_S", (0.0, 0.1, 0.1)
    )
    rooms = deck.get_cog("Voice").channels

    async def stumble():
        raise RuntimeError("a fault of ours")

    for _ in range(3):
        await until(lambda: rooms.get(guild.id) is not None)
        room = rooms.get(guild.id)
        room.session._group.create_task(stumble())
        await until(lambda room=room: rooms.get(guild.id) is not room)
    await ben.sees("keeps breaking, so I've left", lounge, ever=True)
    await until(lambda: where_is_the_bot(sim, guild) is None)

    async def is_forgotten():
        return not await deck.store.voice_rooms.all()

    await until(is_forgotten)
    again = await ben.slash("/join")
    await again.done()
    assert where_is_the_bot(sim, guild) is lounge
    assert not sim.problems
