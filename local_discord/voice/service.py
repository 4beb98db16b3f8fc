"""Discord's voice as a whole: who is in which voice channel, the servers, the calls."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from bot.background import Background
from local_discord import permissions
from local_discord.errors import NO_VOICE_CHANNEL, CannotDo
from local_discord.log import Log, Problem
from local_discord.values import VOICE_CHANNELS, Channel, Guild, Json, Permission, User
from local_discord.world import World

from .call import Call
from .line import Line
from .opcodes import Close
from .server import VoiceServer
from .session import BotSession, Invitation, close, listeners
from .speaker import Habits, Speaker
from .states import VoiceStates
from .transport import Mode

if TYPE_CHECKING:
    from local_discord.gateway import Gateway, Session


class HasGuild(Protocol):
    """A server as its owner runs it."""

    @property
    def guild(self) -> Guild:
        """The guild."""


class Service:
    """Voice as it works; `Voice` adds the trouble.

    Attributes:
        modes: The transport encryption modes that servers offer, in order.
        habits: How people's clients behave.
        states: Who is where, muted or not.
        speakers: The people in voice channels, by user id.
        resume_within_s: How long a bot whose websocket is gone stays in its channel.
    """

    def __init__(self, world: World, gateway: Gateway, log: Log) -> None:
        self.modes: tuple[Mode, ...] = (Mode.AES_GCM, Mode.XCHACHA)
        self.habits = Habits()
        self.speakers: dict[int, Speaker] = {}
        self.resume_within_s = 15.0
        self.address: Callable[[], str] = str
        """Host and port of the local Discord."""
        self.states = VoiceStates(world)
        self._world = world
        self._gateway = gateway
        self._log = log
        self._servers: list[VoiceServer] = []
        self._open = asyncio.Event()
        self._open.set()
        self._background = Background("a voice server of the local Discord")
        self._numbers = itertools.count(1)
        self._calls: dict[int, Call] = {}
        self._homes: dict[int, VoiceServer] = {}
        self._lines: dict[int, Line] = {}
        self._invitations: dict[int, Invitation] = {}
        gateway.voice_state = self.take
        gateway.session_ended = self._offline

    async def start(self) -> None:
        """Open the first voice server."""
        await self._new_server()

    async def stop(self) -> None:
        """Hang up for everybody and close all servers."""
        self._open.set()
        await self._background.close()
        for speaker in list(self.speakers.values()):
            speaker.leaves()
        for call in self._calls.values():
            call.end()
        for server in self._servers:
            for session in list(server.sessions.values()):
                server.forget(session)
                await close(session, Close.CALL_TERMINATED)
            server.stop()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve a websocket to one of the servers."""
        number = request.match_info["server"]
        server = next((s for s in self._servers if str(s.number) == number), None)
        return web.Response(status=404) if server is None else await server.handle(request)

    async def _new_server(self) -> VoiceServer:
        server = VoiceServer(
            next(self._numbers),
            find=self._invitations.get,
            complain=self._complain,
            modes=lambda: self.modes,
            left=self._lost,
            open_=self._open,
        )
        await server.start()
        self._servers.append(server)
        return server

    def _complain(self, where: str, code: int) -> None:
        message = Close(code).name if code else "refused"
        self._log.refused(Problem(where, code, message))

    # --- what is there -------------------------------------------------------------------------

    def line(self, guild: Guild | HasGuild) -> Line:
        """What the bot says in a guild: `recording`, `plaintext_frames`, arrival times."""
        one = guild_of(guild)
        return self._lines.setdefault(one.id, Line(self._world.clock))

    def session(self, guild: Guild | HasGuild) -> BotSession | None:
        """The bot's session with the voice server, while it has one."""
        invitation = self._invitations.get(guild_of(guild).id)
        if invitation is None:
            return None
        found = (s.sessions.get(invitation.session_id) for s in self._servers)
        return next((s for s in found if s is not None), None)

    def call(self, channel: Channel) -> Call:
        """The call in a channel; made when first asked for."""
        if channel.id not in self._calls:
            self._calls[channel.id] = self._new_call(channel)
            self._homes[channel.id] = self._servers[0]
        return self._calls[channel.id]

    def _new_call(self, channel: Channel) -> Call:
        call = Call(channel, lambda words: self._complain(f"voice: {words}", 0))
        call.changed = lambda: self._keys_changed(call)
        return call

    def _keys_changed(self, call: Call) -> None:
        if call.channel.guild is not None:
            line = self.line(call.channel.guild)
            line.try_again(self._world.bot.id, listeners(call))

    # --- people --------------------------------------------------------------------------------

    async def joins(self, user: User, channel: Channel) -> Speaker:
        """A person's client connects to a channel, or changes to it.

        Raises:
            CannotDo: They may not.
        """
        guild = voice_guild(channel)
        if not permissions.may(channel, user, Permission.VIEW_CHANNEL, Permission.CONNECT):
            raise CannotDo("{name} may not join {channel}", name=user.name, channel=channel.name)
        if self.states.where(user, guild) is not channel and self.states.full(channel, guild):
            raise CannotDo("{channel} is full", channel=channel.name)
        self._leaves_others(user, guild)
        self.states.enter(user, channel, guild)
        call = self.call(channel)
        speaker = self.speakers.get(user.id)
        if speaker is None:
            speaker = self.speakers[user.id] = Speaker(user, self.habits, self._world.clock)
            speaker.enters(call)
        elif speaker.call is not call:
            speaker.moves(call)
        if len(call.participants) > 1:
            await speaker.secured()
        return speaker

    def leaves(self, user: User) -> None:
        """A person hangs up."""
        speaker = self.speakers.pop(user.id, None)
        if speaker is None:
            raise CannotDo("{name} is in no voice channel", name=user.name)
        speaker.leaves()
        self._leaves_others(user)

    def _leaves_others(self, user: User, but: Guild | None = None) -> None:
        """Nobody is in two calls at once, whichever servers those are in."""
        for guild in list(self._world.guilds.values()):
            if guild is not but:
                self.states.leave(user, guild)

    # --- the bot -------------------------------------------------------------------------------

    def take(self, session: Session, data: Json) -> None:
        """The main gateway's opcode 4: the bot would join, move, leave or mute itself.

        What Discord ignores without a word is noted as a problem.
        """
        bot = self._world.bot
        guild = self._world.guilds.get(int(data["guild_id"]))
        if guild is None or bot.id not in guild.members:
            self._ignored("a guild it is not in")
            return
        if data.get("channel_id") is None:
            self.bot_leaves(guild)
            return
        channel = guild.channels.get(int(data["channel_id"]))
        flags = {k: bool(data.get(k)) for k in ("self_mute", "self_deaf")}
        if channel is None or channel.type not in VOICE_CHANNELS:
            self._ignored("a channel that is no voice channel")
        elif not permissions.may(channel, bot, Permission.VIEW_CHANNEL, Permission.CONNECT):
            self._ignored(f"{channel.name}, without the permission to connect")
        elif self.states.where(bot, guild) is not channel and self.states.full(channel, guild):
            self._ignored(f"{channel.name}, which is full")
        elif self.states.where(bot, guild) is channel:
            self.states.enter(bot, channel, guild, **flags)
        else:
            self._bot_joins(channel, guild, **flags)

    def _ignored(self, what: str) -> None:
        self._log.refused(Problem("gateway opcode 4", 0, f"ignored: {what}"))

    def _bot_joins(self, channel: Channel, guild: Guild, **flags: bool) -> None:
        """A new channel, so a new call: the old websocket is closed with 4014."""
        bot = self._world.bot
        self.states.enter(bot, channel, guild, **flags)
        before = self.session(guild)
        self._invite(channel, guild, self.states.session_id(bot, guild))
        if before is not None:
            self._server_of(before).forget(before)
            self._background.start(close(before, Close.DISCONNECTED))
        self._send_server_update(guild)

    def _invite(self, channel: Channel, guild: Guild, session_id: str) -> None:
        self._invitations[guild.id] = Invitation(
            guild,
            self._world.bot.id,
            session_id,
            secrets.token_hex(8),
            self.call(channel),
            self.line(guild),
        )

    def _send_server_update(self, guild: Guild, *, endpoint: bool = True) -> None:
        invitation = self._invitations[guild.id]
        server = self._homes[invitation.call.channel.id]
        where = f"{self.address()}/voice/{server.number}"
        body: Json = {"token": invitation.token, "guild_id": str(guild.id)}
        body["endpoint"] = where if endpoint else None
        for session in list(self._gateway.sessions.values()):
            if session.ready and session.covers(guild):
                self._gateway.dispatch(session, "VOICE_SERVER_UPDATE", body)

    def bot_leaves(self, guild: Guild) -> None:
        """The bot is in no channel any more, and its session is over."""
        if (session := self.session(guild)) is not None:
            self._server_of(session).forget(session)
        self._invitations.pop(guild.id, None)
        self.states.leave(self._world.bot, guild)

    async def drags(self, user: User, channel: Channel | None, guild: Guild) -> None:
        """Somebody with the right to moves somebody else, or throws them out."""
        if user is not self._world.bot:
            await (self.joins(user, channel) if channel else self._thrown_out(user))
        elif channel is not None:
            self._bot_joins(channel, guild)
        elif (session := self.session(guild)) is not None:
            self.bot_leaves(guild)
            await close(session, Close.DISCONNECTED)

    async def _thrown_out(self, user: User) -> None:
        self.leaves(user)

    def _server_of(self, session: BotSession) -> VoiceServer:
        return next(s for s in self._servers if session in s.sessions.values())

    def _lost(self, session: BotSession) -> None:
        """A websocket is gone; the bot may take its session up again for some time."""
        loop = asyncio.get_running_loop()
        loop.call_later(self.resume_within_s, self._give_up, session)

    def _offline(self) -> None:
        """The bot's main gateway session is over, and with it its place in voice."""
        for guild in list(self._world.guilds.values()):
            if not any(s.covers(guild) for s in self._gateway.sessions.values()):
                self.bot_leaves(guild)

    def _give_up(self, session: BotSession) -> None:
        guild = session.invitation.guild
        if session.socket is None and self.session(guild) is session:
            self.bot_leaves(guild)


def guild_of(of: Guild | HasGuild) -> Guild:
    """The guild itself."""
    return of if isinstance(of, Guild) else of.guild


def voice_guild(channel: Channel) -> Guild:
    """The guild of a voice channel.

    Raises:
        CannotDo: It is no voice channel.
    """
    if channel.guild is None or channel.type not in VOICE_CHANNELS:
        raise CannotDo(NO_VOICE_CHANNEL, channel=channel.name)
    return channel.guild
