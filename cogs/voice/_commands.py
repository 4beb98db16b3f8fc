"""`/join`, `/leave` and `/voice …`."""

import asyncio
import io
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_client import SkyDeck
from bot.errors import NoVoiceChannel
from bot.i18n import Words
from bot.jobs.view import Requester
from bot.sanitize import clean_excerpt
from bot.store.repositories.voice import VOICE_LIMIT_CHARS
from bot.voice_agent.events import Attention
from bot.voice_agent.turn_latency import summary
from cogs.shared.chosen_voice import check_voice, offer_voices
from cogs.shared.commands import only_on_servers, text
from cogs.shared.markdown import escaped
from cogs.shared.places import Places
from cogs.shared.requester import admit, requester_of, words_at, words_of
from cogs.shared.rights import Relation, Right, may, require
from cogs.voice._consent import store_consent
from cogs.voice._status import status_text
from cogs.voice._timings import waterfall
from cogs.voice._views import MoveQuestion, consent_view
from cogs.voice._voice_channel import VocalChannel, VoiceChannel, people_in
from cogs.voice._voice_channels import VoiceChannels, check_permissions

_KNOWN_WITHIN_S: Final = 1.5
"""Discord waits 3 s for a response."""
_LOOK_EVERY_S: Final = 0.1


