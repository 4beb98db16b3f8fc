"""What a server can choose."""

# mypy: ignore-errors

import pytest

from bot.choices import Identity
from bot.contract import Service
from bot.store.records import GuildSettings
from local_discord import CannotDo, Permission
from tests.waiting import until


def field(reply, heading):
    [embed] = reply.message.embeds
    return next(f["value"] for f in embed["fields"] if f["name"] == heading)


async def test_the_defaults_are_shown_to_who_manages_the_server_only(sim, deck, guild, owner, ben):
    with pytest.raises(CannotDo, match="may not use"):
        await ben.slash("/settings show")
    reply = await owner.slash("/settings show")
    assert reply.ephemeral
    assert field(reply, "Language") == "Each member's own"
    assert field(reply, "I speak as") == "The deployment's default (Alfred)"
    assert field(reply, "I answer in") == "All channels"
    assert field(reply, "I answer") == "All members"
    assert not sim.problems


async def test_each_choice_is_stored_at_once(sim, deck, guild, channel, owner):
    role = guild.role("Editors")
    reply = await owner.slash("/settings show")
    await owner.selects("Jared (CORP)", on=reply, menu="Who I speak as")
    await owner.selects(channel, on=reply, menu="Channels to answer in (none: all)")
    await owner.selects(role, on=reply, menu="Roles to answer (none: everyone)")
    await owner.selects("Summarize", on=reply, menu="What Grace does with a file sent without text")
    assert field(reply, "I speak as") == "Jared (CORP)"
    assert field(reply, "I answer in") == f"<#{channel.id}>"
    assert field(reply, "I answer") == f"<@&{role.id}>"
    assert await deck.store.guilds.get(guild.id) == GuildSettings(
        guild_id=guild.id,
        identity=Identity.CORP,
        allowed_channels=frozenset({channel.id}),
        allowed_roles=frozenset({role.id}),
        default_modules={Service.GRACE: "SUMMARIZER"},
    )
    assert not sim.problems


async def test_choices_can_be_taken_back(sim, deck, guild, channel, owner):
    await deck.store.guilds.patch(
        guild.id, allowed_channels=frozenset({channel.id, 12345}), identity=Identity.CORP
    )
    reply = await owner.slash("/settings show")
    assert "12345" in field(reply, "I answer in")  # deleted since; still shown, and can go
    await owner.selects(on=reply, menu="Channels to answer in (none: all)")
    await owner.selects("The deployment's default (Alfred)", on=reply, menu="Who I speak as")
    assert field(reply, "I answer in") == "All channels"
    assert await deck.store.guilds.get(guild.id) == GuildSettings(guild_id=guild.id)
    assert not sim.problems


async def test_the_servers_language_counts_from_the_moment_of_the_choice(sim, deck, guild, owner):
    reply = await owner.slash("/settings show")
    await owner.selects("Español", on=reply, menu="Language")
    assert field(reply, "Idioma") == "Español"
    await owner.selects("El de cada miembro", on=reply, menu="Idioma")
    assert field(reply, "Language") == "Each member's own"
    assert not sim.problems


async def test_reset_asks_first(sim, deck, guild, owner):
    await deck.store.guilds.patch(guild.id, language="es-ES")
    reply = await owner.slash("/settings reset")
    await owner.clicks("Cancelar", on=reply)
    assert "No se ha cambiado nada" in reply.text
    assert not reply.message.buttons
    assert (await deck.store.guilds.get(guild.id)).language == "es-ES"

    reply = await owner.slash("/settings reset")
    await owner.clicks("Restablecer", on=reply)
    assert "back to the defaults" in reply.text
    assert (await deck.store.guilds.get(guild.id)).language is None
    assert not sim.problems


async def test_who_may_no_longer_manage_the_server_changes_nothing(sim, deck, guild, channel, ben):
    managers = guild.role("Managers", Permission.MANAGE_GUILD)
    guild.give(ben, managers)
    reply = await ben.slash("/settings show", channel)
    guild.take(ben, managers)
    answer = await ben.selects("Español", on=reply, menu="Language")
    assert "can manage the server" in answer.text
    assert (await deck.store.guilds.get(guild.id)).language is None
    assert not sim.problems


async def test_the_data_of_a_server_that_puts_the_bot_out_are_deleted(sim, deck, guild, channel):
    await deck.store.guilds.patch(guild.id, language="es-ES")
    guild.removes_bot()

    async def is_gone():
        return (await deck.store.guilds.get(guild.id)).language is None

    await until(is_gone)
    assert not sim.problems


async def test_two_picks_at_once_are_both_answered(sim, deck, guild, owner):
    """The second comes with the ids that the person sees, while the first is being answered."""
    reply = await owner.slash("/settings show")
    sim.fail("POST /interactions", 0, delay=0.5)
    first = await owner.selects("Jared (CORP)", on=reply, menu="Who I speak as", wait=False)
    second = await owner.selects("Español", on=reply, menu="Language", wait=False)
    await first.answered()
    await second.answered()
    settings = await deck.store.guilds.get(guild.id)
    assert (settings.identity, settings.language) == (Identity.CORP, "es-ES")
    assert not sim.problems
    await owner.selects("English", on=reply, menu="Idioma")
    assert (await deck.store.guilds.get(guild.id)).language == "en-US"
    assert not sim.problems


async def test_a_second_press_is_answered_too(sim, deck, guild, owner):
    await deck.store.guilds.patch(guild.id, identity=Identity.CORP)
    reply = await owner.slash("/settings reset")
    sim.fail("POST /interactions", 0, delay=0.5)
    [label, _] = list(reply.message.buttons)
    first = await owner.clicks(label, on=reply, wait=False)
    second = await owner.clicks(label, on=reply, wait=False)
    await first.answered()
    await second.answered()
    assert (await deck.store.guilds.get(guild.id)).identity is None
    assert not sim.problems


async def test_a_server_can_switch_actions_off_and_on(sim, deck, guild, owner):
    reply = await owner.slash("/settings actions", allowed=False)
    assert reply.ephemeral
    assert not (await deck.store.guilds.get(guild.id)).actions
    shown = await owner.slash("/settings show")
    assert field(shown, "What a sentence may ask for") == "Nothing: I only answer."
    await owner.slash("/settings actions", allowed=True)
    assert (await deck.store.guilds.get(guild.id)).actions
    assert not sim.problems
