"""A nonce makes one message: a post that repeats it gets that one, or learns that it is gone."""

# mypy: ignore-errors

import discord
import pytest


async def test_a_repeated_nonce_gives_the_message_it_has_made(sim, channel, bot):
    async with sim.connect(bot):
        there = bot.get_channel(channel.id)
        first = await there.send("one", nonce="n")
        again = await there.send("two", nonce="n")
        assert (again.id, again.content) == (first.id, "one")
        assert [m.content for m in channel.messages.values()] == ["one"]
        assert not sim.problems


async def test_a_nonce_is_its_authors_in_every_channel_and_whatever_its_type(sim, guild, bot):
    here, elsewhere = guild.channel("here"), guild.channel("elsewhere")
    async with sim.connect(bot):
        route = discord.http.Route("POST", "/channels/{c}/messages", c=here.id)
        first = await bot.http.request(route, json={"content": "one", "nonce": 7})
        assert first["nonce"] == 7
        again = await bot.get_channel(elsewhere.id).send("two", nonce=7)
        assert again.id == int(first["id"])
        assert not elsewhere.messages


async def test_what_was_made_and_deleted_is_not_made_again(sim, channel, bot):
    async with sim.connect(bot):
        there = bot.get_channel(channel.id)
        await (await there.send("one", nonce="n")).delete()
        with pytest.raises(discord.NotFound) as gone:
            await there.send("two", nonce="n")
        assert gone.value.code == 10008
        await there.send("two", nonce="m")
        assert [p.code for p in sim.problems] == [10008]


async def test_a_nonce_counts_for_minutes_and_only_where_it_is_enforced(sim, channel, bot):
    route = discord.http.Route("POST", "/channels/{c}/messages", c=channel.id)
    async with sim.connect(bot):
        for _ in range(2):
            await bot.http.request(route, json={"content": "one", "nonce": "n"})
        assert len(channel.messages) == 2
        sim.nonces.seconds = 0.0
        await bot.get_channel(channel.id).send("one", nonce="n")
        assert len(channel.messages) == 3


@pytest.mark.parametrize("nonce", ["n" * 26, 2**63, True, 1.5, ["n"]])
async def test_a_nonce_is_short_text_or_an_integer_of_64_bits(sim, channel, bot, nonce):
    route = discord.http.Route("POST", "/channels/{c}/messages", c=channel.id)
    async with sim.connect(bot):
        with pytest.raises(discord.HTTPException) as error:
            await bot.http.request(route, json={"content": "one", "nonce": nonce})
        assert error.value.code == 50035
