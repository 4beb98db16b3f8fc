"""Payloads without what the reference lets Discord leave out."""

# mypy: ignore-errors

import discord
import pytest

from local_discord import LocalDiscord


@pytest.fixture
async def sim():
    async with LocalDiscord(sparse=True) as simulator:
        yield simulator


async def test_optional_fields_are_left_out_and_others_are_not(sim, channel, ana, bot):
    async with sim.connect(bot):
        first = await bot.get_channel(channel.id).send("first")
        view = discord.ui.View()
        view.add_item(discord.ui.Button(label="Go", url="https://example.org"))
        await first.edit(view=view)
        said = await ana.says("second", channel, reply_to=channel.messages[first.id])
        created = {d.data["id"]: d.data for d in sim.log.events("MESSAGE_CREATE")}
        assert not {"components", "flags", "nonce", "reactions"} & set(created[str(first.id)])
        assert "referenced_message" not in created[str(said.id)]
        assert created[str(said.id)]["message_reference"]["message_id"] == str(first.id)
        fetched = await bot.get_channel(channel.id).fetch_message(first.id)
        assert [c.type for c in fetched.components] == [discord.ComponentType.action_row]
        assert not sim.problems
