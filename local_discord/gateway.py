"""The websocket side: hello, identify, ready, dispatch, heartbeat, resume, and being unreliable."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

from . import events, permissions, wire
from .compression import Compressor, compressor
from .log import Dispatched, Log, Problem
from .rules import MOST
from .sparse import thinned
from .values import PRIVILEGED, THREADS, Channel, ChannelType, Guild, Intent, Json, Permission
from .waiting import PATIENCE
from .world import Event, World

if TYPE_CHECKING:
    from .application import Application

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11

HEARTBEAT_MS = 41_250
ACK_SECONDS = 0.05
"""As a network takes. discord.py notes in another thread when a heartbeat was sent: with an answer
at once it sometimes counts from the one before, and says that it cannot keep up."""
REPLAY_MAX = 2_000
CHUNK_MAX = 1_000
COMMANDS_PER_MINUTE = MOST["events in a minute"]

CLOSE_UNKNOWN_OPCODE, CLOSE_NOT_AUTHENTICATED, CLOSE_BAD_TOKEN = 4001, 4003, 4004
CLOSE_BAD_PAYLOAD = 4002
CLOSE_RATE_LIMITED, CLOSE_BAD_SHARD, CLOSE_DISALLOWED_INTENTS = 4008, 4010, 4014


@dataclass(slots=True, eq=False)
class Session:
    """What outlives one connection: who the bot said it is, and what it may ask for again."""

    id: str
    intents: Intent
    shard: int
    shards: int
    large_threshold: int
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAY_MAX))
    connection: Connection | None = None
    ready: bool = False
    lost_at: float = 0.0

    def covers(self, guild: Guild | None) -> bool:
        """Whether a guild (or, without one, the direct messages) is this shard's."""
        return self.shard == (((guild.id >> 22) % self.shards) if guild else 0)


@dataclass(slots=True, eq=False)
class Connection:
    """One websocket; what is queued is written in order by its own task."""

    socket: web.WebSocketResponse
    packer: Compressor
    transport: asyncio.BaseTransport | None
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    received: deque[float] = field(default_factory=deque)
    session: Session | None = None
    goodbye: bool = False

    def send(self, op: int, data: object = None) -> None:
        """Queue a message that is not a dispatch."""
        self.outbox.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    async def write(self) -> None:
        """Send what is queued, until the socket closes."""
        while not self.socket.closed:
            packed = self.packer.pack(await self.outbox.get())
            try:
                if isinstance(packed, bytes):
                    await self.socket.send_bytes(packed, compress=False)
                else:
                    await self.socket.send_str(packed)
            except ConnectionError:
                return


