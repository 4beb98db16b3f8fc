"""What people see when something fails, on an unmodified discord.py."""

# mypy: ignore-errors

import asyncio
import logging

import discord
import pytest
from discord import app_commands

from bot.errors import BadInput, JobExpired, TooSoon
from cogs.shared import error_messages
from cogs.shared.error_messages import ReportingModal, ReportingView, report, reported
from local_discord import LocalDiscord, NotSeen


class Upper(app_commands.Transformer):
    """Takes capitals only."""

    async def transform(self, interaction, value):
        if not value.isupper():
            raise BadInput("Only capitals.")
        return value


def fails(tree, error, *, first=None, name="fail"):
    """Register a command that raises."""

    @tree.command(name=name, description="Fails")
    async def fail(interaction: discord.Interaction):
        if first is not None:
            await first(interaction)
        raise error


async def test_a_failing_command_is_told_to_its_person_in_their_language(sim, ana, ben, bot, tree):
    fails(tree, JobExpired("x"))
    async with sim.connect(bot):
        reply = await ana.slash("/fail")
        assert "ya no se guarda" in reply.text
        assert reply.ephemeral
        assert "no longer has it" in (await ben.slash("/fail")).text
        assert not sim.problems


async def test_the_unexpected_has_a_reference_that_is_in_the_log(sim, ben, bot, tree, caplog):
    fails(tree, ZeroDivisionError("private words"))
    async with sim.connect(bot):
        reply = await ben.slash("/fail")
        assert "my side" in reply.text
        assert "private" not in reply.text
        reference = reply.text.rpartition("(")[2].rstrip(")")
        [record] = [r for r in caplog.records if r.levelno == logging.ERROR]
        assert reference in record.getMessage()
        assert "ZeroDivisionError" in record.getMessage()
        assert not sim.problems


async def test_after_an_answer_the_error_follows(sim, ben, bot, tree):
    async def answer(interaction):
        await interaction.response.send_message("Here:")

    fails(tree, BadInput("It is no audio."), first=answer)
    async with sim.connect(bot):
        reply = await ben.slash("/fail")
        assert reply.text == "Here:"
        error = await ben.sees("It is no audio.")
        assert error.flags & discord.MessageFlags.ephemeral.flag
        assert not sim.problems


async def test_a_thinking_answer_becomes_the_error(sim, ben, bot, tree):
    async def think(interaction):
        await interaction.response.defer(thinking=True)

    fails(tree, TooSoon(wait_s=3), first=think)
    async with sim.connect(bot):
        reply = await ben.slash("/fail")
        await reply.done()
        assert "Please try again in 4 s" in reply.text
        assert not sim.problems


async def test_an_expired_interaction_is_told_directly(sim, ben, bot, tree):
    expired = asyncio.Event()

    async def wait(interaction):
        await interaction.response.defer(thinking=True)
        await expired.wait()

    fails(tree, JobExpired("x"), first=wait)
    async with sim.connect(bot):
        reply = await ben.slash("/fail")
        reply.expire()
        expired.set()
        await ben.sees("no longer has it", ben.dm)


async def test_nobody_to_tell_is_no_error(sim, ben, bot, tree, caplog, monkeypatch):
    expired = asyncio.Event()

    async def wait(interaction):
        await interaction.response.defer(thinking=True)
        await expired.wait()

    fails(tree, JobExpired("x"), first=wait)
    ben.user.accepts_dms = False
    given_up = asyncio.Event()
    monkeypatch.setattr(
        error_messages.log, "warning", lambda m, *_: "not be shown" in m and given_up.set()
    )
    async with sim.connect(bot):
        reply = await ben.slash("/fail")
        reply.expire()
        expired.set()
        await asyncio.wait_for(given_up.wait(), 5)
        assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


async def test_an_answer_that_comes_too_late_is_given_directly(bot, tree):
    async def dawdle(interaction):
        await asyncio.sleep(0.2)  # longer than this Discord waits for an answer

    fails(tree, JobExpired("x"), first=dawdle)
    async with LocalDiscord(answer_seconds=0.1) as sim:
        guild = sim.guild()
        guild.channel("general")
        ben = guild.member("Ben")
        async with sim.connect(bot):
            with pytest.raises(NotSeen):
                await ben.slash("/fail")
            await ben.sees("no longer has it", ben.dm)


