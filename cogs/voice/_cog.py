"""Who comes, goes and agrees in voice channels, and what becomes of it."""

import functools
import logging

import discord
from discord.ext import commands

from bot.cluster.spec import shard_of
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from cogs.shared.error_messages import explain
from cogs.voice._consent import take_consent
from cogs.voice._minutes import KIND, revive
from cogs.voice._policy import RETURN_AFTER_S
from cogs.voice._views import COG
from cogs.voice._voice_channel import VocalChannel, VoiceChannel
from cogs.voice._voice_channels import VoiceChannels

log = logging.getLogger(__name__)


class Voice(commands.Cog, name=COG):
    """Keeps each room in step with who is there."""

    def __init__(self, bot: SkyDeck, rooms: VoiceChannels) -> None:
        self.bot = bot
        self.rooms = rooms
        self._has_returned: set[int] = set()

    async def cog_load(self) -> None:
        """Minutes that another process was having summed up are shown again."""
        self.bot.runner.register(KIND, functools.partial(revive, self.bot))
        self.bot.membership.guests.append(self)

    async def cog_unload(self) -> None:
        """Leave every channel; the next process comes back."""
        self.bot.membership.guests.remove(self)
        await self.rooms.leave_all()

    def talks(self, shard: int) -> bool:
        """Whether somebody on a shard is talking with us."""
        sessions = (room.session for room in self.rooms.on_shard(shard))
        return any(session is not None and session.is_busy for session in sessions)

    async def leave(self, shard: int) -> None:
        """Another process is to serve a shard; it comes back there."""
        self._has_returned.discard(shard)
        await self.rooms.leave_shard(shard)

    @commands.Cog.listener()
    async def on_shard_ready(self, shard: int) -> None:
        """After a restart or a takeover, go back to where people still are."""
        if shard in self._has_returned:
            return
        self._has_returned.add(shard)
        try:
            places = await self.bot.store.voice_rooms.all()
        except SkydeckError as e:
            log.warning("not known which voice channels to go back to: %s", e)
            return
        count = self.bot.shard_count or 1
        here = [place for place in places if shard_of(place.guild_id, count) == shard]
        self.rooms.come_back(here, pauses_s=RETURN_AFTER_S)

    @commands.Cog.listener()
    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Somebody came, went, or moved; perhaps the bot itself."""
        room = self.rooms.get(member.guild.id)
        if room is None:
            return
        try:
            if member.id == member.guild.me.id:
                await self._take_own(room, after.channel)
            elif before.channel != after.channel:
                await self._take_others(room, member, before.channel, after.channel)
        except SkydeckError as e:
            log.warning("a change in a voice channel was not taken in: %s", e)

    async def _take_own(self, room: VoiceChannel, now: VocalChannel | None) -> None:
        """The bot itself: being in none may be a step of a reconnect; its line tells the end."""
        if now is not None:
            await self.rooms.moved(room, now.id)
            await room.check_standing()

    async def _take_others(
        self,
        room: VoiceChannel,
        member: discord.Member,
        before: VocalChannel | None,
        now: VocalChannel | None,
    ) -> None:
        here = room.place.channel_id
        is_followed = member.id == room.place.follow_user_id
        if is_followed and now is not None and now.id != here:
            try:
                await self.rooms.enter(now, called_by=member.id, locale=room.locale)
            except SkydeckError as e:
                room.face.say(explain(e, room.words).text)
                await self.rooms.look(room)
        elif here in {getattr(before, "id", None), getattr(now, "id", None)}:
            await self.rooms.look(room)

    @commands.Cog.listener()
    async def on_person_forgotten(self, user_id: int) -> None:
        """All that is stored of a person is about to be deleted; nothing new may come of it."""
        try:
            await self.rooms.forget(user_id)
        except SkydeckError as e:
            log.warning("a person is no longer heard, but may still be followed: %s", e)

    async def take_consent(
        self, interaction: discord.Interaction[SkyDeck], *, agreed: bool
    ) -> None:
        """A consent button was pressed."""
        await take_consent(self.bot, self.rooms.get(interaction.guild_id), interaction, agreed)
