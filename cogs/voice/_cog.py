"""Discord's voice events, and the consent buttons."""

import functools
import logging

import discord
from discord.ext import commands

from bot.cluster.spec import shard_of
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from cogs.shared.error_messages import explain
from cogs.voice._consent import take_consent
from cogs.voice._minutes import MinutesJobView, MinutesMessage
from cogs.voice._policy import RETURN_AFTER_S
from cogs.voice._views import COG
from cogs.voice._voice_channel import VocalChannel, VoiceChannel
from cogs.voice._voice_channels import VoiceChannels

log = logging.getLogger(__name__)


class Voice(commands.Cog, name=COG):
    """Keeps each open voice channel up to date with who is in it."""

    def __init__(self, bot: SkyDeck, channels: VoiceChannels) -> None:
        self.bot = bot
        self.channels = channels
        self._has_returned: set[int] = set()

    async def cog_load(self) -> None:
        """Register to recover the minutes that another process began."""
        self.bot.runner.register(MinutesMessage, functools.partial(MinutesJobView.revive, self.bot))
        self.bot.membership.guests.append(self)

    async def cog_unload(self) -> None:
        """Leave every channel; the next process rejoins them."""
        self.bot.membership.guests.remove(self)
        await self.channels.leave_all()

    def channel_in(self, guild: discord.Guild) -> VocalChannel | None:
        """The voice channel that the bot is in on this server."""
        voice = self.channels.get(guild.id)
        return None if voice is None else voice.channel

    async def leave_server(self, guild: discord.Guild) -> None:
        """Leave the voice channel on this server.

        Raises:
            StoreFailed: That cannot be stored.
        """
        await self.channels.leave(guild.id)

    def talks(self, shard: int) -> bool:
        """Whether a conversation on this shard is busy."""
        sessions = (voice.session for voice in self.channels.on_shard(shard))
        return any(session is not None and session.is_busy for session in sessions)

    async def leave(self, shard: int) -> None:
        """Leave a shard's channels; the process that takes it over rejoins them."""
        self._has_returned.discard(shard)
        await self.channels.leave_shard(shard)

    @commands.Cog.listener()
    async def on_shard_ready(self, shard: int) -> None:
        """After a restart or a takeover, rejoin the channels that still have people in them."""
        if shard in self._has_returned:
            return
        self._has_returned.add(shard)
        try:
            places = await self.bot.store.voice_rooms.all()
        except SkydeckError as e:
            log.warning("the voice channels to rejoin are not known: %s", e)
            return
        count = self.bot.shard_count or 1
        here = [place for place in places if shard_of(place.guild_id, count) == shard]
        self.channels.rejoin(here, pauses_s=RETURN_AFTER_S)

    @commands.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Handle a person, or the bot itself, joining, leaving or moving."""
        voice = self.channels.get(member.guild.id)
        if voice is None:
            return
        try:
            if member.id == member.guild.me.id:
                await self._take_own(voice, after.channel)
            elif before.channel != after.channel:
                await self._take_others(voice, member, before.channel, after.channel)
        except SkydeckError as e:
            log.warning("a change in a voice channel was not handled: %s", e)

    async def _take_own(self, voice: VoiceChannel, now: VocalChannel | None) -> None:
        """Handle the bot's own move. Being in no channel can be part of a reconnect: ignore it."""
        if now is not None:
            await self.channels.moved(voice, now.id)
            await voice.check_hindrance()

    async def _take_others(
        self,
        voice: VoiceChannel,
        member: discord.Member,
        before: VocalChannel | None,
        now: VocalChannel | None,
    ) -> None:
        here = voice.place.channel_id
        is_followed = member.id == voice.place.follow_user_id
        if is_followed and now is not None and now.id != here:
            try:
                await self.channels.enter(now, called_by=member.id, locale=voice.locale)
            except SkydeckError as e:
                voice.transcript.say(explain(e, voice.words).text)
                await self.channels.update(voice)
        elif here in {getattr(before, "id", None), getattr(now, "id", None)}:
            await self.channels.update(voice)

    @commands.Cog.listener()
    async def on_person_forgotten(self, user_id: int) -> None:
        """Stop listening to a person whose data is about to be deleted."""
        try:
            await self.channels.forget(user_id)
        except SkydeckError as e:
            log.warning("a person is no longer heard, but may still be followed: %s", e)

    @commands.Cog.listener()
    async def on_persona_changed(self, guild_id: int) -> None:
        """Be who the server's managers have just chosen, also in the middle of a conversation."""
        voice = self.channels.get(guild_id)
        if voice is None:
            return
        try:
            await voice.update_persona()
        except SkydeckError as e:
            log.warning("a voice channel does not know its new persona yet: %s", e)

    async def take_consent(
        self, interaction: discord.Interaction[SkyDeck], *, agreed: bool
    ) -> None:
        """A consent button was pressed."""
        await take_consent(self.bot, self.channels.get(interaction.guild_id), interaction, agreed)
