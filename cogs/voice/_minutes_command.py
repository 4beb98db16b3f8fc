"""`/minutes`: Grace summarizes what was said while the bot only listened."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.contract.grace import task
from bot.discord_client import SkyDeck
from bot.errors import NoVoiceChannel, SkydeckError, UnknownModule
from bot.i18n import Words
from cogs.shared.answering import command_placeholder, give_reason
from cogs.shared.commands import text
from cogs.shared.places import Places
from cogs.shared.requester import admit, words_of
from cogs.shared.rights import Right, require
from cogs.voice._commands import current_channel
from cogs.voice._minutes import MODULE, Notes, make_view, transcript
from cogs.voice._policy import latest_meeting
from cogs.voice._voice_channel import VocalChannel
from cogs.voice._voice_channels import VoiceChannels


class MinutesCommand(commands.Cog):
    """The command for the minutes of a voice channel's latest meeting."""

    def __init__(self, bot: SkyDeck, channels: VoiceChannels) -> None:
        self.bot = bot
        self.channels = channels

    @app_commands.command(
        name=text("voice.cmd.minutes.name"), description=text("voice.cmd.minutes.about")
    )
    @app_commands.rename(clear=text("voice.cmd.minutes.clear"))
    @app_commands.describe(clear=text("voice.cmd.minutes.clear_about"))
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def minutes(self, interaction: discord.Interaction[SkyDeck], clear: bool = False) -> None:
        """Have Grace summarize the transcript of a voice channel's latest meeting."""
        requester = await admit(self.bot, interaction)
        words = words_of(requester)
        channel = self._channel(interaction, words)
        relation = await Places(interaction).relation(
            owner_id=None, guild_id=channel.guild.id, channel_id=channel.id
        )
        require(Right.MINUTES, relation, words("voice.not_for_you"))
        if clear:
            require(Right.CLEAR_MINUTES, relation, words("voice.minutes.not_yours"))
        said = latest_meeting(await self.bot.store.minutes.get(channel.guild.id, channel.id))
        if not said:
            await interaction.response.send_message(words("voice.minutes.none"), ephemeral=True)
            return
        module = self.bot.grace.get(MODULE)
        if module is None:
            raise UnknownModule(f"Grace's catalogue has no {MODULE}.")
        notes = Notes(
            voice_channel_id=channel.id,
            since_ms=said[0].at_ms,
            clear=clear,
            may_attach=interaction.app_permissions.attach_files,
        )
        request = task(module, transcript(said), source=requester.source)
        placeholder = command_placeholder(self.bot, interaction, requester)
        view = make_view(self.bot, requester, placeholder, notes)
        async with placeholder.in_time():
            try:
                await self.bot.runner.perform(
                    request,
                    requester=requester,
                    place=view.place,
                    title=words("voice.minutes.title"),
                    view=view,
                    reply_token=interaction.token,
                    interaction_id=interaction.id,
                    is_shown=False,
                )
            except SkydeckError as e:
                await placeholder.show()
                await give_reason(placeholder.live, e, words)

    def _channel(self, interaction: discord.Interaction[SkyDeck], words: Words) -> VocalChannel:
        """The voice channel whose chat they write in, else the one they are in, else the bot's.

        Raises:
            NoVoiceChannel: There is none.
        """
        here = interaction.channel
        channel = here if isinstance(here, VocalChannel) else current_channel(interaction.user)
        if channel is None:
            voice = self.channels.get(interaction.guild_id)
            channel = None if voice is None else voice.channel
        if channel is None:
            raise NoVoiceChannel(words("voice.where"))
        return channel
