"""One voice conversation in Discord: the line, the session on it, and the text chat beside it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Final

import aiohttp
import discord

from audio.discord_voice.client import DiscordVoiceClient
from audio.discord_voice.watchdog import FaultKind
from bot.contract import System
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError, VoiceUnreachable
from bot.i18n import Words
from bot.jobs.throttle import Throttle
from bot.store.records import Minute, VoiceRoom
from bot.voice_agent.events import Attention, Remember
from bot.voice_agent.session import SessionConfig, VoiceSession
from cogs.voice._policy import NOBODY, Audience, Hindrance, audience, hindrance, language_of
from cogs.voice._transcript_view import ChannelTranscript
from cogs.voice._views import consent_view

log = logging.getLogger(__name__)

VocalChannel = discord.VoiceChannel | discord.StageChannel

CONNECT_S: Final = 15.0


@dataclass(eq=False)
class VoiceChannel:
    """One voice conversation.

    Attributes:
        bot: Whose.
        place: Where it is, and how it attends.
        words: The language of what it writes.
        system: As whom it speaks.
        locale: Of who called it.
        face: The text chat.
        on_end: Is told when it has ended by itself.
        link: The line, once connected.
        session: The conversation, while it is open.
        hindrance: Why the bot is not heard, or hears nobody.
        was_kicked: Somebody put it out; it was not lost to a broken line.
    """

    bot: SkyDeck
    place: VoiceRoom
    words: Words
    system: System
    locale: str
    face: ChannelTranscript
    on_end: Callable[["VoiceChannel"], object]
    link: DiscordVoiceClient | None = None
    session: VoiceSession | None = None
    hindrance: Hindrance | None = None
    was_kicked: bool = False
    _agreed: frozenset[int] = frozenset()
    _audience: Audience = NOBODY
    _barred: set[int] = field(default_factory=set)
    _asked: set[int] = field(default_factory=set)
    _trouble: FaultKind | None = None
    _is_closing: bool = False
    _is_introduced: bool = False
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _life: asyncio.Task[None] | None = None
    _errands: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def channel(self) -> VocalChannel | None:
        """The voice channel."""
        found = self.bot.get_channel(self.place.channel_id)
        return found if isinstance(found, VocalChannel) else None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or is about to."""
        return self._over.is_set()

    # -- opening and closing ---------------------------------------------------------------------

    async def open(self, channel: VocalChannel) -> None:
        """Connect, and begin to listen to those who agreed.

        Raises:
            VoiceUnreachable: Discord does not let us in.
            WeightsError: The models that hear cannot be had.
        """
        await self.bot.voices.warm_up()
        factory = DiscordVoiceClient.factory(
            may_hear=lambda user_id: user_id in self._agreed,  # asked by other threads
            on_fault=self._troubled,
            now=self.bot.clock.now,
        )
        try:
            self.link = await channel.connect(cls=factory, timeout=CONNECT_S, self_deaf=False)
        except (TimeoutError, discord.DiscordException, aiohttp.ClientError, OSError) as e:
            log.warning("no way into a voice channel: %s", type(e).__name__)
            raise VoiceUnreachable("No connection to the voice server.") from e
        opened: asyncio.Future[None] = self.bot.loop.create_future()
        self._life = self.bot.loop.create_task(self._live(self.link, opened), name="voice room")
        await opened

    async def close(self) -> None:
        """Leave; what is under way is stopped."""
        self._is_closing = True
        self._over.set()
        if self._life is not None:
            await asyncio.wait([self._life])

    async def _live(self, link: DiscordVoiceClient, opened: "asyncio.Future[None]") -> None:
        try:
            session = await self.bot.voices.open(link, self.face, self._terms(), keep=self._keep)
            async with Throttle(self.face.refresh, self.bot.clock) as self.face.pace, session:
                self.session = session
                opened.set_result(None)
                await self._over.wait()
        except Exception as e:
            if not opened.done():
                opened.set_exception(e)
            else:
                log.exception("a voice conversation broke off")
                self.face.trouble(FaultKind.LOST.value)
        finally:
            self._over.set()
            was_open, self.session, self.face.pace = self.session is not None, None, None
            errands = list(self._errands)
            for errand in errands:
                errand.cancel()
            await self.face.finish()
            with contextlib.suppress(discord.DiscordException, OSError, TimeoutError):
                await link.disconnect(force=True)
            await asyncio.gather(*errands, return_exceptions=True)
            if was_open and not self._is_closing:
                self.on_end(self)

    def _terms(self) -> SessionConfig:
        settings = self.bot.settings
        return SessionConfig(
            system=self.system,
            guild_id=self.place.guild_id,
            channel_id=self.place.channel_id,
            locale=language_of(self.locale),
            attention=Attention(self.place.attention),
            eager=settings.voice_is_eager,
            warm_after_s=0 if settings.embedded else settings.skydeck_voice_warm_s,
        )

    def _troubled(self, trouble: FaultKind) -> None:
        """The line tells what is wrong with it, and when it is well again."""
        if self.is_over:  # that we hang up ourselves is no kick
            return
        if trouble is FaultKind.LOST:
            self.was_kicked = self._trouble is None  # a line that breaks is in trouble before
            self.face.trouble("kicked" if self.was_kicked else trouble.value)
            self._over.set()
            return
        self._trouble = None if trouble is FaultKind.MENDED else trouble
        self.face.trouble(trouble.value)

    # -- where it is, and how it attends -----------------------------------------------------------

    def attend(self, attention: Attention) -> None:
        """Change when to answer; `place` is the caller's to note."""
        if self.session is not None:
            self.session.attend(attention)

    def move(self, channel_id: int) -> None:
        """It is in another channel now. What was said in the old one is not told there."""
        self.place = replace(self.place, channel_id=channel_id)
        self.face.channel_id = channel_id
        if self.session is not None:
            self.session.forget_conversation()
            self.session.terms = replace(self.session.terms, channel_id=channel_id)

    async def check_standing(self) -> None:
        """See whether it hears and is heard there, and say when that changes; go on stage."""
        channel = self.channel
        state = None if channel is None else channel.guild.me.voice
        if channel is None or state is None:
            return
        is_stage = isinstance(channel, discord.StageChannel)
        found = hindrance(
            deafened=state.deaf, muted=state.mute, suppressed=state.suppress, is_stage=is_stage
        )
        if found is self.hindrance:
            return
        self.hindrance = found
        if found is Hindrance.AUDIENCE and await _goes_on_stage(channel):
            return  # its state changes once more, and is seen again
        self.face.say(self.words(f"voice.hindrance.{found or 'none'}"))

    # -- people ----------------------------------------------------------------------------------

    async def look_around(self) -> Audience:
        """Take in who is there and what they have agreed to; ask who was never asked.

        Raises:
            StoreFailed: What they have said cannot be read.
        """
        async with self._looking:
            present = people_in(self.channel)
            consents = await self.bot.store.consents.get(self.place.guild_id, present)
            found = audience(present, consents, barred=self._barred)
            self.face.names.update(present)
            self._admit(found)
            newcomers = set(found.unasked) - self._asked
            if newcomers:
                self._asked |= newcomers
                names = sorted(discord.utils.escape_markdown(present[one]) for one in newcomers)
                await self._post(self.words("voice.consent.ask", names=", ".join(names)))
            return found

    async def introduce(self, called_by: str) -> None:
        """Say, in writing and aloud, what happens here, and how to agree to it or not; once.

        Of two who call it at once, both find it new.
        """
        if self._is_introduced:
            return
        self._is_introduced = True
        self._asked |= people_in(self.channel).keys()
        assistant, settings = self.system.assistant, self.bot.settings
        kept = "voice.sound_is_kept" if settings.skydeck_voice_keep_dir else "voice.sound_is_gone"
        hello = self.words("voice.hello", name=assistant, caller=called_by)
        await self._post(f"{hello} {self.words(kept)}")
        self._do(self._notice(self.words("voice.hello_aloud", name=assistant)))

    def exclude(self, user_id: int) -> None:
        """Hear a person no more, from this moment on, and drop what is kept of theirs."""
        self._barred.add(user_id)
        self._admit(self._audience.without(user_id))
        self._drop(user_id)

    def readmit(self, user_id: int) -> None:
        """They agree once more; `look_around` is to follow."""
        self._barred.discard(user_id)

    def _admit(self, found: Audience) -> None:
        gone = self._agreed - found.agreed.keys()
        self._audience, self._agreed = found, frozenset(found.agreed)
        for user_id in gone:
            self._drop(user_id)
        if self.session is not None:
            self.session.people(found.agreed, others=found.others, languages=found.languages)

    def _drop(self, user_id: int) -> None:
        if self.link is not None:
            self.link.forget(user_id)
        if self.session is not None:
            self.session.forget(user_id)

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

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something meanwhile, until the room is closed."""
        task = self.bot.loop.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _keep(self, over: Remember) -> None:
        """A turn is over; for the minutes, if that is what the bot is there for."""
        is_wanted = self.place.attention == Attention.LISTEN_ONLY and over.heard.strip()
        if not is_wanted or over.user_id not in self._agreed:
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


def people_in(channel: VocalChannel | None) -> dict[int, str]:
    """The names of the people in a voice channel, by id; bots don't count."""
    if channel is None:
        return {}
    return {member.id: member.display_name for member in channel.members if not member.bot}


async def _goes_on_stage(channel: discord.StageChannel | discord.VoiceChannel) -> bool:
    """Speak there if that is ours to decide, else ask to; whether we do."""
    me = channel.guild.me
    permissions = channel.permissions_for(me)
    try:
        if permissions.mute_members:
            await me.edit(suppress=False)
            return True
        if permissions.request_to_speak:
            await me.request_to_speak()
    except discord.HTTPException as e:
        log.warning("not allowed to speak on the stage: %s", e.code)
    return False
