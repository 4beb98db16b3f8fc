"""`/settings persona`: seen, changed in a form, cleared, by those who manage the server alone."""

# mypy: ignore-errors

import discord
import pytest

from bot.persona import NO_PERSONA, SERVER, Persona
from local_discord import CannotDo, Permission
from tests.waiting import until

NOVA = {"Name": "Nova", "Instructions": "Be warm.", "Language": "Spanish", "Voice": ""}


def text_of(reply):
    [embed] = reply.message.embeds
    return embed["description"]


async def form_of(person, reply):
    return await person.clicks("Change", on=reply)


async def test_nothing_is_chosen_at_first(sim, deck, guild, owner, ben):
    with pytest.raises(CannotDo, match="may not use"):
        await ben.slash("/settings persona")
    reply = await owner.slash("/settings persona")
    assert reply.ephemeral
    assert "**Name**: as under “I speak as”" in text_of(reply)
    with pytest.raises(CannotDo, match="greyed out"):
        await owner.clicks("Clear", on=reply)
    shown = await owner.slash("/settings show")
    assert [f["value"] for f in shown.message.embeds[0]["fields"] if f["name"] == "Persona"] == [
        "None"
    ]
    assert not sim.problems


async def test_it_is_set_in_a_form_and_shown(sim, deck, guild, owner):
    reply = await owner.slash("/settings persona")
    await owner.submits(await form_of(owner, reply), NOVA)
    assert "**Name**: Nova" in text_of(reply)
    assert "> Be warm." in text_of(reply)
    persona = Persona(name="Nova", instructions="Be warm.", language="es")
    assert await deck.store.personas.of(guild.id) == {SERVER: persona}
    form = await form_of(owner, reply)
    assert form.modal.fields["Name"]["value"] == "Nova"
    assert form.modal.fields["Language"]["value"] == "Spanish"
    await owner.submits(form, {**NOVA, "Name": "", "Language": ""})
    assert await deck.store.personas.of(guild.id) == {SERVER: Persona(instructions="Be warm.")}
    assert not sim.problems


async def test_a_channel_has_its_own_and_takes_the_rest_from_the_server(
    sim, deck, guild, channel, owner
):
    await deck.store.personas.set(guild.id, SERVER, Persona(name="Nova", voice="joe"))
    reply = await owner.slash("/settings persona", channel=channel)
    assert "**Name** (from the server): Nova" in text_of(reply)
    await owner.submits(await form_of(owner, reply), {"Name": "Zuri"})
    assert "**Name**: Zuri" in text_of(reply)
    assert "**Voice** (from the server): joe" in text_of(reply)
    assert await deck.store.personas.at(guild.id, channel.id) == Persona(name="Zuri", voice="joe")
    assert await deck.store.personas.at(guild.id, 5) == Persona(name="Nova", voice="joe")
    shown = await owner.slash("/settings show")
    [value] = [f["value"] for f in shown.message.embeds[0]["fields"] if f["name"] == "Persona"]
    assert value == f"Nova; its own in <#{channel.id}>"
    assert not sim.problems


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"Name": "@everyone"}, "no mentions"),
        ({"Language": "Klingon"}, "don't know a language"),
        ({"Voice": "/etc/passwd"}, "I have no voice called"),
    ],
)
async def test_what_cannot_be_used_is_not_lost(sim, deck, guild, owner, davefx, typed, reason):
    long = "Explain moves in words. " * 40
    reply = await owner.slash("/settings persona")
    refused = await owner.submits(await form_of(owner, reply), {"Instructions": long, **typed})
    assert refused.ephemeral
    assert reason in refused.text
    assert await deck.store.personas.of(guild.id) == {}
    again = await owner.clicks("Edit again", on=refused)
    [(label, value)] = typed.items()
    assert again.modal.fields[label]["value"] == value
    assert again.modal.fields["Instructions"]["value"] == long
    await owner.submits(again, {label: "Nova" if label == "Name" else "", "Instructions": long})
    [persona] = (await deck.store.personas.of(guild.id)).values()
    assert persona.instructions == long.strip()
    assert not sim.problems


async def test_a_common_word_is_stored_with_a_warning(sim, deck, guild, owner):
    reply = await owner.slash("/settings persona")
    await owner.submits(await form_of(owner, reply), {"Name": "Vale", "Voice": ""})
    assert "“Vale” is also an ordinary word" in reply.text
    assert (await deck.store.personas.of(guild.id))[SERVER].name == "Vale"
    assert not sim.problems


async def test_clearing_asks_first(sim, deck, guild, owner):
    await deck.store.personas.set(guild.id, SERVER, Persona(name="Nova"))
    reply = await owner.slash("/settings persona")
    question = await owner.clicks("Clear", on=reply)
    await owner.clicks("Cancel", on=question)
    assert await deck.store.personas.of(guild.id)
    question = await owner.clicks("Clear", on=reply)
    await owner.clicks("Clear", on=question)
    assert "is cleared" in question.text
    assert await deck.store.personas.of(guild.id) == {}
    assert not sim.problems


async def test_who_may_no_longer_manage_the_server_changes_nothing(sim, deck, guild, channel, ben):
    managers = guild.role("Managers", Permission.MANAGE_GUILD)
    guild.give(ben, managers)
    reply = await ben.slash("/settings persona", channel)
    form = await form_of(ben, reply)
    guild.take(ben, managers)
    refused = await ben.submits(form, {"Name": "Nova"})
    assert "can manage the server" in refused.text
    refused = await ben.clicks("Change", on=reply)
    assert "can manage the server" in refused.text
    assert await deck.store.personas.of(guild.id) == {}
    assert not sim.problems


async def test_in_spanish(sim, deck, guild, owner):
    owner.user.locale = "es-ES"
    reply = await owner.slash("/ajustes personalidad")
    form = await owner.clicks("Cambiar", on=reply)
    assert form.modal.title == "Quién soy aquí"
    await owner.submits(form, {"Nombre": "Nova", "Idioma": "inglés"})
    assert "**Idioma**: inglés" in text_of(reply)
    assert (await deck.store.personas.of(guild.id))[SERVER].language == "en"
    assert not sim.problems


async def test_a_reset_clears_the_personas_too(sim, deck, guild, channel, owner):
    for place in (SERVER, channel.id):
        await deck.store.personas.set(guild.id, place, Persona(name="Nova"))
    reply = await owner.slash("/settings reset")
    await owner.clicks("Reset", on=reply)
    assert await deck.store.personas.of(guild.id) == {}
    assert not sim.problems


async def test_a_persona_goes_with_its_channel_and_with_its_server(sim, deck, guild, channel):
    other = guild.channel("other")
    for place in (SERVER, other.id):
        await deck.store.personas.set(guild.id, place, Persona(name="Nova"))
    guild.removes(other)

    async def left():
        return set(await deck.store.personas.of(guild.id)) == {SERVER}

    await until(left)
    guild.removes_bot()

    async def is_gone():
        return await deck.store.personas.at(guild.id, channel.id) == NO_PERSONA

    await until(is_gone)
    assert not sim.problems


async def test_each_channel_that_can_be_allowed_can_have_one(deck):
    [channel] = deck.tree.get_command("settings").get_command("persona").parameters
    assert set(channel.channel_types) >= {
        discord.ChannelType.text,
        discord.ChannelType.news,
        discord.ChannelType.forum,
        discord.ChannelType.voice,
        discord.ChannelType.stage_voice,
    }
