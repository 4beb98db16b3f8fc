"""`/voice choose`: each person their voice, in every place where the bot speaks."""

# mypy: ignore-errors

import asyncio

import pytest

from bot.models.hub_models import piper_model
from bot.voice_source import PiperVoiceName
from tests.waiting import until

DAVEFX = "es_ES-davefx-medium"


@pytest.fixture(autouse=True)
def _pulled(deck, tmp_path, monkeypatch):
    """One voice of Piper's has been pulled."""
    monkeypatch.setattr(deck.settings, "skydeck_weights_dir", tmp_path)
    monkeypatch.setattr(deck.settings, "runpod_api_key", None)
    voice = PiperVoiceName(DAVEFX)
    file = piper_model(voice).folder(tmp_path) / voice.path
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    file.with_name(f"{file.name}.json").write_text("{}")


async def test_a_voice_that_there_is_not_is_refused(sim, deck, channel, ben):
    reply = await ben.slash("/voice choose", channel, voice="/etc/passwd")
    assert "I have no voice called" in reply.text
    assert await deck.store.chosen_voices.of([ben.id]) == {}


async def test_the_choice_is_by_name_or_label_and_can_be_undone(sim, deck, channel, ben):
    reply = await ben.slash("/voice choose", channel, voice="davefx (spanish, es, medium)")
    assert reply.ephemeral
    assert DAVEFX in reply.text
    assert await deck.store.chosen_voices.of([ben.id]) == {ben.id: DAVEFX}
    reply = await ben.slash("/voice choose", channel)
    assert "the language decides" in reply.text
    assert await deck.store.chosen_voices.of([ben.id]) == {}
    assert not sim.problems


async def test_in_a_voice_channel_it_answers_this_person_alone(
    sim, deck, called, lounge, channel, ben, clips, penny_says
):
    await ben.slash("/voice choose", channel, voice=DAVEFX)
    await called.plays(clips / "question.wav")
    await ben.sees("Paris", lounge, ever=True)
    assert penny_says.asked[-1].option("voice") == DAVEFX


async def test_a_choice_counts_though_older_ones_are_being_read(
    deck, guild, called, channel, ben, monkeypatch
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
        await ben.slash("/voice choose", channel, voice=DAVEFX)
        go_on.set()
    await until(lambda: room.session.voices.get(ben.id) == DAVEFX)


async def test_it_is_exported_and_forgotten(deck, ben):
    await deck.store.chosen_voices.choose(ben.id, DAVEFX)
    assert (await deck.store.privacy.export(ben.id))["chosen_voices"] == [
        {"user_id": str(ben.id), "voice": DAVEFX}
    ]
    await deck.store.privacy.forget(ben.id)
    assert await deck.store.chosen_voices.of([ben.id]) == {}
