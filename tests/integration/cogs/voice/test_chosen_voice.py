"""`/voice choose`: each person their voice, in every place where the bot speaks."""

# mypy: ignore-errors

import asyncio

import pytest

from tests.waiting import until


async def test_a_voice_that_there_is_not_is_refused(sim, deck, channel, ben, davefx):
    reply = await ben.slash("/voice choose", channel, voice="/etc/passwd")
    assert "I have no voice called" in reply.text
    assert await deck.store.chosen_voices.of([ben.id]) == {}


@pytest.mark.parametrize("name", [" ", "\u200b\u2800"])
async def test_a_blank_name_is_told_as_such(sim, deck, channel, ben, davefx, name):
    reply = await ben.slash("/voice choose", channel, voice=name)
    assert "That is no voice's name" in reply.text


async def test_the_choice_is_by_name_or_label_and_can_be_undone(sim, deck, channel, ben, davefx):
    reply = await ben.slash("/voice choose", channel, voice="davefx (spanish, es, medium)")
    assert reply.ephemeral
    assert davefx in reply.text
    assert await deck.store.chosen_voices.of([ben.id]) == {ben.id: davefx}
    reply = await ben.slash("/voice choose", channel)
    assert "the language decides" in reply.text
    assert await deck.store.chosen_voices.of([ben.id]) == {}
    assert not sim.problems


async def test_in_a_voice_channel_it_answers_this_person_alone(
    sim, deck, called, lounge, channel, ben, word, penny_says, davefx
):
    await ben.slash("/voice choose", channel, voice=davefx)
    await called.plays(word)
    await ben.sees("Paris", lounge, ever=True)
    assert penny_says.asked[-1].option("voice") == davefx


async def test_a_choice_counts_though_older_ones_are_being_read(
    deck, guild, called, channel, ben, monkeypatch, davefx
):
    room = deck.get_cog("Voice").channels.get(guild.id)
    reading, go_on = asyncio.Event(), asyncio.Event()
    read = deck.store.chosen_voices.of

    async def slowly(*args):
        chosen = await read(*args)
        reading.set()
        await go_on.wait()
        return chosen

    monkeypatch.setattr(deck.store.chosen_voices, "of", slowly)
    async with asyncio.TaskGroup() as group:
        group.create_task(room.update_audience())
        await reading.wait()
        await ben.slash("/voice choose", channel, voice=davefx)
        go_on.set()
    await until(lambda: room.session.voices.get(ben.id) == davefx)


async def test_it_is_exported_and_forgotten(deck, ben, davefx):
    await deck.store.chosen_voices.choose(ben.id, davefx)
    assert (await deck.store.privacy.export(ben.id))["chosen_voices"] == [
        {"user_id": str(ben.id), "voice": davefx}
    ]
    await deck.store.privacy.forget(ben.id)
    assert await deck.store.chosen_voices.of([ben.id]) == {}
