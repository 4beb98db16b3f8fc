"""Voice that can be broken on purpose."""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from local_discord.values import Channel, Guild, Json, Member

from .opcodes import Close, Op
from .service import HasGuild, Service, guild_of, voice_guild
from .session import BotSession, close
from .speaker import Speaker

MOVING_S = 0.1
"""How long people's clients take to connect to another voice server."""
LEFT_SERVERS = 3
GARBAGE = b"\x00\x01 this is no MLS message"
TELLING = (Close.DISCONNECTED, Close.CALL_TERMINATED)
"""Close codes that come with the main gateway's word that the bot is in no channel."""


class Voice(Service):
    """The voice half of a local Discord: `line` is what the bot says, all else breaks things."""

    # --- speaking ------------------------------------------------------------------------------

    def late_op5(self, seconds: float) -> None:
        """From now on opcode 5 arrives this much after the first packet."""
        self.habits.op5_delay_s = seconds

    def lose_op5(self, times: int = 1) -> None:
        """The next opcodes 5 never arrive."""
        self.habits.op5_lost = times

    def early_keys(self) -> None:
        """Clients that join from now on change keys at once, so frames run ahead of the bot."""
        self.habits.early_keys = True

    # --- keys ----------------------------------------------------------------------------------

    async def epoch_change(self, channel: Channel) -> None:
        """Somebody comes and goes: the group changes its keys twice."""
        guild = voice_guild(channel)
        passer = self._world.user("Passer-by")
        guild.members[passer.id] = Member(passer, self._world.clock.wall())
        await self.joins(passer, channel)
        self.leaves(passer)
        del guild.members[passer.id]

    def malformed(self, guild: Guild | HasGuild, op: int) -> None:
        """Send the bot a message that cannot be read: binary from 25 to 30, JSON else."""
        if op in (Op.MLS_ANNOUNCE_COMMIT, Op.MLS_WELCOME):
            self.sends_binary(guild, op, struct.pack(">H", 0x7FFF) + GARBAGE)
        elif Op.MLS_EXTERNAL_SENDER <= op <= Op.MLS_WELCOME:
            self.sends_binary(guild, op, b"\0" + GARBAGE)
        else:
            self.sends(guild, op, {"user_id": None, "ssrc": "none", "transition_id": "none"})

    # --- connections ---------------------------------------------------------------------------

    async def close(self, guild: Guild | HasGuild, code: int) -> None:
        """Close the bot's websocket.

        4014 and 4022 put it out of its channel, as a kick and the end of a call do. After 4015, a
        crash of the server, it may resume. After all others its session is forgotten.
        """
        session = self._here(guild)
        if code in TELLING:
            self.bot_leaves(session.invitation.guild)
        elif code != Close.SERVER_CRASHED:
            self._server_of(session).forget(session)
            # Whoever comes with the old session id is told 4006, until opcode 4 gives a new one.
            self._invite(session.call.channel, guild_of(guild), secrets.token_hex(16))
        await close(session, code)

    def drop(self, guild: Guild | HasGuild) -> None:
        """Cut the bot's websocket without a word, as a lost network does; it may resume."""
        session = self._here(guild)
        if session.cable is not None:
            session.cable.abort()

    async def new_server(self, guild: Guild | HasGuild, *, outage_s: float = 0.0) -> None:
        """Move a guild's calls to another voice server (VOICE_SERVER_UPDATE): a region move.

        People's clients follow within a tenth of a second and talk on; what they say meanwhile is
        lost, as it is on Discord.

        Args:
            guild: Whose.
            outage_s: First tell of a server that is not there yet, for this long.
        """
        one = guild_of(guild)
        server = await self._new_server()
        self._retire()
        moving: list[tuple[Speaker, Channel]] = []
        for channel_id in [c for c in self._calls if c in one.channels]:
            call = self._calls.pop(channel_id)
            self._homes[channel_id] = server
            people = [p for p in call.participants.values() if isinstance(p, Speaker)]
            moving += [(speaker, call.channel) for speaker in people]
        session = self.session(one)
        if session is not None:
            self._server_of(session).forget(session)
        for speaker, _ in moving:
            speaker.hangs_up()
        for speaker, channel in moving:
            loop = asyncio.get_running_loop()
            loop.call_later(outage_s + MOVING_S, self._follow, speaker, channel)
        if session is not None:
            await self._new_address(one, session, outage_s)

    def _retire(self) -> None:
        """Stop the servers that calls have left; the last few answer whoever comes back to them."""
        homes = set(self._homes.values())
        left = [s for s in self._servers[:-1] if s not in homes and not s.sessions]
        for server in left[:-LEFT_SERVERS]:
            server.stop()
            self._servers.remove(server)

    async def _new_address(self, guild: Guild, session: BotSession, outage_s: float) -> None:
        channel = session.call.channel
        self._invite(channel, guild, session.invitation.session_id)
        if outage_s:
            self._send_server_update(guild, endpoint=False)
            await asyncio.sleep(outage_s)
        self._send_server_update(guild)

    def _follow(self, speaker: Speaker, channel: Channel) -> None:
        if self.speakers.get(speaker.user_id) is speaker and speaker.call is None:
            speaker.enters(self.call(channel))

    @asynccontextmanager
    async def stalled(self) -> AsyncIterator[None]:
        """While the block runs, the voice servers take in and give out nothing."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    @asynccontextmanager
    async def deafened(self, guild: Guild | HasGuild) -> AsyncIterator[None]:
        """While the block runs, no packet reaches the bot, although its websocket lives."""
        line = self.line(guild)
        line.deaf = True
        try:
            yield
        finally:
            line.deaf = False

    # --- anything else -------------------------------------------------------------------------

    def sends(self, guild: Guild | HasGuild, op: int, data: Json) -> None:
        """Send the bot any JSON message."""
        self._here(guild).tell(Op(op), data)

    def sends_binary(self, guild: Guild | HasGuild, op: int, payload: bytes) -> None:
        """Send the bot any binary message."""
        self._here(guild).tell_binary(Op(op), payload)

    def _here(self, guild: Guild | HasGuild) -> BotSession:
        session = self.session(guild)
        if session is None:
            raise AssertionError("the bot is not connected to a voice server")
        return session
