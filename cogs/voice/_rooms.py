"""The voice conversations that are open: one in each server at most."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Final

import aiohttp
import discord

from audio.discord_voice.link import VoiceLink
from audio.discord_voice.supervision import Trouble
from bot.client import SkyDeck
from bot.contract import System
from bot.conversation.events import Attention, Remember
from bot.conversation.pace import Pace
from bot.conversation.voice import Terms, VoiceSession
from bot.errors import ServiceUnreachable, SkydeckError
from bot.i18n import Words, words_for
from bot.store import GuildSettings, Minute, VoiceRoom
from cogs.voice._face import ChannelFace
from cogs.voice._rules import ALONE_S, Audience, audience, language_of
from cogs.voice._views import consent_view

log = logging.getLogger(__name__)

VocalChannel = discord.VoiceChannel | discord.StageChannel

CONNECT_S: Final = 15.0


@dataclass(eq=False)
class Room:
    """One voice conversation.

    Attributes:
        bot: Whose.
        place: Where it is, and how it attends.
        words: The server's language.
        face: The text chat.
        link: The line, once connected.
        session: The conversation, once open.
    """

    bot: SkyDeck
    place: VoiceRoom
    words: Words
    system: System
    locale: str
    face: ChannelFace
    link: VoiceLink | None = None
    session: VoiceSession | None = None
    is_closing: bool = False
    _agreed: frozenset[int] = frozenset()
    _asked: set[int] = field(default_factory=set)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _life: asyncio.Task[None] | None = None
    _errands: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def guild(self) -> discord.Guild | None:
        """The server."""
        return self.bot.get_guild(self.place.guild_id)

    @property
    def channel(self) -> VocalChannel | None:
        """The voice channel."""
        found = self.bot.get_channel(self.place.channel_id)
        return found if isinstance(found, VocalChannel) else None

    # -- opening and closing ---------------------------------------------------------------------

    async def open(self, channel: VocalChannel) -> None:
        """Connect, and begin to listen to those who agreed.

        Raises:
            ServiceUnreachable: Discord does not let us in.
            WeightsError: The models that hear cannot be had.
        """
        await self.bot.voices.warm_up()
        factory = VoiceLink.factory(
            may_hear=lambda user_id: user_id in self._agreed,
            on_trouble=self._troubled,
            now=self.bot.clock.now,
        )
        try:
            self.link = await channel.connect(cls=factory, timeout=CONNECT_S, self_deaf=False)
        except (TimeoutError, discord.DiscordException, OSError) as e:
            log.warning("no way into a voice channel: %s", type(e).__name__)
            raise ServiceUnreachable(self.words("voice.no_way_in")) from e
        opened: asyncio.Future[None] = self.bot.loop.create_future()
        self._life = self.bot.loop.create_task(self._live(self.link, opened), name="voice room")
        await opened

    async def close(self) -> None:
        """Leave; what is under way is stopped."""
        self.is_closing = True
        self._over.set()
        if self._life is not None:
            await asyncio.wait([self._life])

    async def _live(self, link: VoiceLink, opened: "asyncio.Future[None]") -> None:
        settings = self.bot.settings
        terms = Terms(
            system=self.system,
            guild_id=self.place.guild_id,
            channel_id=self.place.channel_id,
            locale=language_of(self.locale),
            attention=Attention(self.place.attention),
            eager=settings.voice_is_eager,
            warm_after_s=0 if settings.embedded else settings.skydeck_voice_warm_s,
        )
        try:
            session = await self.bot.voices.open(link, self.face, terms, keep=self._keep)
            async with Pace(self.face.refresh, self.bot.clock) as self.face.pace, session:
                self.session = session
                opened.set_result(None)
                await self._over.wait()
        except Exception as e:
            if not opened.done():
                opened.set_exception(e)
            else:
                log.exception("a voice conversation broke off")
        finally:
            self.session = self.face.pace = None
            for errand in self._errands:
                errand.cancel()
            with contextlib.suppress(discord.HTTPException, aiohttp.ClientError, OSError):
                await self.face.refresh()
            with contextlib.suppress(discord.DiscordException, OSError, TimeoutError):
                await link.disconnect(force=True)

    def _troubled(self, trouble: Trouble) -> None:
        if self.is_closing:
            return
        self.face.trouble(trouble.value)
        if trouble is Trouble.LOST:
            self._over.set()

    @property
    def is_over(self) -> bool:
        """Whether it has ended by itself."""
        return self._over.is_set()

    # -- people ----------------------------------------------------------------------------------

    async def look_around(self) -> Audience:
        """Take in who is there and what they have agreed to; ask who was never asked.

        Raises:
            StoreFailed: What they have said cannot be read.
        """
        channel = self.channel
        people = [] if channel is None else [m for m in channel.members if not m.bot]
        present = {member.id: member.display_name for member in people}
        consents = await self.bot.store.consents.get(self.place.guild_id, present)
        heard = audience(present, consents)
        for user_id in self._agreed - set(heard.agreed):
            self.forget(user_id)
        self._agreed = frozenset(heard.agreed)
        self.face.names.update(present)
        if self.session is not None:
            self.session.people(heard.agreed, others=heard.others, languages=heard.languages)
        newcomers = set(heard.unasked) - self._asked
        if newcomers:
            self._asked |= newcomers
            names = ", ".join(sorted(discord.utils.escape_markdown(present[n]) for n in newcomers))
            await self._post(self.words("voice.consent.ask", names=names))
        return heard

    async def introduce(self, called_by: str) -> None:
        """Say, in writing and aloud, what happens here, and how to agree to it or not."""
        channel = self.channel
        if channel is not None:
            self._asked |= {member.id for member in channel.members if not member.bot}
        assistant = self.system.assistant
        await self._post(self.words("voice.hello", name=assistant, caller=called_by))
        self.errand(self._notice(self.words("voice.hello_aloud", name=assistant)))

    def forget(self, user_id: int) -> None:
        """Drop what is kept of a person's speech and words."""
        if self.session is not None:
            self.session.forget(user_id)
        if self.link is not None:
            self.link.forget(user_id)

    async def _post(self, text: str) -> None:
        channel = self.bot.get_partial_messageable(self.place.channel_id)
        try:
            await channel.send(text, view=consent_view(self.words))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as e:
            log.warning("consent could not be asked for in writing: %s", type(e).__name__)

    async def _notice(self, text: str) -> None:
        if self.session is None:
            return
        try:
            await self.session.notice(text, language=self.words.language)
        except SkydeckError as e:
            self.face.say(self.words("voice.not_spoken"))
            log.warning("the notice was not spoken: %s", e)

    def errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something meanwhile, until the room is closed."""
        task = self.bot.loop.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _keep(self, over: Remember) -> None:
        if Attention(self.place.attention) is not Attention.LISTEN_ONLY or not over.heard.strip():
            return
        await self.bot.store.minutes.add(
            Minute(
                guild_id=self.place.guild_id,
                channel_id=self.place.channel_id,
                user_id=over.user_id,
                name=self.face.names.get(over.user_id, "?"),
                text=over.heard,
                at_ms=int(self.bot.clock.wall() * 1000),
            )
        )


class Rooms:
    """All of them, by server.

    Args:
        bot: Whose.
    """

    def __init__(self, bot: SkyDeck) -> None:
        self._bot = bot
        self._rooms: dict[int, Room] = {}
        self._locks: dict[int, asyncio.Lock] = {}
        self._leaving: dict[int, asyncio.TimerHandle] = {}
        self._chores: set[asyncio.Task[None]] = set()

    def get(self, guild_id: int | None) -> Room | None:
        """The server's room, if one is open."""
        room = self._rooms.get(guild_id or 0)
        return None if room is None or room.is_over else room

    async def enter(
        self, channel: VocalChannel, *, called_by: int, attention: Attention = Attention.AUTO
    ) -> Room:
        """Open a room, or move the server's room to another channel.

        Raises:
            ServiceUnreachable: Discord does not let us in.
            WeightsError: The models that hear cannot be had.
            StoreFailed: It cannot be noted.
        """
        guild = channel.guild
        async with self._locks.setdefault(guild.id, asyncio.Lock()):
            room = self.get(guild.id)
            if room is not None and room.link is not None:
                if room.place.channel_id != channel.id:
                    await room.link.move_to(channel)
                    await self.moved(room, channel.id)
                return room
            place = VoiceRoom(
                guild_id=guild.id,
                channel_id=channel.id,
                attention=attention.value,
                called_by=called_by,
            )
            room = await self._make(guild, place)
            await _clear(guild)
            await room.open(channel)
            self._rooms[guild.id] = room
            await self._bot.store.voice_rooms.set(place)
        await room.look_around()
        await _speak_on_stage(room)
        return room

    async def moved(self, room: Room, channel_id: int) -> None:
        """The room is in another channel now: somebody dragged it there, or it was called."""
        await self.note(room, channel_id=channel_id)
        room.face.channel_id = channel_id
        await room.look_around()

    async def note(self, room: Room, **changes: Any) -> None:
        """Change where and how the room is, and remember it."""
        room.place = replace(room.place, **changes)
        await self._bot.store.voice_rooms.set(room.place)

    async def leave(self, guild_id: int, *, for_good: bool = True) -> bool:
        """Close a server's room; False when there is none.

        Args:
            guild_id: Which server.
            for_good: Not to come back after a restart.
        """
        self.stay(guild_id)
        room = self._rooms.pop(guild_id, None)
        if room is None:
            return False
        await room.close()
        if for_good:
            await self._bot.store.voice_rooms.delete(guild_id)
        return True

    async def leave_all(self) -> None:
        """The process ends: every room is closed, and opened again by the next one."""
        for guild_id in list(self._rooms):
            await self.leave(guild_id, for_good=False)

    def leave_soon(self, guild_id: int) -> None:
        """Nobody is there: leave unless somebody comes back."""
        if guild_id not in self._leaving:
            self._leaving[guild_id] = self._bot.loop.call_later(
                ALONE_S, self._begin_leaving, guild_id
            )

    def stay(self, guild_id: int) -> None:
        """Somebody is there."""
        if handle := self._leaving.pop(guild_id, None):
            handle.cancel()

    def _begin_leaving(self, guild_id: int) -> None:
        task = self._bot.loop.create_task(self._leave_alone(guild_id))
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _leave_alone(self, guild_id: int) -> None:
        try:
            await self.leave(guild_id)
        except SkydeckError as e:
            log.warning("an empty voice channel was left, and may be entered again: %s", e)

    async def _make(self, guild: discord.Guild, place: VoiceRoom) -> Room:
        settings: GuildSettings = await self._bot.store.guilds.get(guild.id)
        identity = settings.identity or self._bot.settings.skydeck_identity
        system = System(identity.value)
        locale = settings.language or str(guild.preferred_locale)
        words = words_for(locale)
        face = ChannelFace(self._bot, place.channel_id, words, system.assistant)
        return Room(self._bot, place, words, system, locale, face)


async def _clear(guild: discord.Guild) -> None:
    """A line that was lost may still be there."""
    if guild.voice_client is not None:
        with contextlib.suppress(discord.DiscordException, OSError, TimeoutError):
            await guild.voice_client.disconnect(force=True)


async def _speak_on_stage(room: Room) -> None:
    """On a stage the bot is in the audience until it may speak."""
    channel, guild = room.channel, room.guild
    if not isinstance(channel, discord.StageChannel) or guild is None:
        return
    try:
        if channel.permissions_for(guild.me).mute_members:
            await guild.me.edit(suppress=False)
        else:
            await guild.me.request_to_speak()
            room.face.say(room.words("voice.stage"))
    except discord.HTTPException as e:
        log.warning("not allowed to speak on the stage: %s", e.code)
        room.face.say(room.words("voice.stage"))