class Gateway:
    """The gateway of one local Discord. `drop`, `reconnect`, `invalid_session`, `outage` break it.

    Attributes:
        shards: How many shards bots are advised to have.
        max_concurrency: How many of them may identify at once: one of each bucket.
        identify_seconds: The least time between two identifies of a bucket; 0: it is not looked at.
        forgiving_seconds: How long after a connection was lost people's Discord still offers the
            bot's commands; the session has them when it is resumed.
    """

    def __init__(self, world: World, application: Application, log: Log) -> None:
        self.world = world
        self.application = application
        self.log = log
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.voice_state: Callable[[Session, Json], None] | None = None
        """Takes opcode 4. Whoever simulates voice sets it; without it that is a problem."""
        self.session_ended: Callable[[], None] = lambda: None
        """Told when the bot has gone offline with a word of farewell."""
        self.url: Callable[[], str] = str
        self.shards = 1
        self.max_concurrency = 1
        self.identify_seconds = 0.0
        self.forgiving_seconds = 0.0
        self._identified: dict[int, float] = {}
        self._down = False
        world.subscribers.append(self.deliver)

    # --- breaking it on purpose ----------------------------------------------------------------

    def drop(self) -> None:
        """Cut every connection without a word, as a lost network does."""
        for connection in list(self.connections):
            if connection.transport is not None:
                abort = getattr(connection.transport, "abort", connection.transport.close)
                abort()

    async def close(self, code: int = 4000) -> None:
        """Close every connection with a code of Discord's documentation."""
        for connection in list(self.connections):
            await connection.socket.close(code=code)

    def reconnect(self) -> None:
        """Ask the bot to come back (opcode 7)."""
        for connection in self.connections:
            connection.send(RECONNECT)

    def invalid_session(self, *, resumable: bool = False) -> None:
        """Tell the bot that its session is over (opcode 9)."""
        if not resumable:
            self.sessions.clear()
        for connection in self.connections:
            connection.send(INVALID_SESSION, resumable)

    @asynccontextmanager
    async def outage(self) -> AsyncIterator[None]:
        """Drop the bot and refuse new connections until the block ends."""
        self._down = True
        self.drop()
        try:
            yield
        finally:
            self._down = False

    # --- telling the bot -----------------------------------------------------------------------

    @property
    def online(self) -> bool:
        """Whether the bot has a session that is connected and ready."""
        return any(s.connection and s.ready for s in self.sessions.values())

    @property
    def served(self) -> set[int]:
        """The shards whose sessions are connected and ready."""
        return {s.shard for s in self.sessions.values() if s.connection and s.ready}

    async def until_served(self, shards: int, within: float = PATIENCE) -> None:
        """Wait until so many shards are connected and ready."""
        await self.world.waiters.until(
            self,
            lambda: len(self.served) == shards or None,
            within=within,
            missing=lambda: f"only the shards {sorted(self.served)} are served",
        )

    async def until_online(self, within: float = PATIENCE) -> None:
        """Wait until the bot, in whatever process it runs, is ready."""
        await self.world.waiters.until(
            self, lambda: self.online or None, within=within, missing=lambda: "the bot is offline"
        )

    async def until_offline(self, within: float = PATIENCE) -> None:
        """Wait until the bot's connections are gone."""

        def gone() -> bool | None:
            return not self.connections or None

        missing = "the bot is still connected"
        await self.world.waiters.until(self, gone, within=within, missing=lambda: missing)

    def deliver(self, event: Event) -> None:
        """Dispatch an event to the sessions that asked for its kind and may see its place."""
        for session in list(self.sessions.values()):
            if session.ready and self._reaches(session, event):
                self.dispatch(session, event.name, event.data(session.intents))

    def deliver_interaction(self, guild: Guild | None, data: Json) -> bool:
        """Dispatch an interaction, which needs no intent; False when no session is there."""
        since = self.world.clock.now() - self.forgiving_seconds
        there = [
            session
            for session in self.sessions.values()
            if session.ready
            and session.covers(guild)
            and (session.connection or session.lost_at > since)
        ]
        for session in there:
            self.dispatch(session, "INTERACTION_CREATE", data)
        return bool(there)

    def dispatch(self, session: Session, name: str, data: Json) -> None:
        """Send one event to one session, or keep it for when the session resumes."""
        session.sequence += 1
        data = thinned(data) if self.world.sparse else data
        text = json.dumps({"op": DISPATCH, "d": data, "s": session.sequence, "t": name})
        session.sent.append((session.sequence, text))
        self.log.dispatches.append(Dispatched(self.world.clock.now(), name, data))
        if session.connection is not None:
            session.connection.outbox.put_nowait(text)

    def _reaches(self, session: Session, event: Event) -> bool:
        if event.intent & session.intents != event.intent or not session.covers(event.guild):
            return False
        if event.channel is not None and event.channel.type is ChannelType.GROUP_DM:
            return False  # no bot is in one
        if event.guild and self.world.bot.id not in event.guild.members:
            return event.name == "GUILD_DELETE"
        return event.channel is None or self._visible(event.channel, event.name)

    def _visible(self, channel: Channel, name: str) -> bool:
        if name.startswith(("CHANNEL_", "THREAD_")) and channel.type not in THREADS:
            return True  # the bot learns of channels it may not read, and of their overwrites
        return permissions.may(channel, self.world.bot, Permission.VIEW_CHANNEL)

    # --- a connection --------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket until it ends."""
        if self._down:
            return web.Response(status=503)
        socket = web.WebSocketResponse(compress=False, max_msg_size=4096 * 4)
        await socket.prepare(request)
        packer = compressor(request.query.get("compress"))
        connection = Connection(socket, packer, request.transport)
        self.connections.add(connection)
        connection.send(HELLO, {"heartbeat_interval": HEARTBEAT_MS})
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(connection.write())
            try:
                await self._read(connection)
            finally:
                writer.cancel()
                self._forget(connection)
        return socket

    def _forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            session.lost_at = self.world.clock.now()
            if connection.goodbye:
                self.sessions.pop(session.id, None)  # nothing to resume after codes 1000 and 1001
                self.session_ended()
        self.world.waiters.touch(self)

    async def _read(self, connection: Connection) -> None:
        while True:
            message = await connection.socket.receive()
            if message.type is WSMsgType.CLOSE:
                connection.goodbye = message.data in (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
            if message.type is not WSMsgType.TEXT:
                return
            body = json.loads(message.data)
            if len(message.data.encode()) > MOST["an event's size"]:
                code = CLOSE_BAD_PAYLOAD
            elif not self._within_rate(connection):
                code = CLOSE_RATE_LIMITED
            else:
                code = self._take(connection, body)
            if code:
                where = f"gateway opcode {body['op']}"
                self.log.refused(Problem(where, code, "connection closed"))
                await connection.socket.close(code=code)
                return

    def _within_rate(self, connection: Connection) -> bool:
        now = self.world.clock.now()
        recent = connection.received
        recent.append(now)
        while recent and recent[0] < now - 60:
            recent.popleft()
        return len(recent) <= COMMANDS_PER_MINUTE

    def _take(self, connection: Connection, body: Json) -> int:
        """Act on what the bot sent; a close code when it must not, else 0."""
        op, data = int(body["op"]), body.get("d") or {}
        if op == HEARTBEAT:
            later = asyncio.get_running_loop().call_later
            later(ACK_SECONDS, connection.send, HEARTBEAT_ACK)
        elif op == IDENTIFY:
            return self._identify(connection, data)
        elif op == RESUME:
            return self._resume(connection, data)
        elif connection.session is None:
            return CLOSE_NOT_AUTHENTICATED
        elif op == REQUEST_MEMBERS:
            self._send_members(connection.session, data)
        elif op == VOICE_STATE:
            self._voice_state(connection.session, data)
        elif op != PRESENCE:
            return CLOSE_UNKNOWN_OPCODE
        return 0

    def _voice_state(self, session: Session, data: Json) -> None:
        if self.voice_state is not None:
            self.voice_state(session, data)
            return
        problem = Problem("gateway opcode 4", 0, "this local Discord has no voice server")
        self.log.refused(problem)

    # --- sessions ------------------------------------------------------------------------------

    def _identify(self, connection: Connection, data: Json) -> int:
        if data["token"] != self.application.token:
            return CLOSE_BAD_TOKEN
        intents = Intent(data["intents"] & sum(Intent))
        if intents & PRIVILEGED & ~self.application.privileged_intents:
            return CLOSE_DISALLOWED_INTENTS
        shard, shards = data.get("shard") or (0, 1)
        if shard >= shards:
            return CLOSE_BAD_SHARD
        if self._is_too_soon(shard):
            problem = Problem(f"identify of shard {shard}", INVALID_SESSION, "identified too soon")
            self.log.refused(problem)
            connection.send(INVALID_SESSION, False)
            return 0
        threshold = int(data.get("large_threshold", 50))
        session = Session(secrets.token_hex(16), intents, shard, shards, threshold)
        self._attach(connection, session)
        self.sessions[session.id] = session
        guilds = self._guilds(session)
        ready: Json = {
            "v": 10,
            "user": wire.user(self.world.bot) | {"verified": True, "mfa_enabled": True},
            "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url(),
            "shard": [shard, shards],
            "application": {"id": str(self.application.id), "flags": self.application.flags},
        }
        self.dispatch(session, "READY", ready)
        session.ready = True
        if Intent.GUILDS in intents:
            for guild in guilds:
                state = events.guild_state(self.world, guild, intents, threshold)
                self.dispatch(session, "GUILD_CREATE", state)
        self.world.waiters.touch(self)
        return 0

    def _is_too_soon(self, shard: int) -> bool:
        """Whether another shard of the bucket has identified a moment ago."""
        bucket, now = shard % self.max_concurrency, self.world.clock.now()
        last = self._identified.get(bucket)
        if last is not None and now < last + self.identify_seconds:
            return True
        self._identified[bucket] = now
        return False

    def _guilds(self, session: Session) -> list[Guild]:
        here = [g for g in self.world.guilds.values() if self.world.bot.id in g.members]
        return [g for g in here if session.covers(g)]

    def _attach(self, connection: Connection, session: Session) -> None:
        connection.session, session.connection = session, connection

    def _resume(self, connection: Connection, data: Json) -> int:
        if data["token"] != self.application.token:
            return CLOSE_BAD_TOKEN
        session = self.sessions.get(data["session_id"])
        seen = int(data["seq"] or 0)
        first_kept = session.sent[0][0] if session and session.sent else 1
        if session is None or seen + 1 < first_kept:
            connection.send(INVALID_SESSION, False)
            return 0
        for sequence, text in session.sent:
            if sequence > seen:
                connection.outbox.put_nowait(text)
        self._attach(connection, session)
        self.dispatch(session, "RESUMED", {})
        session.sent.pop()  # it is said anew each time, and not repeated
        self.world.waiters.touch(self)
        return 0

    def _send_members(self, session: Session, data: Json) -> None:
        """GUILD_MEMBERS_CHUNK: those asked for by id, by the start of their name, or all."""
        guild = self.world.find_guild(int(data["guild_id"]))
        wanted = {int(i) for i in data.get("user_ids") or []}
        query = str(data.get("query") or "").lower()
        fitting = [
            m
            for m in guild.members.values()
            if (m.user.id in wanted if wanted else m.display_name.lower().startswith(query))
        ]
        fitting = fitting[: int(data.get("limit") or 0) or None]
        chunks = [fitting[i : i + CHUNK_MAX] for i in range(0, len(fitting), CHUNK_MAX)] or [[]]
        for index, chunk in enumerate(chunks):
            body: Json = {
                "guild_id": str(guild.id),
                "members": [wire.member(m) for m in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": [],
            }
            if nonce := data.get("nonce"):
                body["nonce"] = nonce
            self.dispatch(session, "GUILD_MEMBERS_CHUNK", body)
