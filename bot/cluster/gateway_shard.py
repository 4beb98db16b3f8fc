"""One shard's line to Discord, kept open until it is given away.

discord.py's own `Shard` identifies when it is made and when it is closed ends its session for good.
This one can begin where another process's session stood, and be closed so that the session lives.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Final

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
"""After so long what has come in is written down, or was nothing to write down."""
RESUMABLE: Final = 4000
"""With codes 1000 and 1001 Discord ends a session; with any other it can be resumed."""
_OVER: Final = 1000
_RESUME_S: Final = 20.0
_IDENTIFY_S: Final = 40.0
"""Most of it is waiting for one's turn; other processes may be quicker several times."""
_INTENTS_REFUSED: Final = 4014
_FATAL: Final = frozenset({4004, 4010, 4011, 4012, 4013, _INTENTS_REFUSED})
"""Token, shard, sharding required, version, intents: to come back would not help."""


Slot = Callable[[int], AbstractAsyncContextManager[None]]


class ShardSocket(DiscordWebSocket):
    """discord.py's; when it may not identify after all it leaves no thread behind."""

    async def identify(self) -> None:
        """Wait for the turn, in the client's hook, and identify."""
        try:
            await super().identify()
        except BaseException:
            await self.close(code=RESUMABLE)
            raise


class GatewayShard(Shard):
    """A line that is opened once, mends itself, and is closed once.

    Args:
        client: Whose.
        shard_id: Which shard.
        intake: Takes in its events.
        slot: Within it, it may connect in order to identify.
        session: Where to resume; None: identify.
        on_up: Called each time that its events flow; whether it was resumed.
        on_failed: Called when it cannot be mended.
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
        self._marks: deque[tuple[float, GatewaySession]] = deque()

    @property
    def id(self) -> int:
        """Which shard."""
        return self.shard_id

    @property
    def session(self) -> GatewaySession | None:
        """Where its session stands."""
        ws = self._socket
        if ws is None or not ws.session_id or ws.sequence is None or ws.gateway is None:
            return self._session
        return GatewaySession(ws.session_id, ws.sequence, str(ws.gateway))

    def checkpoint(self) -> GatewaySession | None:
        """From where another process is to resume if this one dies now.

        That is where the session stood `HANDLED_S` ago: a question that came in since then may not
        be written down as a job yet. What was is not done again.
        """
        current, now = self.session, self._client.loop.time()
        if current is None:
            return None
        marks = self._marks
        if marks and marks[0][1].id != current.id:
            marks.clear()
        marks.append((now, current))
        while len(marks) > 1 and marks[1][0] <= now - HANDLED_S:
            marks.popleft()
        return replace(current, sequence=marks[0][1].sequence)

    def launch(self) -> None:
        """Begin; `on_up` tells when it has come up."""
        self._task = self._client.loop.create_task(self._run(), name=f"shard {self.shard_id}")

    async def close(self, code: int = _OVER) -> None:
        """End it; with `RESUMABLE` its session can be taken up elsewhere."""
        self.is_up = False
        self._session = self.session if code == RESUMABLE else None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._socket is not None:
            await self._socket.close(code=code)
            self._socket = None

    async def reconnect(self) -> None:
        """What `ShardInfo.reconnect` asks for: the line mends itself."""

    async def _run(self) -> None:
        pauses = ExponentialBackoff()
        while not self._client.is_closed():
            try:
                await self._listen()
            except ReconnectWebSocket as e:
                self._keep(resume=e.resume)
            except discord.ConnectionClosed as e:
                if e.code in _FATAL:
                    self._fail(_reason(e))
                    return
                self._keep(resume=False)
                await asyncio.sleep(pauses.delay())
            except (OSError, discord.HTTPException, aiohttp.ClientError, TimeoutError) as e:
                log.warning("shard %d: %s", self.shard_id, type(e).__name__)
                self._keep(resume=True)
                await asyncio.sleep(pauses.delay())
            except Exception as e:  # noqa: BLE001 - as discord.py does: whoever runs the client is told
                self._fail(e)
                return

    async def _listen(self) -> None:
        """Connect, and take in events until the connection ends."""
        ws = await (self._identified() if self._session is None else self._resumed(self._session))
        # Only now: until here nothing but the greeting was received.
        ws._discord_parsers = self._intake.parsers(self._came_up)  # noqa: SLF001
        self.ws = self._socket = ws
        while True:
            await ws.poll_event()

    async def _identified(self) -> ShardSocket:
        async with self._slot(self.shard_id), asyncio.timeout(_IDENTIFY_S):
            return await ShardSocket.from_client(self._client, shard_id=self.shard_id)

    async def _resumed(self, session: GatewaySession) -> ShardSocket:
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

    def _keep(self, *, resume: bool) -> None:
        """The connection is gone; whether its session is to be resumed."""
        if self.is_up:
            self.is_up = False
            self._client.dispatch("disconnect")
            self._client.dispatch("shard_disconnect", self.shard_id)
        self._session = self.session if resume else None
        self._socket = None

    def _fail(self, error: Exception) -> None:
        self._keep(resume=False)
        self._on_failed(self, error)


def _reason(error: discord.ConnectionClosed) -> Exception:
    if error.code == _INTENTS_REFUSED:
        return discord.PrivilegedIntentsRequired(error.shard_id)
    return error