class VoiceCommands(commands.Cog):
    """The slash commands for voice channels."""

    voice = app_commands.Group(
        name=text("voice.cmd.voice.name"),
        description=text("voice.cmd.voice.about"),
        allowed_contexts=only_on_servers(),
    )

    def __init__(self, bot: SkyDeck, channels: VoiceChannels) -> None:
        self.bot = bot
        self.channels = channels
        self._drawing = asyncio.Lock()

    @app_commands.command(
        name=text("voice.cmd.join.name"), description=text("voice.cmd.join.about")
    )
    @app_commands.rename(channel=text("voice.cmd.join.channel"))
    @app_commands.describe(channel=text("voice.cmd.join.channel_about"))
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def join(
        self,
        interaction: discord.Interaction[SkyDeck],
        channel: discord.VoiceChannel | discord.StageChannel | None = None,
    ) -> None:
        """Join a voice channel; ask for confirmation before leaving other people."""
        requester = await admit(self.bot, interaction)
        words = words_of(requester)
        await self._wait_until_known(requester, words)
        where = channel or current_channel(interaction.user)
        if where is None:
            raise NoVoiceChannel(words("voice.where"))
        relation = await _relation(interaction, where.id)
        require(Right.JOIN, relation, words("voice.not_for_you"))
        check_permissions(where, words)
        if (left := self._channel_left_behind(requester, where)) is None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._join(interaction, requester, where)
            return

        async def act(confirmed: discord.Interaction[SkyDeck]) -> None:
            await confirmed.response.edit_message(content=words("common.working"), view=None)
            await self._join(confirmed, requester, where)

        await interaction.response.send_message(
            words("voice.ask_move", here=left.mention, there=where.mention),
            view=MoveQuestion(words, act),
            ephemeral=True,
        )

    async def _wait_until_known(self, requester: Requester, words: Words) -> None:
        """Wait until the members of the server are known; after a takeover that takes a moment.

        Raises:
            NoVoiceChannel: It takes longer than Discord waits for a response.
        """
        if requester.guild_id is None:
            return
        clock = self.bot.clock
        until = clock.now() + _KNOWN_WITHIN_S
        while not self.bot.membership.is_whole(requester.guild_id):
            if clock.now() > until:
                raise NoVoiceChannel(words("voice.not_yet"))
            await clock.sleep(_LOOK_EVERY_S)

    def _channel_left_behind(
        self, requester: Requester, where: VocalChannel
    ) -> VocalChannel | None:
        """The channel whose other people the bot would leave; None if there are none."""
        voice = self.channels.get(where.guild.id)
        if voice is None or voice.channel is None or voice.channel == where:
            return None
        return voice.channel if people_in(voice.channel).keys() - {requester.user_id} else None

    async def _join(
        self, interaction: discord.Interaction[SkyDeck], requester: Requester, where: VocalChannel
    ) -> None:
        was_there = self.channels.get(where.guild.id)
        if was_there is not None:
            was_there.readmit(requester.user_id)
        await store_consent(self.bot, where.guild.id, interaction, agreed=True)
        voice = await self.channels.enter(
            where, called_by=requester.user_id, locale=requester.locale
        )
        if voice is not was_there:
            await voice.introduce(escaped(requester.user_name))
        joined = words_of(requester)("voice.joined", channel=where.mention)
        await interaction.edit_original_response(content=joined)

    @app_commands.command(
        name=text("voice.cmd.leave.name"), description=text("voice.cmd.leave.about")
    )
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def leave(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Leave the voice channel."""
        requester = await requester_of(self.bot, interaction)
        voice = await self._controlled_channel(interaction, requester)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.channels.leave(voice.place.guild_id)
        await interaction.edit_original_response(content=words_of(requester)("voice.left"))

    @voice.command(name=text("voice.cmd.mode.name"), description=text("voice.cmd.mode.about"))
    @app_commands.rename(attention=text("voice.cmd.mode.when"))
    @app_commands.describe(attention=text("voice.cmd.mode.when_about"))
    @app_commands.choices(
        attention=[
            app_commands.Choice(
                name=text("voice.cmd.mode.auto"),
                value=Attention.AUTO.value,
            ),
            app_commands.Choice(
                name=text("voice.cmd.mode.always"),
                value=Attention.ALWAYS.value,
            ),
            app_commands.Choice(
                name=text("voice.cmd.mode.listen"),
                value=Attention.LISTEN_ONLY.value,
            ),
        ]
    )
    async def mode(self, interaction: discord.Interaction[SkyDeck], attention: str) -> None:
        """Choose when to answer, and announce it in the channel."""
        requester = await admit(self.bot, interaction)
        voice = await self._controlled_channel(interaction, requester)
        await self.channels.note(voice, attention=attention)
        voice.set_attention(Attention(attention))
        key = f"voice.mode.{attention.replace('-', '_')}"
        days = self.bot.settings.skydeck_message_days
        voice.transcript.say(voice.words(key, days=days))
        await interaction.response.send_message(words_of(requester)(key, days=days), ephemeral=True)

    @voice.command(name=text("voice.cmd.consent.name"), description=text("voice.cmd.consent.about"))
    async def consent(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Show their consent, with buttons to change it."""
        requester = await requester_of(self.bot, interaction)
        words = words_of(requester)
        said = await self.bot.store.consents.get(requester.guild_id or 0, [requester.user_id])
        consent = said.get(requester.user_id)
        state = "unasked" if consent is None else "agreed" if consent.agreed else "declined"
        await interaction.response.send_message(
            words(f"voice.consent.{state}"), view=consent_view(words), ephemeral=True
        )

    @voice.command(name=text("voice.cmd.forget.name"), description=text("voice.cmd.forget.about"))
    async def forget(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Withdraw consent, and delete what was stored."""
        requester = await requester_of(self.bot, interaction)
        guild_id = requester.guild_id or 0
        voice = self.channels.get(guild_id)
        if voice is not None:
            voice.exclude(requester.user_id)
        await self.bot.store.consents.withdraw(guild_id, requester.user_id)
        gone = await self.bot.store.minutes.forget(guild_id, requester.user_id)
        await self.bot.voices.forget(requester.user_id)
        words = words_of(requester)
        await interaction.response.send_message(
            words.count("voice.forgotten", gone), ephemeral=True
        )

    @voice.command(name=text("voice.cmd.choose.name"), description=text("voice.cmd.choose.about"))
    @app_commands.rename(voice=text("voice.cmd.choose.voice"))
    @app_commands.describe(voice=text("voice.cmd.choose.voice_about"))
    @app_commands.autocomplete(voice=offer_voices)
    async def choose(
        self,
        interaction: discord.Interaction[SkyDeck],
        voice: app_commands.Range[str, 1, VOICE_LIMIT_CHARS] | None = None,
    ) -> None:
        """Choose the voice that answers them, here and everywhere."""
        requester = await requester_of(self.bot, interaction)
        words = words_of(requester)
        if voice is None:
            name = None
            await self.bot.store.chosen_voices.reset(requester.user_id)
            said = words("voice.chosen_none")
        else:
            name = await check_voice(self.bot.settings, voice, words)
            await self.bot.store.chosen_voices.choose(requester.user_id, name)
            said = words("voice.chosen", voice=clean_excerpt(name))
        await interaction.response.send_message(said, ephemeral=True)
        here = self.channels.get(requester.guild_id or 0)
        if here is not None:
            await here.set_voice(requester.user_id, name)

    @voice.command(name=text("voice.cmd.follow.name"), description=text("voice.cmd.follow.about"))
    async def follow(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Follow a person, or stop following them."""
        requester = await admit(self.bot, interaction)
        voice = await self._controlled_channel(interaction, requester)
        is_new = voice.place.follow_user_id != requester.user_id
        await self.channels.note(voice, follow_user_id=requester.user_id if is_new else None)
        key = "voice.following" if is_new else "voice.following_no_more"
        await interaction.response.send_message(words_of(requester)(key), ephemeral=True)

    @voice.command(name=text("voice.cmd.status.name"), description=text("voice.cmd.status.about"))
    async def status(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Show the quality of the connection and of the answers."""
        words = await words_at(self.bot, interaction)
        voice = await self._visible_channel(interaction, words)
        if voice.link is None or voice.session is None:
            raise NoVoiceChannel(words("voice.not_here"))
        spreads = summary(voice.session.latency.turns)
        text = status_text(voice.place, voice.link.health(), spreads, voice.transcript.names, words)
        await interaction.response.send_message(
            embed=discord.Embed(description=text, colour=discord.Colour.blurple()), ephemeral=True
        )

    @voice.command(name=text("voice.cmd.timings.name"), description=text("voice.cmd.timings.about"))
    async def timings(self, interaction: discord.Interaction[SkyDeck]) -> None:
        """Draw the last turn, and attach all turns as JSON lines."""
        words = await words_at(self.bot, interaction)
        voice = await self._visible_channel(interaction, words)
        turns = (
            [] if voice.session is None else [t for t in voice.session.latency.turns if t.split()]
        )
        if not turns:
            await interaction.response.send_message(words("voice.status.no_turns"), ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self._drawing:  # matplotlib's caches are not thread-safe
            picture = await asyncio.to_thread(waterfall, turns[-1], words)
        lines = "\n".join(turn.to_json() for turn in turns)
        await interaction.edit_original_response(
            attachments=[
                discord.File(io.BytesIO(picture), "turn.png"),
                discord.File(io.BytesIO(lines.encode()), "turns.jsonl"),
            ]
        )

    def _voice_here(self, interaction: discord.Interaction[SkyDeck], words: Words) -> VoiceChannel:
        voice = self.channels.get(interaction.guild_id)
        if voice is None:
            raise NoVoiceChannel(words("voice.not_here"))
        return voice

    async def _visible_channel(
        self, interaction: discord.Interaction[SkyDeck], words: Words
    ) -> VoiceChannel:
        """The open voice channel, if they may see it.

        Raises:
            NoVoiceChannel: There is none, or they may not know of it.
        """
        voice = self._voice_here(interaction, words)
        if not may(Right.SEE_VOICE, await _relation(interaction, voice.place.channel_id)):
            raise NoVoiceChannel(words("voice.not_here"))
        return voice

    async def _controlled_channel(
        self, interaction: discord.Interaction[SkyDeck], requester: Requester
    ) -> VoiceChannel:
        """The open voice channel, if they are in it or may move its members.

        Raises:
            NoVoiceChannel: There is none.
            NotAllowed: They may not control it.
        """
        words = words_of(requester)
        voice = self._voice_here(interaction, words)
        channel_id = voice.place.channel_id
        refusal = words("voice.not_yours", channel=f"<#{channel_id}>")
        require(Right.COMMAND_VOICE, await _relation(interaction, channel_id), refusal)
        return voice


def current_channel(user: discord.User | discord.Member) -> VocalChannel | None:
    """The voice channel that a person is in."""
    if isinstance(user, discord.Member) and user.voice is not None:
        return user.voice.channel
    return None


async def _relation(interaction: discord.Interaction[SkyDeck], channel_id: int) -> Relation:
    return await Places(interaction).relation(
        owner_id=None, guild_id=interaction.guild_id, channel_id=channel_id
    )
