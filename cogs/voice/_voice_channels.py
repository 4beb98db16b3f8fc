"""The voice conversations that are open: one in each server at most."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from typing import Any, Final

import discord

from bot.cluster.spec import shard_of
from bot.contract import System
from bot.discord_client import SkyDeck
from bot.errors import MissingPermission, NoVoiceChannel, SkydeckError, VoiceUnreachable, WrongUse
from bot.i18n import Words, words_for
from bot.store.records import VoiceRoom
from bot.voice_agent.events import Attention
from cogs.voice._policy import ALONE_S, LASTS_S, RETURN_AFTER_S, is_full, needed
from cogs.voice._transcript_view import ChannelTranscript
from cogs.voice._voice_channel import VocalChannel, VoiceChannel, people_in

log = logging.getLogger(__name__)

LEAVE_S: Final = 3.0
"""How long Discord may take to let us go."""
MOVE_S: Final = 10.0
"""How long Discord may take to move us."""


class VoiceChannels:
    """All of them, by server.

    Args:
        bot: Whose.

    Attributes:
        alone_s: How long it stays where nobody is.
    """

    def __init__(self, bot: SkyDeck) -> None:
        self.alone_s = ALONE_S
        self._bot = bot
        self._rooms: dict[int, VoiceChannel] = {}
        self._opened_s: dict[int, float] = {}
        self._broken: Counter[int] = Counter()
        self._locks: dict[int, asyncio.Lock] = {}
        self._leaving: dict[int, asyncio.TimerHandle] = {}
        self._chores: set[asyncio.Task[None]] = set()

    def get(self, guild_id: int | None) -> VoiceChannel | None:
        """The server's room, if one is open."""
        room = self._rooms.get(guild_id or 0)
        return None if room is None or room.is_over else room

    # -- coming ------------------------------------------------------------------------------------

    async def enter(self, channel: VocalChannel, *, called_by: int, locale: str) -> VoiceChannel:
        """Open a room, or move the server's room to another channel.

        Raises:
            MissingPermission: We may not.
            NoVoiceChannel: It is full.
            VoiceUnreachable: Discord does not let us in.
            WeightsError: The models that hear cannot be had.
            StoreFailed: It cannot be noted.
        """
        guild_id = channel.guild.id
        async with self._lock(guild_id):
            room = self.get(guild_id)
            if room is None:
                self._broken.pop(guild_id, None)
                place = VoiceRoom(
                    guild_id=guild_id,
                    channel_id=channel.id,
                    attention=Attention.AUTO.value,
                    called_by=called_by,
                )
                room = await self._open(channel, place, locale)
                await self._bot.store.voice_rooms.set(place)
            elif room.place.channel_id != channel.id:
                await self._move(room, channel)
        await self.look(room)
        await room.check_standing()
        return room

    async def _open(self, channel: VocalChannel, place: VoiceRoom, locale: str) -> VoiceChannel:
        settings = await self._bot.store.guilds.get(place.guild_id)
        locale = settings.language or locale
        words = words_for(locale)
        check_own(channel, words)
        identity = settings.identity or self._bot.settings.skydeck_identity
        system = System(identity.value)
        face = ChannelTranscript(self._bot, channel.id, words, system.assistant)
        room = VoiceChannel(self._bot, place, words, system, locale, face, on_end=self._ended)
        await self._clear(channel.guild)
        await room.open(channel)
        self._rooms[place.guild_id] = room
        self._opened_s[place.guild_id] = self._bot.clock.now()
        return room

    async def _clear(self, guild: discord.Guild) -> None:
        """A line that was lost may still be there, or one of a process that died.

        Discord has the bot in a channel for some time after its process is dead. Whoever joins the
        same one meanwhile changes nothing, and is put out of it with the dead one's line.
        """
        me = guild.me
        with contextlib.suppress(discord.DiscordException, OSError, TimeoutError):
            if guild.voice_client is not None:
                await guild.voice_client.disconnect(force=True)
            elif me.voice is not None and me.voice.channel is not None:
                gone = self._bot.wait_for(
                    "voice_state_update",
                    check=lambda member, _, now: member.id == me.id and now.channel is None,
                    timeout=LEAVE_S,
                )
                await guild.change_voice_state(channel=None)
                await gone

    async def _move(self, room: VoiceChannel, channel: VocalChannel) -> None:
        """As if somebody dragged it there; discord.py's `move_to` would lose the line."""
        check_own(channel, room.words)
        me = channel.guild.me

        def is_there(member: discord.Member, _: object, now: discord.VoiceState) -> bool:
            return member.id == me.id and now.channel == channel

        arrival = self._bot.wait_for("voice_state_update", check=is_there, timeout=MOVE_S)
        await channel.guild.change_voice_state(channel=channel)
        try:
            await arrival
        except TimeoutError as e:
            raise VoiceUnreachable("Discord did not move the bot.") from e
        await self.moved(room, channel.id)

    async def moved(self, room: VoiceChannel, channel_id: int) -> None:
        """The room is in another channel now: somebody dragged it there, or it was called."""
        if room.place.channel_id != channel_id:
            room.move(channel_id)
            await self._bot.store.voice_rooms.set(room.place)
            await self.look(room)

    async def note(self, room: VoiceChannel, **changes: Any) -> None:
        """Change how the room is, and remember it."""
        room.place = replace(room.place, **changes)
        await self._bot.store.voice_rooms.set(room.place)

    def come_back(self, places: Iterable[VoiceRoom], *, pauses_s: Iterable[float]) -> None:
        """Be there again, where people still are; tried after each of the pauses.

        What cannot work is not tried again, and not after the next restart either.
        """
        for place in places:
            self._do(self._come_back(place, tuple(pauses_s)))

    async def _come_back(self, place: VoiceRoom, pauses_s: tuple[float, ...]) -> None:
        for pause_s in pauses_s:
            await self._bot.clock.sleep(pause_s)
            try:
                if await self._return_to(place):
                    return
            except WrongUse as e:
                log.warning("never back in a voice channel: %s", e)
                await self._bot.store.voice_rooms.delete(place.guild_id)
                return
            except SkydeckError as e:
                log.warning("not back in a voice channel yet: %s", e)

    async def _return_to(self, place: VoiceRoom) -> bool:
        """Whether nothing is left to be done."""
        async with self._lock(place.guild_id):
            if self.get(place.guild_id) is not None:
                return True  # somebody was quicker
            if not self._bot.membership.is_whole(place.guild_id):
                return False  # an outage of Discord's, perhaps, or another process's by now
            channel = self._bot.get_channel(place.channel_id)
            if not isinstance(channel, VocalChannel) or not people_in(channel):
                await self._bot.store.voice_rooms.delete(place.guild_id)
                return True
            said = await self._bot.store.consents.get(place.guild_id, [place.called_by])
            caller = said.get(place.called_by)
            own = None if caller is None else caller.locale
            room = await self._open(channel, place, own or str(channel.guild.preferred_locale))
        room.face.say(room.words("voice.back"))
        await self.look(room)
        await room.check_standing()
        return True

    # -- people ------------------------------------------------------------------------------------

    async def look(self, room: VoiceChannel) -> None:
        """Take in who is there; where nobody is, it does not stay.

        Raises:
            StoreFailed: What they have agreed to cannot be read.
        """
        if (await room.look_around()).is_empty:
            self._leave_soon(room.place.guild_id)
        else:
            self._stay(room.place.guild_id)

    async def forget(self, user_id: int) -> None:
        """A person is to be forgotten everywhere: hear them no more, and follow them no more.

        Raises:
            StoreFailed: That cannot be noted.
        """
        for room in list(self._rooms.values()):
            room.exclude(user_id)
        await self._bot.voices.forget(user_id)
        own = self._bot.user.id if self._bot.user is not None else 0
        for room in list(self._rooms.values()):
            place = room.place
            if user_id in (place.called_by, place.follow_user_id):
                follow = None if place.follow_user_id == user_id else place.follow_user_id
                caller = own if place.called_by == user_id else place.called_by
                await self.note(room, called_by=caller, follow_user_id=follow)

    # -- going -------------------------------------------------------------------------------------

    async def leave(self, guild_id: int, *, for_good: bool = True) -> bool:
        """Close a server's room; False when there is none.

        Args:
            guild_id: Which server.
            for_good: Not to come back after a restart.
        """
        async with self._lock(guild_id):
            self._stay(guild_id)
            room = self._rooms.get(guild_id)
            if room is None:
                return False
            await room.close()  # when that is cut short, `leave_all` still knows of it
            self._rooms.pop(guild_id, None)
            if for_good:
                await self._bot.store.voice_rooms.delete(guild_id)
            return True

    def on_shard(self, shard: int) -> list[VoiceChannel]:
        """The open rooms of a shard's servers."""
        count = self._bot.shard_count or 1
        return [room for guild, room in self._rooms.items() if shard_of(guild, count) == shard]

    async def leave_shard(self, shard: int) -> None:
        """Another process is to serve this shard: it opens the rooms again."""
        for room in self.on_shard(shard):
            await self.leave(room.place.guild_id, for_good=False)

    async def leave_all(self) -> None:
        """The process ends: every room is closed, and opened again by the next one."""
        chores = list(self._chores)
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        for guild_id in list(self._rooms):
            await self.leave(guild_id, for_good=False)

    def _leave_soon(self, guild_id: int) -> None:
        if guild_id not in self._leaving:
            self._leaving[guild_id] = self._bot.loop.call_later(
                self.alone_s, lambda: self._do(self._leave_alone(guild_id))
            )

    def _stay(self, guild_id: int) -> None:
        if handle := self._leaving.pop(guild_id, None):
            handle.cancel()

    async def _leave_alone(self, guild_id: int) -> None:
        self._leaving.pop(guild_id, None)
        room = self.get(guild_id)
        if room is not None and not people_in(room.channel):
            await self.leave(guild_id)

    def _ended(self, room: VoiceChannel) -> None:
        """It has ended by itself."""
        guild_id = room.place.guild_id
        if self._rooms.get(guild_id) is room:
            del self._rooms[guild_id]
            self._stay(guild_id)
        if room.was_kicked:
            self._do(self._stay_out(guild_id))
        else:
            self._return_later(room)

    def _return_later(self, room: VoiceChannel) -> None:
        """Come back to a room that was lost; less soon each time in a row, at last not at all."""
        guild_id = room.place.guild_id
        lasted_s = self._bot.clock.now() - self._opened_s.get(guild_id, 0.0)
        self._broken[guild_id] = 1 if lasted_s > LASTS_S else self._broken[guild_id] + 1
        pauses_s = RETURN_AFTER_S[self._broken[guild_id] :]
        if pauses_s:
            self.come_back([room.place], pauses_s=pauses_s)
            return
        self._broken.pop(guild_id)
        room.face.say(room.words("voice.gives_up"))
        self._do(room.face.finish())
        self._do(self._stay_out(guild_id))

    async def _stay_out(self, guild_id: int) -> None:
        async with self._lock(guild_id):
            if self.get(guild_id) is None:  # nobody has called it anew since
                await self._bot.store.voice_rooms.delete(guild_id)

    def _lock(self, guild_id: int) -> asyncio.Lock:
        return self._locks.setdefault(guild_id, asyncio.Lock())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._bot.loop.create_task(_guarded(work))
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


def check_own(channel: VocalChannel, words: Words) -> None:
    """Whether the bot may come in, speak and write there; said before it tries.

    Raises:
        MissingPermission: Names what is lacking.
        NoVoiceChannel: It is full.
    """
    me = channel.guild.me
    permissions = channel.permissions_for(me)
    wanted = needed(is_stage=isinstance(channel, discord.StageChannel))
    lacking = tuple(name for name in wanted if not getattr(permissions, name))
    if lacking:
        raise MissingPermission(lacking)
    inside = channel.voice_states
    if me.id not in inside and is_full(len(inside), channel.user_limit):
        raise NoVoiceChannel(words("voice.full", channel=channel.mention))


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    """Nobody waits for a chore, so nobody else would hear of its failure."""
    try:
        await work
    except SkydeckError as e:
        log.warning("a voice channel could not be looked after: %s", e)
    except Exception:
        log.exception("a chore of the voice channels broke off")
