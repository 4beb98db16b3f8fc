"""In which language a question is put to Penny: the words tell, unless the server sets one."""


async def test_the_language_of_a_persons_discord_is_only_a_hint(
    sim, deck, channel, ben, penny_script
):
    await ben.says("@Alfred ¿Cuál es la capital de Francia?", channel)
    await ben.sees("You said: ¿Cuál es la capital de Francia?")
    [request] = penny_script.asked
    assert request.input.language is None
    assert request.context.locale == "en-US"


async def test_the_language_that_a_server_sets_is_not_questioned(
    sim, deck, guild, channel, ben, penny_script
):
    await deck.store.guilds.patch(guild.id, language="es-ES")
    await ben.says("@Alfred hello there", channel)
    await ben.sees("hello there")
    [request] = penny_script.asked
    assert request.input.language == "es"
