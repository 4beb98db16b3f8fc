"""`/settings`, `/privacy` and `/help`; only the person who asks sees the answers."""

import asyncio
import io
import logging

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_client import SkyDeck
from bot.errors import TooLarge
from bot.i18n import Words
from bot.persona import NO_PERSONA, SERVER
from bot.store.maintenance.privacy import Forgotten
from cogs.ops._export import packed
from cogs.ops._help import Payload, Reader, make_help
from cogs.ops._persona import PersonaChannel, PersonaPlace, show_persona
from cogs.ops._views import Question, SettingsMenus, settings_embed
from cogs.shared.commands import for_people, only_on_servers, text
from cogs.shared.forgetting import forget_questions
from cogs.shared.places import for_who_may
from cogs.shared.requester import requester_of, settings_of, words_at, words_of
from cogs.shared.rights import Right
from cogs.shared.splitting import as_plain_text

log = logging.getLogger(__name__)


class Ops(commands.Cog):
    """Settings, privacy and help."""

    settings = app_commands.Group(
        name=text("ops.cmd.settings.name"),
        description=text("ops.cmd.settings.description"),
        allowed_contexts=only_on_servers(),
        default_permissions=discord.Permissions(manage_guild=True),
    )
    privacy = for_people(
        app_commands.Group(
            name=text("ops.cmd.privacy.name"), description=text("ops.cmd.privacy.description")
        )
    )

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot

    # -- a server's settings -----------------------------------------------------------------

    @settings.command(
        name=text("ops.cmd.settings.show.name"),
        description=text("ops.cmd.settings.show.description"),
    )
    @for_who_may(Right.SETTINGS)
    async def show(self, interaction: discord.Interaction) -> None:
        """Show the settings, with menus to change them."""
        words = await words_at(self.bot, interaction)
        settings = await settings_of(self.bot, interaction.guild)
        await interaction.response.send_message(
            embed=await settings_embed(self.bot, settings, words, interaction),
            view=SettingsMenus(self.bot, settings, words, interaction),
            ephemeral=True,
        )

    @settings.command(
        name=text("ops.cmd.settings.reset.name"),
        description=text("ops.cmd.settings.reset.description"),
    )
    @for_who_may(Right.SETTINGS)
    async def reset(self, interaction: discord.Interaction) -> None:
        """Reset the settings to the defaults after a confirmation."""
        words = await words_at(self.bot, interaction)
        guild_id = interaction.guild_id

        async def act(confirmed: discord.Interaction) -> None:
            if guild_id is not None:
                await self.bot.store.guilds.reset(guild_id)
                await self.bot.store.personas.reset(guild_id)
                self.bot.dispatch("persona_changed", guild_id)
            now = await words_at(self.bot, confirmed)  # the server's language is reset too
            done = now("ops.settings.was_reset")
            await confirmed.response.edit_message(content=done, view=None)

        await interaction.response.send_message(
            words("ops.settings.ask_reset"),
            view=Question(
                words,
                interaction,
                label=words("ops.settings.reset"),
                act=act,
                right=Right.SETTINGS,
            ),
            ephemeral=True,
        )

    @settings.command(
        name=text("ops.cmd.settings.persona.name"),
        description=text("ops.cmd.settings.persona.description"),
    )
    @app_commands.rename(channel=text("ops.cmd.settings.persona.channel"))
    @app_commands.describe(channel=text("ops.cmd.settings.persona.channel_about"))
    @for_who_may(Right.SETTINGS)
    async def persona(
        self,
        interaction: discord.Interaction,
        channel: app_commands.Transform[int, PersonaChannel] = SERVER,
    ) -> None:
        """Show who the bot is on the server or in a channel, with buttons to change it."""
        if interaction.guild_id is None:
            raise AssertionError("the settings commands work on servers only")
        await show_persona(interaction, PersonaPlace(self.bot, interaction.guild_id, channel))

    @settings.command(
        name=text("ops.cmd.settings.actions.name"),
        description=text("ops.cmd.settings.actions.description"),
    )
    @app_commands.rename(allowed=text("ops.cmd.settings.actions.allowed"))
    @app_commands.describe(allowed=text("ops.cmd.settings.actions.allowed_about"))
    @for_who_may(Right.SETTINGS)
    async def actions(self, interaction: discord.Interaction, *, allowed: bool) -> None:
        """Say whether a sentence may ask for what commands do."""
        if interaction.guild_id is None:
            raise AssertionError("the settings commands work on servers only")
        await self.bot.store.guilds.patch(interaction.guild_id, actions=allowed)
        words = await words_at(self.bot, interaction)
        done = words("ops.settings.actions_on" if allowed else "ops.settings.actions_off")
        await interaction.response.send_message(done, ephemeral=True)

    # -- a person's data ---------------------------------------------------------------------

    @privacy.command(
        name=text("ops.cmd.privacy.export.name"),
        description=text("ops.cmd.privacy.export.description"),
    )
    async def export(self, interaction: discord.Interaction) -> None:
        """Export everything that is stored about the person."""
        words = await words_at(self.bot, interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        document = await self.bot.store.privacy.export(interaction.user.id)
        limit_bytes = interaction.filesize_limit
        export = await asyncio.to_thread(packed, document, limit_bytes)
        if not export.fits:
            raise TooLarge(words("ops.privacy.too_large", size=export.mib))
        held = {name: len(many) for name, many in document.items() if isinstance(many, list)}
        await interaction.edit_original_response(
            content=words(
                "ops.privacy.exported",
                messages=words.count("ops.privacy.messages", held.get("messages", 0)),
                jobs=words.count("ops.privacy.jobs", held.get("jobs", 0)),
            ),
            attachments=[discord.File(io.BytesIO(export.data), export.name)],
        )

    @privacy.command(
        name=text("ops.cmd.privacy.forget.name"),
        description=text("ops.cmd.privacy.forget.description"),
    )
    async def forget(self, interaction: discord.Interaction) -> None:
        """Delete everything that is stored about the person after a confirmation."""
        words = await words_at(self.bot, interaction)

        async def act(confirmed: discord.Interaction) -> None:
            await confirmed.response.edit_message(
                content=words("ops.privacy.forgetting"), view=None
            )
            gone = await self._forget(confirmed.user.id)
            await confirmed.edit_original_response(content=_forgotten(gone, words))

        await interaction.response.send_message(
            words("ops.privacy.ask_forget"),
            view=Question(words, interaction, label=words("ops.privacy.forget"), act=act),
            ephemeral=True,
        )

    async def _forget(self, user_id: int) -> Forgotten:
        """Stop their running jobs first: otherwise the results would be stored afterwards.

        Other people's questions go too, where they hold this person's words, and what was sent
        with other people's jobs in the same conversations.
        """
        memory = self.bot.store.conversations
        holding = await memory.holding_words_of(user_id)
        talks = {**await memory.talks_with(holding), **await memory.talks_of(user_id)}
        await forget_questions(self.bot, holding)
        await self.bot.store.jobs.forget_histories(talks)
        stopped = await self.bot.remote_jobs.stop_all_of(
            user_id
        )  # this also stops listening to them
        gone = await self.bot.store.privacy.forget(user_id)
        log.info("a person's data was deleted; %d of their jobs were running", stopped)
        return gone

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Delete a server's data after the bot was removed. An outage is a different event.

        Its running jobs are stopped first, so that the people who wait for them hear of it.
        """
        self.bot.deleted.guilds.add({guild.id})
        await self.bot.runner.leave(guild.id)
        gone = await self.bot.store.privacy.forget_guild(guild.id)
        log.info("left server %d; %d messages deleted", guild.id, gone.messages)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Nobody can see the persona of a deleted channel, so it goes too."""
        await self.bot.store.personas.set(channel.guild.id, channel.id, NO_PERSONA)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """A server that had removed the bot may invite it again."""
        self.bot.deleted.guilds.discard(guild.id)

    # -- help --------------------------------------------------------------------------------

    @for_people
    @app_commands.command(
        name=text("ops.cmd.help.name"), description=text("ops.cmd.help.description")
    )
    async def help(self, interaction: discord.Interaction) -> None:
        """Show what the bot can do, with the commands that this person may use here."""
        requester = await requester_of(self.bot, interaction)
        words = words_of(requester)
        reader = Reader(
            str(interaction.locale),
            interaction.permissions.value,
            in_guild=interaction.guild_id is not None,
            as_guest=requester.is_guest,
        )
        me = self.bot.user.mention if self.bot.user is not None else ""
        told = make_help(
            words,
            reader,
            await self._registered(),
            self.bot.settings,
            me=me,
            name=as_plain_text(requester.assistant),
        )
        embed = discord.Embed(
            title=words("help.title"), description=told.intro, colour=discord.Colour.blurple()
        )
        for section in told.sections:
            embed.add_field(name=section.title, value=section.text, inline=False)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    async def _registered(self) -> list[Payload]:
        tree = self.bot.tree
        translator = tree.translator
        if translator is None:
            raise AssertionError("the setup of this cog sets the translator")
        ids = self.bot.command_ids
        slash = discord.AppCommandType.chat_input
        return [
            await command.get_translated_payload(tree, translator)
            | ({"id": ids.get(command.name)} if kind is slash else {})
            for kind in discord.AppCommandType
            for command in tree.get_commands(type=kind)
        ]


def _forgotten(gone: Forgotten, words: Words) -> str:
    text = words(
        "ops.privacy.forgotten",
        messages=words.count("ops.privacy.messages", gone.messages),
        jobs=words.count("ops.privacy.jobs", gone.jobs),
    )
    if not gone.minutes:
        return text
    return f"{text} {words.count('ops.privacy.minutes', gone.minutes)}"
