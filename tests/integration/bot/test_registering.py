"""The commands are registered when the bot starts, and only where they have changed."""

import discord
import pytest
from discord import app_commands

from bot.discord_client import SkyDeck
from local_discord import LocalDiscord


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat")


async def test_what_discord_refuses_is_named(sim: LocalDiscord, deck: SkyDeck) -> None:
    registered = list(sim.commands)

    @app_commands.command(name="shout", description="x" * 101)
    async def shout(interaction: discord.Interaction) -> None: ...

    deck.tree.add_command(shout)
    with pytest.raises(app_commands.CommandSyncFailure, match="shout"):
        await deck.register_commands()
    assert sim.commands == registered
    deck.tree.remove_command("shout")
    assert not await deck.register_commands()


async def test_a_change_is_registered_once(sim: LocalDiscord, deck: SkyDeck) -> None:
    assert not await deck.register_commands()
    deck.tree.remove_command("chat")
    assert await deck.register_commands()
    assert "chat" not in {one["name"] for one in sim.commands}
    assert not await deck.register_commands()
    assert not sim.problems


async def test_a_refusal_of_another_kind_is_raised_as_it_is(
    sim: LocalDiscord, deck: SkyDeck
) -> None:
    deck.tree.remove_command("chat")
    sim.fail("PUT /applications/{application_id}/commands", status=403, code=50001)
    with pytest.raises(discord.Forbidden):
        await deck.register_commands()
    assert await deck.register_commands()  # it is not noted as registered
