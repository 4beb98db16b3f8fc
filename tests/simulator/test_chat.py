"""Messages, as people and an unmodified discord.py see them."""


async def test_a_mention_reaches_the_bot_and_its_answer_the_person(sim, channel, ana, bot):
    @bot.listen()
    async def on_message(message):
        if bot.user in message.mentions:
            await message.reply(f"Hello {message.author.display_name}: {message.clean_content}")

    async with sim.connect(bot):
        said = await ana.says("@Alfred hello", channel)
        reply = await ana.sees("Hello Ana: @Alfred hello")
        assert reply.replied_to is said
        assert reply.mentions == [ana.user]
        assert not sim.problems
