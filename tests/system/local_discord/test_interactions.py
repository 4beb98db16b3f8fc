"""Commands, buttons, menus and modals, answered by an unmodified discord.py."""

# mypy: ignore-errors

import asyncio
import io

import discord
import pytest
from discord import app_commands

from local_discord import CannotDo, File, LocalDiscord, NotSeen, Permission


class Spanish(app_commands.Translator):
    """Names one command in Spanish."""

    async def translate(self, string, locale, context):
        words = {"summarize": "resumir", "text": "texto"}
        return words.get(string.message) if locale is discord.Locale.spain_spanish else None


async def test_a_slash_command_with_options_and_a_file(sim, channel, ana, bot, tree):
    grace = app_commands.Group(name="grace", description="Text")

    @grace.command(name="summarize", description="Make it short")
    @app_commands.choices(length=[app_commands.Choice(name="Short", value="s")])
    async def summarize(
        interaction: discord.Interaction,
        text: str,
        length: app_commands.Choice[str] | None = None,
        lines: app_commands.Range[int, 1, 9] = 3,
        file: discord.Attachment | None = None,
        who: discord.Member | None = None,
        from_language: str = "",
    ):
        data = await file.read() if file else b""
        words = f"{text} {length and length.value} {lines} {data!r} {who} {from_language}"
        await interaction.response.send_message(words, ephemeral=True)

    tree.add_command(grace)
    async with sim.connect(bot):
        reply = await ana.slash(
            "/grace summarize",
            channel,
            text="Hi",
            length="Short",
            lines=2,
            file=File("a.txt", b"abc"),
            who=ana,
            from_language="es",
        )
        assert reply.text == "Hi s 2 b'abc' Ana es"
        assert reply.ephemeral
        assert reply.message.type == 20
        assert not sim.problems


@pytest.mark.parametrize(
    ("command", "options", "why"),
    [
        ("/grase", {}, "there is no command"),
        ("/grace", {}, "needs one of"),
        ("/grace sumarise", {}, "there is no “sumarise”"),
        ("/grace summarize", {}, "“text” is required"),
        ("/grace summarize", {"text": "a", "lines": 10}, "takes 1 to 9"),
        ("/grace summarize", {"text": "a", "lines": "3"}, "takes a whole number"),
        ("/grace summarize", {"text": "a" * 11}, "takes 0 to 10 characters"),
        ("/grace summarize", {"text": "a", "tone": "b"}, "no option tone;"),
    ],
)
async def test_the_client_sends_only_what_fits(sim, channel, ana, bot, tree, command, options, why):
    grace = app_commands.Group(name="grace", description="Text")

    @grace.command(name="summarize", description="Make it short")
    async def summarize(
        interaction: discord.Interaction,
        text: app_commands.Range[str, 0, 10],
        lines: app_commands.Range[int, 1, 9] = 3,
    ):
        await interaction.response.send_message(text)

    tree.add_command(grace)
    async with sim.connect(bot):
        with pytest.raises(CannotDo, match=why):
            await ana.slash(command, channel, **options)


async def test_people_see_commands_in_their_language(sim, guild, channel, ana, bot, tree):
    @tree.command(name=app_commands.locale_str("summarize"), description="Make it short")
    @app_commands.rename(text=app_commands.locale_str("text"))
    async def summarize(interaction: discord.Interaction, text: str):
        await interaction.response.send_message(f"{interaction.locale}: {text}")

    await tree.set_translator(Spanish())
    bob = guild.member("Bob")
    async with sim.connect(bot):
        assert (await ana.slash("/resumir", texto="hola")).text == "es-ES: hola"
        assert (await bob.slash("/summarize", text="hello")).text == "en-US: hello"
        with pytest.raises(CannotDo):
            await bob.slash("/resumir", texto="hola")


@pytest.mark.parametrize(
    ("locale", "name"),
    [("es-419", "resumir"), ("es-ES", "resumir"), ("en-US", "précis"), ("ja", "summarize")],
)
async def test_a_locale_without_words_has_those_of_the_one_beside_it(
    sim, guild, channel, bot, tree, locale, name
):
    class British(Spanish):
        async def translate(self, string, locale, context):
            if locale is discord.Locale.british_english and string.message == "summarize":
                return "précis"
            return await super().translate(string, locale, context)

    @tree.command(name=app_commands.locale_str("summarize"), description="Make it short")
    async def summarize(interaction: discord.Interaction):
        await interaction.response.send_message("short")

    await tree.set_translator(British())
    person = guild.member("Zoe", locale=locale)
    async with sim.connect(bot):
        assert (await person.slash(f"/{name}", channel)).message.command == f"/{name}"


