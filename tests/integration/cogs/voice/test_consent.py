"""Consent counts from the moment it is given or taken back, whatever else is going on."""

# mypy: ignore-errors

import asyncio

import pytest

from audio.speech_events import Clip
from bot.errors import StoreFailed
from bot.voice_agent.recordings import RecordingStore


@pytest.fixture
def room(deck, called, guild):
    """Ben is in it, and has agreed."""
    return deck.get_cog("Voice").channels.get(guild.id)


@pytest.mark.parametrize(("table", "method"), [("consents", "get"), ("chosen_voices", "of")])
async def test_what_was_read_before_a_no_does_not_count(
    deck, room, ben, monkeypatch, table, method
):
    reading, go_on = asyncio.Event(), asyncio.Event()
    read = getattr(getattr(deck.store, table), method)

    async def slowly(*args):
        said = await read(*args)
        reading.set()
        await go_on.wait()
        return said

    monkeypatch.setattr(getattr(deck.store, table), method, slowly)
    async with asyncio.TaskGroup() as group:
        group.create_task(room.update_audience())
        await reading.wait()
        room.exclude(ben.id)
        go_on.set()
    assert not room.link._may_hear(ben.id)


async def test_a_no_counts_though_it_cannot_be_written(sim, deck, room, lounge, ben, monkeypatch):
    async def fails(*_, **__):
        raise StoreFailed("the disk is full")

    hello = await ben.sees("Ben called me", lounge, ever=True)
    assert room.link._may_hear(ben.id)
    monkeypatch.setattr(deck.store.consents, "set", fails)
    reply = await ben.clicks("Don't", on=hello)
    assert "database" in reply.text
    assert not room.link._may_hear(ben.id)


def panels(person, lounge):
    return [m for m in person.reads(lounge) if "Listen to me" in m.buttons]


async def test_one_introduction_asks_everybody_who_is_there(
    sim, deck, guild, lounge, channel, ana, ben
):
    await ana.joins(lounge)
    await ben.joins(lounge)
    reply = await ben.slash("/join", channel)
    await reply.done()
    hello = await ben.sees("Ben called me", lounge, ever=True)
    assert hello.text.endswith("\nAna: may I listen to you?")
    assert "Ben called me in and so has agreed." in hello.text
    assert panels(ben, lounge) == [hello]
    dee = guild.member("Dee")
    await dee.joins(lounge)
    asked = await ben.sees("Dee: I only listen to people who agree", lounge, ever=True)
    await ben.sees(lambda m: m.id == hello.id and not m.buttons, lounge, ever=True)
    assert panels(ben, lounge) == [asked]
    assert not sim.problems


async def test_a_button_works_without_a_room(sim, deck, guild, room, lounge, channel, ana, ben):
    hello = await ben.sees("Ben called me", lounge, ever=True)
    reply = await ben.slash("/leave", channel)
    await reply.done()
    await ana.clicks("Listen to me", on=hello)
    said = await deck.store.consents.get(guild.id, [ana.id])
    assert said[ana.id].agreed
    reply = await ana.slash("/voz consentimiento", channel)
    assert "Has aceptado" in reply.text
    assert not sim.problems


async def test_that_recordings_are_kept_is_said(sim, deck, lounge, channel, ben, tmp_path):
    deck.settings.skydeck_voice_keep_dir = tmp_path
    await ben.joins(lounge)
    reply = await ben.slash("/join", channel)
    await reply.done()
    await ben.sees("keeps recordings", lounge, ever=True)
    assert not sim.problems


async def test_the_person_followed_is_forgotten_too(sim, deck, guild, room, channel, ben):
    await ben.slash("/voice follow", channel)
    reply = await ben.slash("/privacy forget", channel)
    await ben.clicks("Delete everything", on=reply)
    await ben.sees("I no longer hold any of your data", channel)
    [place] = await deck.store.voice_rooms.all()
    assert place.follow_user_id is None
    assert place.called_by != ben.id
    assert not room.link._may_hear(ben.id)
    assert not sim.problems


async def test_a_room_without_its_models_is_none(sim, deck, guild, lounge, channel, ben):
    async def unopened(*_, **__):
        raise StoreFailed("no")

    deck.voices.open = unopened
    await ben.joins(lounge)
    reply = await ben.slash("/join", channel)
    await reply.done()
    assert "database" in reply.text
    assert deck.get_cog("Voice").channels.get(guild.id) is None
    assert await deck.store.voice_rooms.all() == []
    assert not deck.voice_clients
    assert not sim.problems


@pytest.mark.parametrize("way", ["forget", "privacy"])
async def test_kept_recordings_are_forgotten_too(
    deck, room, channel, ana, ben, tmp_path, monkeypatch, way
):
    shelf = RecordingStore(tmp_path, days=1, limit_bytes=1_000_000)
    monkeypatch.setattr(deck.voices, "_recordings", shelf)
    for person in (ana, ben):
        shelf.add(Clip(person.id, (b"\xf8",), 20, 0.0, 0.1), 1_800_000_000.0)
    reply = await ben.slash(f"/{'voice' if way == 'forget' else 'privacy'} forget", channel)
    if way == "privacy":
        await ben.clicks("Delete everything", on=reply)
        await ben.sees("I no longer hold any of your data", channel)
    await reply.done()
    [left] = tmp_path.glob("*.ogg")
    assert left.name.endswith(f"-{ana.id}.ogg")
