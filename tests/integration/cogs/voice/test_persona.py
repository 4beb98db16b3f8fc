"""A persona in a voice channel: its name is heard, shown and told, its voice answers."""

# mypy: ignore-errors

import pytest

from bot.persona import SERVER, Persona
from tests.waiting import until


@pytest.fixture
def owner(guild):
    owner = guild.owner()
    owner.user.locale = "en-US"
    return owner


def converse_of(penny_says):
    return [r for r in penny_says.asked if r.target.module == "CONVERSE"]


async def test_it_is_called_by_its_name_and_answers_as_itself(
    sim, deck, guild, lounge, channel, ben, ana, word, penny_says, davefx
):
    persona = Persona(name="Nova", instructions="Be warm.", language="es", voice=davefx)
    await deck.store.personas.set(guild.id, lounge.id, persona)
    speaker = await ben.joins(lounge)
    await ana.joins(lounge)  # so that it has to be called
    reply = await ben.slash("/join", channel)
    await reply.done()
    await ben.sees("I'm Nova.", lounge, ever=True)

    penny_says.hears = "Alfred, what is the capital of France?"
    await speaker.plays(word)
    await until(lambda: "TRANSCRIBE" in penny_says.modules())
    penny_says.hears = "Hey Noba, what is the capital of France?"
    await speaker.plays(word)
    shown = await ben.sees("The capital of France is Paris.", lounge, ever=True)
    assert "**Nova:**" in shown.content
    assert "Noba" in shown.content
    [asked] = converse_of(penny_says)
    assert asked.context.persona.name == "Nova"
    assert asked.context.persona.instructions == "Be warm."
    assert asked.input.language == "es"
    assert asked.option("voice") == davefx
    heard = [r for r in penny_says.asked if r.target.module == "TRANSCRIBE"]
    assert {r.context.persona.name for r in heard} == {"Nova"}, "the recogniser is told the name"
    assert not sim.problems


async def test_a_change_counts_at_once_and_is_said(
    sim, deck, guild, called, lounge, channel, owner, ben, word, penny_says, davefx
):
    reply = await owner.slash("/settings persona", channel)
    form = await owner.clicks("Change", on=reply)
    await owner.submits(form, {"Name": "Nova", "Voice": davefx})
    await ben.sees("I'm called Nova here", lounge, ever=True)
    await called.plays(word)
    shown = await ben.sees("The capital of France is Paris.", lounge, ever=True)
    assert "**Nova:**" in shown.content
    asked = converse_of(penny_says)[-1]
    assert (asked.context.persona.name, asked.option("voice")) == ("Nova", davefx)

    question = await owner.clicks("Clear", on=reply)
    await owner.clicks("Clear", on=question)
    await ben.sees("I'm called Alfred here", lounge, ever=True)
    penny_says.says = "It is Paris."
    await called.plays(word)
    shown = await ben.sees("It is Paris.", lounge, ever=True)
    assert "**Alfred:**" in shown.content
    asked = converse_of(penny_says)[-1]
    assert (asked.context.persona, asked.option("voice")) == (None, None)
    assert not sim.problems


async def test_another_channel_has_another(sim, deck, guild, called, lounge, hall, channel, ben):
    await deck.store.personas.set(guild.id, SERVER, Persona(name="Nova"))
    await deck.store.personas.set(guild.id, hall.id, Persona(name="Zuri"))
    await ben.joins(hall)
    reply = await ben.slash("/join", channel)
    await reply.done()
    room = deck.get_cog("Voice").channels.get(guild.id)
    await until(lambda: room.session.config.assistant == "Zuri")
    assert room.transcript.assistant == "Zuri"
    assert not sim.problems