@pytest.mark.breaches
async def test_a_deferral_that_is_followed_up_is_filled_in_and_noted(sim, channel, ana, bot, tree):
    go_on = asyncio.Event()

    @tree.command(description="Takes long")
    async def long(interaction: discord.Interaction):
        await interaction.response.defer(ephemeral=True, thinking=True)
        await go_on.wait()
        await interaction.followup.send("the answer")
        more = await interaction.followup.send("more", wait=True)
        await interaction.edit_original_response(content="the better answer")
        await more.delete()

    async with sim.connect(bot):
        reply = await ana.slash("/long", channel)
        assert reply.deferred
        assert reply.message.is_thinking
        go_on.set()
        done = await reply.done()
        assert done is reply.message
        await ana.sees("the better answer")
        assert reply.ephemeral
        assert reply.message.edited_at is not None
        assert ["instead: edit the original" in p.message for p in sim.problems] == [True]


async def test_a_deferral_that_is_edited_then_followed_up(sim, channel, ana, bot, tree):
    @tree.command(description="Takes long")
    async def long(interaction: discord.Interaction):
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.edit_original_response(content="the answer")
        await interaction.followup.send("more", ephemeral=True)

    async with sim.connect(bot):
        reply = await ana.slash("/long", channel)
        assert (await reply.done()).text == "the answer"
        await ana.sees("more")
        assert not sim.problems


async def test_ephemeral_is_for_one_person_and_never_on_the_gateway(sim, guild, ana, bot, tree):
    channel = guild.channel("general")

    @tree.command(description="Whisper")
    async def whisper(interaction: discord.Interaction):
        await interaction.response.send_message("psst", ephemeral=True)

    bob = guild.member("Bob")
    async with sim.connect(bot):
        reply = await ana.slash("/whisper", channel)
        assert reply.message in ana.reads(channel)
        assert reply.message not in bob.reads(channel)
        with pytest.raises(CannotDo, match="Bob does not see"):
            await bob.clicks("anything", on=reply)
        assert not sim.log.events("MESSAGE_CREATE")


async def test_an_answer_in_time_once_and_within_the_tokens_life(channel_less_sim):
    sim, ana, bot, taken = channel_less_sim
    async with sim.connect(bot):
        with pytest.raises(NotSeen, match=r"did not respond within 0\.1 s"):
            await ana.slash("/late")
        interaction = await taken.get()
        with pytest.raises(discord.NotFound) as refused:
            await interaction.response.send_message("sorry")
        assert refused.value.code == 10062

        reply = await ana.slash("/twice")
        interaction = await taken.get()
        interaction.response._response_type = None  # let discord.py try what it would not
        with pytest.raises(discord.HTTPException) as refused:
            await interaction.response.send_message("again")
        assert refused.value.code == 40060

        reply.expire()
        with pytest.raises(discord.HTTPException) as refused:
            await interaction.edit_original_response(content="too late")
        assert (refused.value.status, refused.value.code) == (401, 50027)
        assert [p.code for p in sim.problems] == [10062, 10062, 40060, 50027]


@pytest.fixture
async def channel_less_sim(bot, tree):
    taken = asyncio.Queue()

    @tree.command(description="Answers too late")
    async def late(interaction: discord.Interaction):
        await taken.put(interaction)

    @tree.command(description="Answers twice")
    async def twice(interaction: discord.Interaction):
        await interaction.response.send_message("once")
        await taken.put(interaction)

    async with LocalDiscord(answer_seconds=0.1) as sim:
        guild = sim.guild()
        guild.channel("general")
        yield sim, guild.member("Ana"), bot, taken


async def test_a_follow_up_before_any_answer_is_an_unknown_webhook(sim, channel, ana, bot, tree):
    codes = asyncio.Queue()

    @tree.command(description="Wrong order")
    async def hasty(interaction: discord.Interaction):
        try:
            await interaction.followup.send("first")
        except discord.NotFound as refused:
            await codes.put(refused.code)
        await interaction.response.send_message("then")

    async with sim.connect(bot):
        await ana.slash("/hasty", channel)
        assert await codes.get() == 10015