async def test_checks_have_words(sim, guild, ben, bot, tree):
    @tree.command(description="For managers")
    @app_commands.checks.has_permissions(manage_guild=True)
    async def manage(interaction: discord.Interaction):
        await interaction.response.send_message("done")

    @tree.command(description="Needs much")
    @app_commands.checks.bot_has_permissions(administrator=True)
    async def much(interaction: discord.Interaction):
        await interaction.response.send_message("done")

    @tree.command(description="Never")
    @app_commands.check(lambda interaction: False)
    async def never(interaction: discord.Interaction):
        await interaction.response.send_message("done")

    @tree.command(description="Once a minute")
    @app_commands.checks.cooldown(1, 60)
    async def once(interaction: discord.Interaction):
        await interaction.response.send_message("done")

    @tree.command(description="Capitals")
    async def capitals(interaction: discord.Interaction, word: app_commands.Transform[str, Upper]):
        await interaction.response.send_message(word)

    async with sim.connect(bot):
        assert "Manage Server" in (await ben.slash("/manage")).text
        assert "give me: Administrator" in (await ben.slash("/much")).text
        assert "use that here" in (await ben.slash("/never")).text
        assert (await ben.slash("/once")).text == "done"
        assert "Please wait 1 min" in (await ben.slash("/once")).text
        assert (await ben.slash("/capitals", word="A")).text == "A"
        assert "Only capitals." in (await ben.slash("/capitals", word="a")).text
        assert not sim.problems


class Failing(ReportingView):
    @discord.ui.button(label="Fail")
    async def fail(self, interaction, button):
        raise JobExpired("x")

    @discord.ui.button(label="Ask")
    async def ask(self, interaction, button):
        await interaction.response.send_modal(Asking())


class Asking(ReportingModal, title="Ask"):
    what = discord.ui.Label(text="What", component=discord.ui.TextInput())

    async def on_submit(self, interaction):
        raise BadInput(f"Not {self.what.component.value}.")


class Lasting(discord.ui.DynamicItem[discord.ui.Button], template="lasting"):
    def __init__(self):
        super().__init__(discord.ui.Button(label="Last", custom_id="lasting"))

    @classmethod
    async def from_custom_id(cls, interaction, item, match, /):
        return cls()

    @reported
    async def callback(self, interaction):
        raise JobExpired("x")


async def test_buttons_and_modals_have_words(sim, ben, bot, tree):
    bot.add_dynamic_items(Lasting)

    @tree.command(description="Buttons")
    async def buttons(interaction: discord.Interaction):
        await interaction.response.send_message("Choose", view=Failing().add_item(Lasting()))

    async with sim.connect(bot):
        reply = await ben.slash("/buttons")
        assert "no longer has it" in (await ben.clicks("Fail", on=reply)).text
        assert "no longer has it" in (await ben.clicks("Last", on=reply)).text
        asked = await ben.clicks("Ask", on=reply)
        answer = await ben.submits(asked, {"What": "that"})
        assert "Not that." in answer.text
        assert answer.ephemeral
        assert not sim.problems


async def test_a_button_from_before_a_restart_says_so(sim, channel, ben, make_bot):
    before, after = make_bot(), make_bot()
    after.add_dynamic_items(Lasting)
    async with sim.connect(before):
        await before.get_channel(channel.id).send("Choose", view=Failing().add_item(Lasting()))
        message = await ben.sees("Choose", channel, ever=True)
    async with sim.connect(after):
        assert "too old to work" in (await ben.clicks("Fail", on=message)).text
        assert "no longer has it" in (await ben.clicks("Last", on=message)).text
        assert not sim.problems


async def test_a_failing_listener_is_logged_and_the_next_event_comes(
    sim, channel, ben, bot, caplog
):
    @bot.listen()
    async def on_message(message):
        if message.content == "boom":
            raise ZeroDivisionError("private words")
        if not message.author.bot:
            await message.channel.send("heard")

    async with sim.connect(bot):
        await ben.says("boom", channel)
        await ben.says("hello", channel)
        await ben.sees("heard")
        assert "in the listener for on_message" in caplog.text
        assert "private words" not in caplog.text.replace('ZeroDivisionError("private words")', "")
        assert not sim.problems


async def test_a_failing_autocomplete_offers_nothing(sim, channel, ben, bot, tree):
    @tree.command(description="Choose")
    async def choose(interaction: discord.Interaction, what: str):
        await interaction.response.send_message(what)

    @choose.autocomplete("what")
    async def offer(interaction, typed):
        await report(interaction, JobExpired("x"))
        return []

    async with sim.connect(bot):
        assert await ben.autocompletes("/choose", "what", "a", channel) == []
        assert not sim.problems


async def test_the_cog_gives_back_what_it_took(bot, tree):
    before = tree.on_error
    await bot.load_extension("cogs.errors")
    assert tree.on_error != before
    await bot.unload_extension("cogs.errors")
    assert tree.on_error == before
