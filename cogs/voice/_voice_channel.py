"""One voice conversation in Discord: the connection, the session, and the transcript."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import aiohttp
import discord

from audio.discord_voice.client import DiscordVoiceClient
from audio.discord_voice.watchdog import FaultKind
from bot.background import Background
from bot.contract import System
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError, VoiceUnreachable
from bot.i18n import Words
from bot.jobs.edit_throttle import EditThrottle
from bot.jobs.view import Requester
from bot.persona import NO_PERSONA, Persona
from bot.store.records import Minute, VoiceRoom
from bot.voice_agent.confirmations import YesNoQuestion
from bot.voice_agent.events import Attention, Remember
from bot.voice_agent.session import VoiceSession
from bot.voice_agent.session_config import SessionConfig
from bot.voice_agent.session_factory import options_for
from cogs.shared.chosen_voice import voice_of_persona, voices_of
from cogs.shared.markdown import escaped
from cogs.shared.splitting import as_plain_text
from cogs.voice._channel_commands import ChannelCommands
from cogs.voice._policy import NOBODY, Audience, Hindrance, audience, hindrance
from cogs.voice._spoken_actions import SpokenActions
from cogs.voice._transcript_view import ChannelTranscript
from cogs.voice._views import consent_view

log = logging.getLogger(__name__)

VocalChannel = discord.VoiceChannel | discord.StageChannel

CONNECT_S: Final = 15.0
_PAUSE_CHECK_S: Final = 0.5
_MAX_PAUSE_CHECKS: Final = 240
"""After two minutes without a pause, an announcement is made all the same."""


@dataclass(eq=False)
class VoiceChannel:
    """One voice conversation.

    Attributes:
        place: Where it is and when it answers, as it is stored.
        words: The language of what it posts.
        system: Which assistant speaks, where nobody has chosen another (`update_persona`).
        locale: The locale of whoever called it.
        language: The language that the server has set for everyone; None: people's words tell.
        transcript: The channel's text chat.
        on_end: Called when it ends by itself.
        on_sent_away: Called when somebody in it has told the bot to leave.
        link: The voice connection, once it is open.
        session: The conversation, while it is open.
        hindrance: Why the bot is not heard, or hears nobody.
        was_kicked: Whether someone disconnected it, rather than a fault.
        persona: Who the assistant is in the channel.
    """

    bot: SkyDeck
    place: VoiceRoom
    words: Words
    system: System
    locale: str
    language: str | None
    transcript: ChannelTranscript
    on_end: Callable[["VoiceChannel"], object]
    on_sent_away: Callable[["VoiceChannel"], object]
    link: DiscordVoiceClient | None = None
    session: VoiceSession | None = None
    hindrance: Hindrance | None = None
    was_kicked: bool = False
    persona: Persona = NO_PERSONA
    _voice: str | None = None
    _agreed: frozenset[int] = frozenset()
    _audience: Audience = NOBODY
    _voices: dict[int, str] = field(default_factory=dict)
    _barred: set[int] = field(default_factory=set)
    _asked: set[int] = field(default_factory=set)
    _fault: FaultKind | None = None
    _is_closing: bool = False
    is_introduced: bool = False
    _panel: discord.Message | None = None
    _audience_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _persona_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _life: asyncio.Task[None] | None = None
    _background: Background = field(default_factory=lambda: Background("a voice channel's task"))
    _actions: SpokenActions = field(init=False)
    _commands: ChannelCommands = field(init=False)

    def __post_init__(self) -> None:
        self._actions = SpokenActions(
            self.bot,
            lambda: self.assistant,
            lambda: self.channel,
            self._requester,
            self._announce,
            self._ask,
        )
        self._commands = ChannelCommands(self.bot, self)

    @property
    def channel(self) -> VocalChannel | None:
        """The Discord channel."""
        found = self.bot.get_channel(self.place.channel_id)
        return found if isinstance(found, VocalChannel) else None

    @property
    def assistant(self) -> str:
        """What people call the assistant there."""
        return self.persona.name or self.system.assistant

    @property
    def is_over(self) -> bool:
        """Whether it has ended or is closing."""
        return self._over.is_set()

    # -- opening and closing ---------------------------------------------------------------------

    async def open(self, channel: VocalChannel) -> None:
        """Connect, and start to listen to those who have agreed.

        Raises:
            VoiceUnreachable: Discord does not accept the connection.
            WeightsError: The speech models cannot be loaded.
        """
        await self.bot.voices.warm_up()
        factory = DiscordVoiceClient.factory(
            may_hear=lambda user_id: user_id in self._agreed,  # other threads call it
            on_fault=self._on_fault,
            now=self.bot.clock.now,
        )
        try:
            self.link = await channel.connect(cls=factory, timeout=CONNECT_S, self_deaf=False)
        except (TimeoutError, discord.DiscordException, aiohttp.ClientError, OSError) as e:
            log.warning("could not connect to a voice channel: %s", type(e).__name__)
            raise VoiceUnreachable("No connection to the voice server.") from e
        opened: asyncio.Future[None] = self.bot.loop.create_future()
        self._life = self.bot.loop.create_task(self._live(self.link, opened), name="voice channel")
        await opened

    async def close(self) -> None:
        """Leave, and stop all work."""
        self._is_closing = True
        self._over.set()
        if self._life is not None:
            await asyncio.wait([self._life])

    async def _live(self, link: DiscordVoiceClient, opened: "asyncio.Future[None]") -> None:
        try:
            session = await self.bot.voices.open(
                link, self.transcript, self._config(), remember=self._keep
            )
            async with (
                EditThrottle(self.transcript.refresh) as self.transcript.pace,
                session,
            ):
                self.session = session
                session.handle_commands(self._commands)
                self._tell_session(session)  # it may have changed since `_config`
                session.actions.taker = self._actions
                opened.set_result(None)
                await self._over.wait()
        except Exception as e:
            if not opened.done():
                opened.set_exception(e)
            else:
                log.exception("a voice conversation crashed")
                self.transcript.trouble(FaultKind.LOST.value)
        finally:
            self._over.set()
            was_open, self.session, self.transcript.pace = self.session is not None, None, None
            self._background.cancel()
            await self._actions.close()
            try:
                await self.transcript.finish()
            except Exception:  # whatever it is, the bot leaves
                log.exception("the end of a voice conversation is not shown")
            with contextlib.suppress(discord.DiscordException, OSError, TimeoutError):
                await link.disconnect(force=True)
            await self._background.join()
            if was_open and not self._is_closing:
                self.on_end(self)

    def _config(self) -> SessionConfig:
        settings = self.bot.settings
        return SessionConfig(
            system=self.system,
            guild_id=self.place.guild_id,
            channel_id=self.place.channel_id,
            language=self.persona.language or self.language,
            locale=self.locale,
            attention=Attention(self.place.attention),
            options=options_for(settings),
            persona=self.persona,
        )

    def _on_fault(self, fault: FaultKind) -> None:
        """Handle a fault of the connection, or its end."""
        if self.is_over:  # disconnecting on purpose is not a kick
            return
        if fault is FaultKind.LOST:
            self.was_kicked = self._fault is None  # a fault is reported before it breaks the line
            self.transcript.trouble("kicked" if self.was_kicked else fault.value)
            self._over.set()
            return
        self._fault = None if fault is FaultKind.RECOVERED else fault
        self.transcript.trouble(fault.value)

    # -- where it is, and how it attends -----------------------------------------------------------

    def set_attention(self, attention: Attention) -> None:
        """Change when to answer; the caller stores `place`."""
        if self.session is not None:
            self.session.set_attention(attention)

    def move(self, channel_id: int) -> None:
        """Move to another channel. The conversation so far is not carried over there."""
        self.place = replace(self.place, channel_id=channel_id)
        self.transcript.channel_id = channel_id
        self._actions.said.clear()
        if self.session is not None:
            self.session.forget_conversation()
            self.session.config = replace(self.session.config, channel_id=channel_id)

    async def update_persona(self) -> None:
        """Be who the assistant is in this channel by now.

        Raises:
            StoreFailed: The personas cannot be read.
        """
        async with self._persona_lock:  # so that the last change counts
            place = self.place
            persona = await self.bot.store.personas.at(place.guild_id, place.channel_id)
            voice = await voice_of_persona(self.bot, persona)
            if place.channel_id != self.place.channel_id:
                return  # it was moved meanwhile, and that brings the other channel's
            called_before = self.assistant
            self.persona, self._voice = persona, voice
            self.transcript.assistant = self.assistant
        if self.session is None:
            return
        self._tell_session(self.session)
        if self.assistant != called_before:
            self.transcript.say(self.words("voice.renamed", name=as_plain_text(self.assistant)))

    def _tell_session(self, session: VoiceSession) -> None:
        language = self.persona.language or self.language
        session.set_persona(self.persona, language=language, voice=self._voice)

    async def check_hindrance(self) -> None:
        """Announce changes in whether the bot hears and is heard; ask to speak on a stage."""
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
            return  # another state update follows
        self.transcript.say(self.words(f"voice.hindrance.{found or 'none'}"))

    # -- people ----------------------------------------------------------------------------------

    async def update_audience(self) -> Audience:
        """Update who is present and who has agreed; ask those who were never asked.

        Raises:
            StoreFailed: The consents or the chosen voices cannot be read.
        """
        async with self._audience_lock:
            present = people_in(self.channel)
            consents = await self.bot.store.consents.get(self.place.guild_id, present)
            await self._actions.update()
            voices = await voices_of(self.bot, present)
            # Nothing waits from here to `_admit`: somebody may be excluded meanwhile.
            found = audience(present, consents, barred=self._barred)
            self.transcript.names.update(present)
            self._voices = voices
            self._admit(found)
            newcomers = set(found.unasked) - self._asked
            if newcomers and self.is_introduced:  # the introduction asks those who are there
                self._asked |= newcomers
                names = sorted(escaped(present[one]) for one in newcomers)
                await self._post(self.words("voice.consent.ask", names=", ".join(names)))
            return found

    async def introduce(self, called_by: str) -> None:
        """Explain once, in text and aloud, what happens here and how to consent.

        If two people call the bot at once, both find the channel new.
        """
        if self.is_introduced:
            return
        self.is_introduced = True
        present = people_in(self.channel)
        unasked = sorted(escaped(present[one]) for one in self._audience.unasked & present.keys())
        self._asked |= present.keys()
        assistant, settings = self.assistant, self.bot.settings
        kept = "voice.sound_is_kept" if settings.skydeck_voice_keep_dir else "voice.sound_is_gone"
        hello = self.words("voice.hello", name=as_plain_text(assistant), caller=called_by)
        told = f"{hello} {self.words(kept)}"
        if unasked:
            told += f"\n{self.words('voice.consent.ask_too', names=', '.join(unasked))}"
        await self._post(told)
        self._background.start(
            self._notice(self.words("voice.hello_aloud", name=assistant), self.words)
        )

    def exclude(self, user_id: int) -> None:
        """Stop listening to a person at once, and delete what is kept from their speech."""
        self._barred.add(user_id)
        self._admit(self._audience.without(user_id))
        self._drop(user_id)
        self._actions.forget(user_id)

    async def set_voice(self, user_id: int, name: str | None) -> None:
        """Answer a person with this voice from now on; None: their language chooses it."""
        async with self._audience_lock:  # what is being read now may be older
            self._voices = {one: voice for one, voice in self._voices.items() if one != user_id}
            if name is not None:
                self._voices[user_id] = name
            if self.session is not None:
                self.session.voices = self._voices

    def others_than(self, user_id: int) -> bool:
        """Whether there are other people in it."""
        return bool(people_in(self.channel).keys() - {user_id})

    def send_away(self) -> None:
        """Leave once the goodbye has been said."""
        self.on_sent_away(self)

    async def forget_words(self, user_id: int) -> int:
        """Forget what a person has said here, and go on listening to them. Returns how many turns.

        Raises:
            StoreFailed: The transcript cannot be changed.
        """
        self._actions.forget(user_id)
        if self.session is not None:
            self.session.forget_words(user_id)
        gone = await self.bot.store.minutes.forget(self.place.guild_id, user_id)
        await self.bot.voices.forget(user_id)
        return gone

    def readmit(self, user_id: int) -> None:
        """Allow a person again; the caller must call `update_audience` next."""
        self._barred.discard(user_id)

    def _admit(self, found: Audience) -> None:
        gone = self._agreed - found.agreed.keys()
        self._audience, self._agreed = found, frozenset(found.agreed)
        for user_id in gone:
            self._drop(user_id)
        if self.session is not None:
            self.session.set_people(found.agreed, others=found.others, locales=found.locales)
            self.session.voices = self._voices

    def _drop(self, user_id: int) -> None:
        if self.link is not None:
            self.link.forget(user_id)
        self._actions.said.forget(user_id)
        if self.session is not None:
            self.session.forget(user_id)

    async def _post(self, text: str) -> None:
        """Post a message with the buttons, which the message before it loses."""
        channel = self.bot.get_partial_messageable(self.place.channel_id)
        before = self._panel
        try:
            self._panel = await channel.send(text, view=consent_view(self.words))
            if before is not None:
                await before.edit(view=None)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as e:
            log.warning("a message about consent could not be posted: %s", type(e).__name__)

    async def _notice(self, text: str, words: Words) -> None:
        if self.session is None:
            return
        try:
            await self.session.announce(text, language=words.language)
        except SkydeckError as e:
            self.transcript.say(self.words("voice.not_spoken"))
            log.warning("the notice was not spoken: %s", e)

    async def _announce(self, user_id: int, text: str, words: Words) -> None:
        """Say something at the next pause, if a person is still there."""
        for _ in range(_MAX_PAUSE_CHECKS):
            if self.session is None or not self.session.is_busy:
                break
            await self.bot.clock.sleep(_PAUSE_CHECK_S)
        if user_id in people_in(self.channel):
            await self._notice(text, words)

    def _ask(self, user_id: int, language: str | None, question: YesNoQuestion) -> None:
        """Ask a person something aloud at the next pause."""
        self._commands.questions.put(user_id, question)
        if self.session is not None:
            self.session.ask_to_confirm(user_id, language=language)

    def _requester(self, user_id: int) -> Requester | None:
        """A person who has agreed to be heard, as one who asks for something."""
        if user_id not in self._agreed:
            return None
        own = self.bot.locales.get(user_id) or self._audience.locales.get(user_id)
        return Requester(
            user_id=user_id,
            user_name=self._audience.agreed.get(user_id, ""),
            channel_id=self.place.channel_id,
            guild_id=self.place.guild_id,
            locale=self.language or own or self.locale,
            system=self.system,
            language=self.language,
            persona=self.persona,
        )

    async def _keep(self, over: Remember) -> None:
        """Note a finished turn, and store it if the bot is in listen-only mode."""
        if over.user_id in self._agreed:
            self._actions.heard(over, self.transcript.names.get(over.user_id, "?"))
        is_wanted = self.place.attention == Attention.LISTEN_ONLY and over.transcript.strip()
        if not is_wanted or over.user_id not in self._agreed:
            return
        await self.bot.store.minutes.add(
            Minute(
                guild_id=self.place.guild_id,
                channel_id=self.place.channel_id,
                user_id=over.user_id,
                name=self.transcript.names.get(over.user_id, "?"),
                text=over.transcript,
                at_ms=int(self.bot.clock.wall() * 1000),
            )
        )


def people_in(channel: VocalChannel | None) -> dict[int, str]:
    """The names of the people in a voice channel, by id, without bots."""
    if channel is None:
        return {}
    return {member.id: member.display_name for member in channel.members if not member.bot}


async def _goes_on_stage(channel: discord.StageChannel | discord.VoiceChannel) -> bool:
    """Unmute on the stage if allowed, else ask to speak; returns whether the bot may speak."""
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