async def test_autocomplete(sim, channel, ana, bot, tree):
    async def languages(interaction, typed):
        known = ["Spanish", "Spartan", "English"]
        return [
            app_commands.Choice(name=k, value=k[:2].lower())
            for k in known
            if k.lower().startswith(typed)
        ]

    @tree.command(description="Translate")
    @app_commands.autocomplete(to=languages)
    async def translate(interaction: discord.Interaction, text: str, to: str):
        await interaction.response.send_message(to)

    async with sim.connect(bot):
        offered = await ana.autocompletes("/translate", "to", "spa", channel, text="hola")
        assert [c["name"] for c in offered] == ["Spanish", "Spartan"]
        with pytest.raises(CannotDo, match="offers nothing"):
            await ana.autocompletes("/translate", "text", "h")


async def test_context_menus_see_a_message_whole(sim, guild, channel, ana, tree, bot):
    @tree.context_menu(name="Summarize")
    async def summarize(interaction: discord.Interaction, message: discord.Message):
        await interaction.response.send_message(f"{message.author.name}: {message.content[:3]}…")

    @tree.context_menu(name="Who")
    async def who(interaction: discord.Interaction, member: discord.Member):
        await interaction.response.send_message(member.display_name)

    bob = guild.member("Bob")
    async with sim.connect(bot):
        said = await bob.says("a long story", channel)
        assert (await ana.menu("Summarize", on=said)).text == "Bob: a l…"
        assert (await ana.menu("Who", on=bob)).text == "Bob"
        with pytest.raises(CannotDo, match="the menu has no"):
            await ana.menu("Explain", on=said)


async def test_commands_are_kept_by_scope_and_permission(sim, guild, channel, ana, bot, tree):
    @tree.command(description="Everywhere")
    async def everywhere(interaction: discord.Interaction):
        await interaction.response.send_message("here")

    @tree.command(description="Not in private")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def settings(interaction: discord.Interaction):
        await interaction.response.send_message("set")

    async with sim.connect(bot):
        ids = {c.name: c.id for c in await tree.fetch_commands()}
        assert set(ids) == {"everywhere", "settings"}
        assert {c.name: c.id for c in await tree.sync()} == ids
        assert (await ana.slash("/everywhere", ana.dm)).text == "here"
        with pytest.raises(CannotDo, match="there is no command"):
            await guild.owner().slash("/settings", guild.owner().dm)
        with pytest.raises(CannotDo, match="may not use"):
            await ana.slash("/settings", channel)
        assert (await guild.owner().slash("/settings")).text == "set"


async def test_some_commands_are_for_administrators_or_for_channels_for_adults(
    sim, guild, channel, ana, bot, tree
):
    @tree.command(description="For administrators")
    @app_commands.default_permissions()
    async def settings(interaction: discord.Interaction):
        await interaction.response.send_message("set")

    @tree.command(description="For adults", nsfw=True)
    async def adults(interaction: discord.Interaction):
        await interaction.response.send_message("18")

    bob = guild.member("Bob", roles=(guild.role("Boss", Permission.ADMINISTRATOR),))
    async with sim.connect(bot):
        for command in ("/settings", "/adults"):
            with pytest.raises(CannotDo, match="may not use"):
                await ana.slash(command, channel)
        assert (await bob.slash("/settings", channel)).text == "set"
        channel.nsfw = True
        assert (await ana.slash("/adults")).text == "18"
        thread = await ana.starts_thread("more", in_=channel)
        assert (await ana.slash("/adults", thread)).text == "18"


async def test_a_bot_that_is_offline_does_not_respond(sim, channel, ana, bot, tree):
    @tree.command(description="Ping")
    async def ping(interaction: discord.Interaction):
        await interaction.response.send_message("pong")

    async with sim.connect(bot):
        assert (await ana.slash("/ping", channel)).text == "pong"
    with pytest.raises(CannotDo, match="did not respond"):
        await ana.slash("/ping")


async def test_an_answer_may_carry_files(sim, channel, ana, bot, tree):
    @tree.command(description="Give a file")
    async def give(interaction: discord.Interaction):
        await interaction.response.defer()
        file = discord.File(io.BytesIO(b"{}"), "result.json")
        await interaction.edit_original_response(attachments=[file])

    async with sim.connect(bot):
        reply = await ana.slash("/give", channel)
        await reply.done()
        assert reply.message.file("result.json").data == b"{}"


async def test_an_interaction_is_answered_where_the_bot_may_not_write(
    sim, guild, channel, ana, bot, tree
):
    @tree.command(description="Ping")
    async def ping(interaction: discord.Interaction):
        await interaction.response.send_message("pong")

    guild.deny(channel, sim.bot, Permission.SEND_MESSAGES)
    async with sim.connect(bot):
        assert (await ana.slash("/ping", channel)).text == "pong"
