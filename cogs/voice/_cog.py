"""Who comes, goes and agrees in voice channels, and what becomes of it."""

import logging

import discord
from discord.ext import commands

from bot.client import SkyDeck
from bot.conversation.events import Attention
from bot.errors import BadInput, SkydeckError
from bot.i18n import words_for
from bot.store import VoiceRoom
from cogs.voice._minutes import KIND, revive
from cogs.voice._rooms import Room, Rooms, VocalChannel

log = logging.getLogger(__name__)


class Voice(commands.Cog):
    """Keeps each room in step with who is there."""

    def __init__(self, bot: SkyDeck, rooms: Rooms) -> None:
        self.bot = bot
        self.rooms = rooms
        self._has_returned = False

    async def cog_load(self) -> None:
        """Minutes that another process was having summed up are shown again."""
        self.bot.runner.register(KIND, lambda job: revive(self.bot, job))

    async def cog_unload(self) -> None:
        """Leave every channel; the next process comes back."""
        await self.rooms.leave_all()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """After a restart, go back to where people still are."""
        if self._has_returned:
            return
        self._has_returned = True
        try:
            places = await self.bot.store.voice_rooms.all()
        except SkydeckError as e:
            log.warning("not known which voice channels to go back to: %s", e)
            return
        for place in places:
            await self._return_to(place)

    async def _return_to(self, place: VoiceRoom) -> None:
        channel = self.bot.get_channel(place.channel_id)
        try:
            if isinstance(channel, VocalChannel) and any(not m.bot for m in channel.members):
                room = await self.rooms.enter(
                    channel, called_by=place.called_by, attention=Attention(place.attention)
                )
                await self.rooms.note(room, follow_user_id=place.follow_user_id)
                room.face.say(room.words("voice.back"))
            elif self.bot.get_guild(place.guild_id) is not None:
                await self.bot.store.voice_rooms.delete(place.guild_id)
        except SkydeckError as e:
            log.warning("not back in a voice channel: %s", e)

    @commands.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Somebody came, went, or moved; perhaps the bot itself."""
        room = self.rooms.get(member.guild.id)
        if room is None:
            return
        try:
            await self._follow_up(room, member, before.channel, after.channel)
        except SkydeckError as e:
            log.warning("a change in a voice channel was not taken in: %s", e)

    async def _follow_up(
        self,
        room: Room,
        member: discord.Member,
        before: discord.abc.GuildChannel | None,
        after: discord.abc.GuildChannel | None,
    ) -> None:
        here = room.place.channel_id
        if member.id == member.guild.me.id:
            if after is None:
                await self.rooms.leave(member.guild.id)
            elif after.id != here:
                await self.rooms.moved(room, after.id)
            return
        if member.id == room.place.follow_user_id and isinstance(after, VocalChannel):
            if after.id != here:
                await self.rooms.enter(after, called_by=member.id)
            return
        if here not in {getattr(before, "id", None), getattr(after, "id", None)}:
            return
        if (await room.look_around()).is_empty:
            self.rooms.leave_soon(member.guild.id)
        else:
            self.rooms.stay(member.guild.id)

    async def take_consent(
        self, interaction: discord.Interaction[SkyDeck], *, agreed: bool
    ) -> None:
        """Somebody says whether they may be heard; it counts at once.

        Raises:
            BadInput: It was not in a server.
            StoreFailed: It cannot be noted.
        """
        words = words_for(str(interaction.locale))
        guild_id, user_id = interaction.guild_id, interaction.user.id
        if guild_id is None:
            raise BadInput(words("errors.not_in_private"))
        room = self.rooms.get(guild_id)
        if room is not None and not agreed:
            room.forget(user_id)
        await self.bot.store.consents.set(
            guild_id,
            user_id,
            agreed=agreed,
            locale=str(interaction.locale),
            at_ms=int(self.bot.clock.wall() * 1000),
        )
        self.bot.locales.put(user_id, str(interaction.locale))
        if room is not None:
            await room.look_around()
        key = "voice.consent.thanks" if agreed else "voice.consent.refused"
        await interaction.response.send_message(words(key), ephemeral=True)
