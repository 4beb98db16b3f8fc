"""One shard's gateway connection, kept open until the shard is handed over.

discord.py's own `Shard` always identifies, and ends its session when it closes. This one can resume
another process's session, and can close so that another process can resume its session.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Final

import aiohttp
import discord
import yarl
from discord.backoff import ExponentialBackoff
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.shard import Shard

from bot.cluster.event_intake import EventIntake
from bot.store.records import GatewaySession

log = logging.getLogger(__name__)

HANDLED_S: Final = 3.0
"""By then a received event has been recorded as a job, or needs no job."""
RESUMABLE: Final = 4000
"""With codes 1000 and 1001 Discord ends a session; with any other it can be resumed."""
_NORMAL_CLOSURE: Final = 1000
_RESUME_S: Final = 20.0
_IDENTIFY_S: Final = 40.0
"""Mostly waiting for a slot, which other processes may take first several times."""
_INTENTS_REFUSED: Final = 4014
_FATAL: Final = frozenset({4004, 4010, 4011, 4012, 4013, _INTENTS_REFUSED})
"""Token, shard, sharding required, version, intents: reconnecting would not help."""


Slot = Callable[[int], AbstractAsyncContextManager[None]]


class ShardSocket(DiscordWebSocket):
    """discord.py's socket, without the heartbeat thread it leaves behind when identify fails.

    discord.py notes when a heartbeat was sent in another thread, after it was sent. An answer that
    comes before that counts from the heartbeat before, 41 s ago; it does so on a busy machine.
    """

    async def send_heartbeat(self, data: Any) -> None:
        """Note the time, then send."""
        if self._keep_alive is not None:
            self._keep_alive.beat()
        await super().send_heartbeat(data)

    async def identify(self) -> None:
        """Wait for the limiter in the client's hook, then identify; close if that fails."""
        try:
            await super().identify()
        except BaseException:
            await self.close(code=RESUMABLE)
            raise


class GatewayShard(Shard):
    """A gateway connection that is opened once, reconnects by itself, and is closed once.

    Args:
        slot: The limiter's slot to hold while connecting in order to identify.
        session: The session to resume; None: identify.
        on_up: Called each time the shard comes up, with whether it resumed.
        on_failed: Called when the shard cannot recover.
    """

    ws: ShardSocket

    def __init__(
        self,
        client: discord.AutoShardedClient,
        shard_id: int,
        intake: EventIntake,
        *,
        slot: Slot,
        session: GatewaySession | None,
        on_up: Callable[["GatewayShard", bool], object],
        on_failed: Callable[["GatewayShard", Exception], object],
    ) -> None:
        self.shard_id = shard_id
        self.is_up = False
        self._client = client
        self._intake = intake
        self._slot = slot
        self._session = session
        self._on_up = on_up
        self._on_failed = on_failed
        self._socket: ShardSocket | None = None
        self._task: asyncio.Task[None] | None = None
        self._checkpoints: deque[tuple[float, GatewaySession]] = deque()

    @property
    def id(self) -> int:
        """discord.py's name for `shard_id`."""
        return self.shard_id

    @property
    def session(self) -> GatewaySession | None:
        """The session id, sequence and URL to resume from."""
        ws = self._socket
        if ws is None or not ws.session_id or ws.sequence is None or ws.gateway is None:
            return self._session
        return GatewaySession(ws.session_id, ws.sequence, str(ws.gateway))

    def checkpoint(self) -> GatewaySession | None:
        """The state from which another process resumes if this one dies now.

        It lies `HANDLED_S` back: a question that came in since then may not be a job yet. A job
        that was recorded is not repeated.
        """
        current, now = self.session, self._client.loop.time()
        if current is None:
            return None
        checkpoints = self._checkpoints
        if checkpoints and checkpoints[0][1].id != current.id:
            checkpoints.clear()
        checkpoints.append((now, current))
        while len(checkpoints) > 1 and checkpoints[1][0] <= now - HANDLED_S:
            checkpoints.popleft()
        return replace(current, sequence=checkpoints[0][1].sequence)

    def launch(self) -> None:
        """Start connecting; `on_up` reports when the shard is up."""
        self._task = self._client.loop.create_task(self._run(), name=f"shard {self.shard_id}")

    async def close(self, code: int = _NORMAL_CLOSURE) -> None:
        """Close the connection; with `RESUMABLE` another process can resume its session."""
        self.is_up = False
        self._session = self.session if code == RESUMABLE else None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._socket is not None:
            await self._socket.close(code=code)
            self._socket = None

    async def reconnect(self) -> None:
        """Do nothing for `ShardInfo.reconnect`: the shard reconnects by itself."""

    async def _run(self) -> None:
        pauses = ExponentialBackoff()
        while not self._client.is_closed():
            try:
                await self._listen()
            except ReconnectWebSocket as e:
                self._disconnected(resume=e.resume)
            except discord.ConnectionClosed as e:
                if e.code in _FATAL:
                    self._fail(_reason(e))
                    return
                self._disconnected(resume=False)
                await asyncio.sleep(pauses.delay())
            except (OSError, discord.HTTPException, aiohttp.ClientError, TimeoutError) as e:
                log.warning("shard %d: %s", self.shard_id, type(e).__name__)
                self._disconnected(resume=True)
                await asyncio.sleep(pauses.delay())
            except Exception as e:  # noqa: BLE001 - as in discord.py: the client ends with this error
                self._fail(e)
                return

    async def _listen(self) -> None:
        """Connect, and receive events until the connection ends."""
        ws = await (self._identify() if self._session is None else self._resume(self._session))
        # Early enough: so far only the greeting has arrived.
        ws._discord_parsers = self._intake.parsers(self._came_up)  # noqa: SLF001
        self.ws = self._socket = ws
        while True:
            await ws.poll_event()

    async def _identify(self) -> ShardSocket:
        async with self._slot(self.shard_id), asyncio.timeout(_IDENTIFY_S):
            return await ShardSocket.from_client(self._client, shard_id=self.shard_id)

    async def _resume(self, session: GatewaySession) -> ShardSocket:
        async with asyncio.timeout(_RESUME_S):
            return await ShardSocket.from_client(
                self._client,
                gateway=yarl.URL(session.url),
                shard_id=self.shard_id,
                session=session.id,
                sequence=session.sequence,
                resume=True,
            )

    def _came_up(self, event: str) -> None:
        self.is_up = True
        self._on_up(self, event == "RESUMED")

    def _disconnected(self, *, resume: bool) -> None:
        """Note that the connection is gone; keep its session if it can be resumed."""
        if self.is_up:
            self.is_up = False
            self._client.dispatch("disconnect")
            self._client.dispatch("shard_disconnect", self.shard_id)
        self._session = self.session if resume else None
        self._socket = None

    def _fail(self, error: Exception) -> None:
        self._disconnected(resume=False)
        self._on_failed(self, error)


def _reason(error: discord.ConnectionClosed) -> Exception:
    if error.code == _INTENTS_REFUSED:
        return discord.PrivilegedIntentsRequired(error.shard_id)
    return error
