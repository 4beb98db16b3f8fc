"""The open voice channels: at most one per server."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import discord

from bot.background import Background
from bot.cluster.spec import shard_of
from bot.contract import System
from bot.discord_client import SkyDeck
from bot.errors import NoVoiceChannel, SkydeckError, VoiceUnreachable, WrongUse
from bot.i18n import Words, words_for
from bot.languages import primary
from bot.store.records import VoiceRoom
from bot.voice_agent.events import Attention
from cogs.shared.permissions import require_permissions
from cogs.voice._policy import ALONE_S, LASTS_S, RETURN_AFTER_S, is_full, needed, staggered
from cogs.voice._transcript_view import ChannelTranscript
from cogs.voice._voice_channel import VocalChannel, VoiceChannel, people_in

log = logging.getLogger(__name__)

GOODBYE_S: Final = 6.0
"""How long to wait until the bot has said goodbye."""
_LOOK_EVERY_S: Final = 0.1
LEAVE_S: Final = 3.0
"""How long to wait for Discord to disconnect the bot."""
MOVE_S: Final = 10.0
"""How long to wait for Discord to move the bot."""


class VoiceChannels:
    """The open voice channels, by server.

    Attributes:
        alone_s: How long the bot stays in an empty channel.
    """

    def __init__(self, bot: SkyDeck) -> None:
        self.alone_s = ALONE_S
        self._bot = bot
        self._open_by_guild: dict[int, VoiceChannel] = {}
        self._opened_s: dict[int, float] = {}
        self._broken: Counter[int] = Counter()
        self._locks: dict[int, asyncio.Lock] = {}
        self._leaving: dict[int, asyncio.TimerHandle] = {}
        self._background = Background("a background task of the voice channels")

    def get(self, guild_id: int | None) -> VoiceChannel | None:
        """The server's open voice channel, if there is one."""
        voice = self._open_by_guild.get(guild_id or 0)
        return None if voice is None or voice.is_over else voice

    # -- coming ------------------------------------------------------------------------------------

    async def enter(self, channel: VocalChannel, *, called_by: int, locale: str) -> VoiceChannel:
        """Join a voice channel, or move there from another channel of the server.

        Raises:
            MissingPermission: The bot lacks a permission.
            NoVoiceChannel: The channel is full.
            VoiceUnreachable: Discord does not accept the connection.
            WeightsError: The speech models cannot be loaded.
            StoreFailed: It cannot be stored.
        """
        guild_id = channel.guild.id
        async with self._lock(guild_id):
            voice = self.get(guild_id)
            if voice is None:
                self._broken.pop(guild_id, None)
                place = VoiceRoom(
                    guild_id=guild_id,
                    channel_id=channel.id,
                    attention=Attention.AUTO.value,
                    called_by=called_by,
                )
                voice = await self._open(channel, place, locale)
                await self._bot.store.voice_rooms.set(place)
            elif voice.place.channel_id != channel.id:
                await self._move(voice, channel)
        await self.update(voice)
        await voice.check_hindrance()
        return voice

    async def _open(self, channel: VocalChannel, place: VoiceRoom, locale: str) -> VoiceChannel:
        settings = await self._bot.store.guilds.get(place.guild_id)
        locale = settings.language or locale
        words = words_for(locale)
        check_permissions(channel, words)
        identity = settings.identity or self._bot.settings.skydeck_identity
        system = System(identity.value)
        transcript = ChannelTranscript(self._bot, channel.id, words, system.assistant)
        voice = VoiceChannel(
            self._bot,
            place,
            words,
            system,
            locale,
            primary(settings.language),
            transcript,
            on_end=self._on_end,
            on_sent_away=lambda sent: self._background.start(self._leave_after_goodbye(sent)),
        )
        await voice.update_persona()
        await self._clear(channel.guild)
        await voice.open(channel)
        self._open_by_guild[place.guild_id] = voice
        self._opened_s[place.guild_id] = self._bot.clock.now()
        await voice.update_persona()  # before that, nobody could tell it of a change
        return voice

    async def _clear(self, guild: discord.Guild) -> None:
        """Disconnect what is left of an earlier connection, of this or of a dead process.

        Discord keeps the bot in a channel for some time after its process has died. Joining the
        same channel then changes nothing, and the new connection ends together with the old one.
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

    async def _move(self, voice: VoiceChannel, channel: VocalChannel) -> None:
        """Move as if someone dragged the bot; discord.py's `move_to` would lose the connection."""
        check_permissions(channel, voice.words)
        me = channel.guild.me

        def is_there(member: discord.Member, _: object, now: discord.VoiceState) -> bool:
            return member.id == me.id and now.channel == channel

        arrival = self._bot.wait_for("voice_state_update", check=is_there, timeout=MOVE_S)
        await channel.guild.change_voice_state(channel=channel)
        try:
            await arrival
        except TimeoutError as e:
            raise VoiceUnreachable("Discord did not move the bot.") from e
        await self.moved(voice, channel.id)

    async def moved(self, voice: VoiceChannel, channel_id: int) -> None:
        """Handle a move: someone dragged the bot there, or called it."""
        if voice.place.channel_id != channel_id:
            voice.move(channel_id)
            await self._bot.store.voice_rooms.set(voice.place)
            await voice.update_persona()
            await self.update(voice)

    async def note(self, voice: VoiceChannel, **changes: Any) -> None:
        """Change and store the state of a voice channel."""
        voice.place = replace(voice.place, **changes)
        await self._bot.store.voice_rooms.set(voice.place)

    def rejoin(self, places: Iterable[VoiceRoom], *, pauses_s: Iterable[float]) -> None:
        """Rejoin channels that still have people in them, trying after each of the pauses.

        A channel that can never work is not tried again, not even after the next restart.
        """
        pauses_s = tuple(pauses_s)
        for number, place in enumerate(places):
            self._background.start(self._rejoin(place, staggered(number, pauses_s)))

    async def _rejoin(self, place: VoiceRoom, pauses_s: tuple[float, ...]) -> None:
        for pause_s in pauses_s:
            await self._bot.clock.sleep(pause_s)
            try:
                if await self._try_to_rejoin(place):
                    return
            except WrongUse as e:
                log.warning("a voice channel is given up: %s", e)
                await self._bot.store.voice_rooms.delete(place.guild_id)
                return
            except SkydeckError as e:
                log.warning("a voice channel could not be rejoined yet: %s", e)

    async def _try_to_rejoin(self, place: VoiceRoom) -> bool:
        """Try once to rejoin; returns whether there is nothing left to do."""
        async with self._lock(place.guild_id):
            if self.get(place.guild_id) is not None:
                return True  # someone called the bot in the meantime
            if not self._bot.membership.is_whole(place.guild_id):
                return False  # an outage of Discord, or another process owns the shard by now
            channel = self._bot.get_channel(place.channel_id)
            if not isinstance(channel, VocalChannel) or not people_in(channel):
                await self._bot.store.voice_rooms.delete(place.guild_id)
                return True
            said = await self._bot.store.consents.get(place.guild_id, [place.called_by])
            caller = said.get(place.called_by)
            own = None if caller is None else caller.locale
            voice = await self._open(channel, place, own or str(channel.guild.preferred_locale))
            voice.is_introduced = True
        voice.transcript.say(voice.words("voice.back"))
        await self.update(voice)
        await voice.check_hindrance()
        return True

    # -- people ------------------------------------------------------------------------------------

    async def update(self, voice: VoiceChannel) -> None:
        """Update who is present; leave an empty channel soon.

        Raises:
            StoreFailed: The consents cannot be read.
        """
        if (await voice.update_audience()).is_empty:
            self._schedule_leave(voice.place.guild_id)
        else:
            self._cancel_leave(voice.place.guild_id)

    async def forget(self, user_id: int) -> None:
        """Stop listening to a person and following them on every server.

        Raises:
            StoreFailed: It cannot be stored.
        """
        for voice in list(self._open_by_guild.values()):
            voice.exclude(user_id)
        await self._bot.voices.forget(user_id)
        own = self._bot.user.id if self._bot.user is not None else 0
        for voice in list(self._open_by_guild.values()):
            place = voice.place
            if user_id in (place.called_by, place.follow_user_id):
                follow = None if place.follow_user_id == user_id else place.follow_user_id
                caller = own if place.called_by == user_id else place.called_by
                await self.note(voice, called_by=caller, follow_user_id=follow)

    # -- going -------------------------------------------------------------------------------------

    async def leave(self, guild_id: int, *, for_good: bool = True) -> bool:
        """Leave a server's voice channel; returns False if none is open.

        Args:
            guild_id: The server.
            for_good: Whether not to rejoin after a restart.
        """
        async with self._lock(guild_id):
            self._cancel_leave(guild_id)
            voice = self._open_by_guild.get(guild_id)
            if voice is None:
                return False
            await voice.close()  # if this is cancelled, `leave_all` still finds it
            self._open_by_guild.pop(guild_id, None)
            if for_good:
                await self._bot.store.voice_rooms.delete(guild_id)
            return True

    def on_shard(self, shard: int) -> list[VoiceChannel]:
        """The open voice channels of a shard's servers."""
        count = self._bot.shard_count or 1
        return [
            voice for guild, voice in self._open_by_guild.items() if shard_of(guild, count) == shard
        ]

    async def leave_shard(self, shard: int) -> None:
        """Leave a shard's channels; the process that takes it over rejoins them."""
        for voice in self.on_shard(shard):
            await self.leave(voice.place.guild_id, for_good=False)

    async def leave_all(self) -> None:
        """Leave every channel before the process ends; the next process rejoins them."""
        await self._background.close()
        for guild_id in list(self._open_by_guild):
            await self.leave(guild_id, for_good=False)

    async def _leave_after_goodbye(self, voice: VoiceChannel) -> None:
        clock = self._bot.clock
        until = clock.now() + GOODBYE_S
        await clock.sleep(_LOOK_EVERY_S)
        while voice.session is not None and voice.session.is_busy and clock.now() < until:
            await clock.sleep(_LOOK_EVERY_S)
        if self.get(voice.place.guild_id) is voice:
            await self.leave(voice.place.guild_id)

    def _schedule_leave(self, guild_id: int) -> None:
        if guild_id not in self._leaving:
            self._leaving[guild_id] = self._bot.loop.call_later(
                self.alone_s, lambda: self._background.start(self._leave_alone(guild_id))
            )

    def _cancel_leave(self, guild_id: int) -> None:
        if handle := self._leaving.pop(guild_id, None):
            handle.cancel()

    async def _leave_alone(self, guild_id: int) -> None:
        self._leaving.pop(guild_id, None)
        voice = self.get(guild_id)
        if voice is not None and not people_in(voice.channel):
            await self.leave(guild_id)

    def _on_end(self, voice: VoiceChannel) -> None:
        """Handle a channel that ended by itself."""
        guild_id = voice.place.guild_id
        if self._open_by_guild.get(guild_id) is voice:
            del self._open_by_guild[guild_id]
            self._cancel_leave(guild_id)
        if voice.was_kicked:
            self._background.start(self._forget_place(guild_id))
        else:
            self._rejoin_later(voice)

    def _rejoin_later(self, voice: VoiceChannel) -> None:
        """Rejoin after a lost connection, later each time in a row, and finally give up."""
        guild_id = voice.place.guild_id
        lasted_s = self._bot.clock.now() - self._opened_s.get(guild_id, 0.0)
        self._broken[guild_id] = 1 if lasted_s > LASTS_S else self._broken[guild_id] + 1
        pauses_s = RETURN_AFTER_S[self._broken[guild_id] :]
        if pauses_s:
            self.rejoin([voice.place], pauses_s=pauses_s)
            return
        self._broken.pop(guild_id)
        voice.transcript.say(voice.words("voice.gives_up"))
        self._background.start(voice.transcript.finish())
        self._background.start(self._forget_place(guild_id))

    async def _forget_place(self, guild_id: int) -> None:
        async with self._lock(guild_id):
            if self.get(guild_id) is None:  # nobody has called it since
                await self._bot.store.voice_rooms.delete(guild_id)

    def _lock(self, guild_id: int) -> asyncio.Lock:
        return self._locks.setdefault(guild_id, asyncio.Lock())


def check_permissions(channel: VocalChannel, words: Words) -> None:
    """Check that the bot may join, speak and post there, before it tries.

    Raises:
        MissingPermission: The bot lacks a permission.
        NoVoiceChannel: The channel is full.
    """
    me = channel.guild.me
    wanted = needed(is_stage=isinstance(channel, discord.StageChannel))
    require_permissions(channel.permissions_for(me), *wanted)
    inside = channel.voice_states
    if me.id not in inside and is_full(len(inside), channel.user_limit):
        raise NoVoiceChannel(words("voice.full", channel=channel.mention))
