"""Joins and rejoins a voice channel: discord.py's connection, without its faults.

discord.py 2.7 has several faults that leave a bot deaf, or disconnected for half a minute. Each is
worked around here, in one place that says so ("Workaround").
"""

import asyncio
import logging
import struct
from typing import Any, Final

import discord
from discord.errors import ConnectionClosed
from discord.gateway import DiscordVoiceWebSocket
from discord.voice_state import ConnectionFlowState, SocketReader, VoiceConnectionState

from audio.discord_voice.datagrams import DatagramReader, SocketWaiter, enlarge_receive_buffer
from audio.discord_voice.membership import Membership, Where

log = logging.getLogger(__name__)

RECONNECT_S: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
"""The pauses before each attempt to reconnect; after the last one the connection is given up."""
_HANDSHAKE_S: Final = 10.0
_WAIT_STEP_S: Final = 0.02

_BROKEN_S: Final = 0.01
"""The pause before the reader looks again at a socket that is closed, or not there yet."""
_DISCOVERY: Final = struct.Struct(">HHI64sH")
_DISCOVER, _DISCOVERED = 1, 2
_DISCOVERY_S, _DISCOVERY_TRIES = 0.5, 6

_NORMAL, _RATE_LIMITED, _CRASHED = 1000, 4021, 4015
_MOVED: Final = frozenset({4014, 4022})
"""Disconnected, moved, or the call is over: the main gateway says which."""


class VoiceGateway(DiscordVoiceWebSocket):
    """The voice gateway's connection."""

    async def send_heartbeat(self, data: Any) -> None:
        """Workaround: discord.py notes when it was sent in another thread, after it was sent.

        An answer that comes before that counts from the heartbeat before, 5 s ago.
        """
        if self._keep_alive is not None:
            self._keep_alive.beat()
        await super().send_heartbeat(data)

    async def received_binary_message(self, msg: bytes) -> None:
        """Workaround: a davey error on opcode 25 or 27 would end discord.py's poller.

        The bot would then look connected, yet miss every later change of keys. The remedy is the
        protocol's own for an unusable commit: being added to the group again.
        """
        try:
            await super().received_binary_message(msg)
        except (ConnectionClosed, asyncio.CancelledError):
            raise
        except Exception as e:  # noqa: BLE001  (davey's errors have no class of their own)
            log.warning("opcode %s from the voice gateway failed: %s", msg[2:3].hex(), e)
            await self._connection.rekey()  # type: ignore[attr-defined]  # ours, see VoiceConnection

    async def discover_ip(self) -> tuple[str, int]:
        """Workaround: discord.py asks once, and listens for the answer only after asking.

        If the reader thread is already running, it may read the answer before that; and a lost
        request is never repeated. Source: "IP Discovery" in Discord's documentation of voice.
        """
        state = self._connection
        answer: asyncio.Future[bytes] = self.loop.create_future()

        def on_datagram(data: bytes) -> None:
            if len(data) == _DISCOVERY.size and data[1] == _DISCOVERED:
                self.loop.call_soon_threadsafe(_settle, answer, data)

        state.add_socket_listener(on_datagram)
        try:
            for _ in range(_DISCOVERY_TRIES):
                request = _DISCOVERY.pack(_DISCOVER, _DISCOVERY.size - 4, state.ssrc, b"", 0)
                await self.loop.sock_sendall(state.socket, request)
                done, _ = await asyncio.wait([answer], timeout=_DISCOVERY_S)
                if done:
                    *_, ip, port = _DISCOVERY.unpack(answer.result())
                    return ip.rstrip(b"\0").decode("ascii"), port
        finally:
            state.remove_socket_listener(on_datagram)
        raise TimeoutError("the voice server does not answer over UDP")


def _settle(answer: "asyncio.Future[bytes]", data: bytes) -> None:
    if not answer.done():
        answer.set_result(data)


class Reader(SocketReader):
    """The thread that reads the socket, as many datagrams at once as there are.

    Workaround: discord.py's own waits up to 30 s in one select(). If the socket is closed or
    replaced meanwhile, it keeps waiting for the old one, and the bot is deaf until then.
    """

    def __init__(self, state: VoiceConnectionState, *, start_paused: bool = True) -> None:
        super().__init__(state, start_paused=start_paused)
        self._waiter = SocketWaiter()

    def look(self) -> None:
        """Look at the connection's socket now: it may be another one."""
        self._waiter.wake()

    def stop(self) -> None:
        """End soon."""
        super().stop()
        self._waiter.wake()

    def _do_run(self) -> None:
        try:
            self._read()
        finally:
            self._waiter.close()

    def _read(self) -> None:
        arrived = DatagramReader()
        while not self._end.is_set():
            self._running.wait()  # `stop` sets it, too
            connected = self.state.socket
            try:
                datagrams = arrived.read(connected) if self._waiter.wait(connected) else []
            except (OSError, ValueError, AttributeError):  # closed, or not open yet
                self._end.wait(_BROKEN_S)
                continue
            for data in datagrams:
                for callback in tuple(self._callbacks):
                    try:
                        callback(data)
                    except Exception:
                        log.exception("a datagram could not be processed")


class VoiceConnection(VoiceConnectionState):
    """discord.py's voice connection, which joins and rejoins reliably."""

    reader: type[SocketReader] = Reader

    def __init__(self, voice_client: discord.VoiceClient, *, hook: Any) -> None:
        super().__init__(voice_client, hook=hook)
        self.membership = Membership()
        self._disconnected.set()
        self._socket_reader.stop()
        self._socket_reader = self.reader(self)
        self._socket_reader.start()

    @property
    def is_polling(self) -> bool:
        """Whether the voice gateway is being read."""
        return self._runner is not None and not self._runner.done()

    @property
    def is_reading(self) -> bool:
        """Whether the socket is being read."""
        return self._socket_reader.is_alive()

    @property
    def registered_client(self) -> discord.VoiceProtocol | None:
        """The bot's voice client in this server: ours, its successor, or none."""
        return self.voice_client._state._get_voice_client(self.guild.id)  # noqa: SLF001

    def end(self) -> None:
        """Stop every thread and task, and release whoever waits for the connection."""
        self._socket_reader.stop()
        for task in (self._runner, self._connector):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        self._disconnected.set()

    async def connect(
        self,
        *,
        reconnect: bool,
        timeout: float,  # noqa: ASYNC109  (discord.py's signature)
        self_deaf: bool,
        self_mute: bool,
        resume: bool,
        wait: bool = True,
    ) -> None:
        """Workaround: discord.py's caller waits for the first attempt only.

        If the bot is moved, or gets another voice server, during the handshake, discord.py cancels
        that attempt and starts another.

        Raises:
            ClientException: The bot was kicked meanwhile.
        """
        await super().connect(
            reconnect=reconnect,
            timeout=timeout,
            self_deaf=self_deaf,
            self_mute=self_mute,
            resume=resume,
            wait=False,
        )
        while wait and self._connector is not None:
            attempt = self._connector
            try:
                await asyncio.wait([attempt])
            except asyncio.CancelledError:
                self._connector.cancel()
                raise
            if attempt is not self._connector:
                continue
            if attempt.cancelled():
                raise discord.ClientException("kicked from the voice channel while joining it")
            attempt.result()
            return

    async def _wrap_connect(self, *args: Any) -> None:
        """Workaround: in discord.py, a replaced attempt undoes its replacement."""
        try:
            await self._connect(*args)
        except asyncio.CancelledError:
            raise  # the canceller also ends the connection, or starts another attempt
        except Exception as e:
            log.info("cannot join the voice channel: %s", e or type(e).__name__)
            await self.disconnect()
            raise

    async def _connect(self, *args: Any, **kwargs: Any) -> None:
        await super()._connect(*args, **kwargs)
        self.membership.connected()

    async def voice_state_update(self, data: Any) -> None:
        """The main gateway says where the bot is.

        Workaround: discord.py mistakes the echo of an earlier client's leaving for a kick, asks to
        leave again after a kick, and forgets where the bot was moved while it reconnects.
        """
        if data["channel_id"] is not None:
            self.membership.seen_in()
            if self.state is ConnectionFlowState.disconnected:
                self._update_voice_channel(int(data["channel_id"]))
            await super().voice_state_update(data)
        elif self.membership.seen_out():
            self.voice_client.cleanup()
            await self.disconnect()
        else:
            self._disconnected.set()

    async def rekey(self) -> None:
        """Ask to be added to the encryption group again (opcode 31, and a new key package)."""
        if self.dave_session is not None:
            await self._recover_from_invalid_commit(0)

    async def rejoin(self) -> None:
        """Leave and come back, whatever the state. The playout queue is kept."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
        await self._come_back()

    async def _connect_websocket(self, resume: bool) -> DiscordVoiceWebSocket:
        seq_ack = -1 if self.ws is discord.utils.MISSING else self.ws.seq_ack
        connecting = VoiceGateway.from_connection_state(
            self, resume=resume, hook=self.hook, seq_ack=seq_ack
        )
        ws = await connecting
        self.state = ConnectionFlowState.websocket_connected
        return ws

    async def _voice_connect(self, *, self_deaf: bool = False, self_mute: bool = False) -> None:
        """Workaround: discord.py sets the state that expects an answer only after asking.

        It would take an answer that arrives before the next tick of the loop for an old one, and
        wait for another until the handshake times out.
        """
        if self.state is ConnectionFlowState.disconnected:
            self.state = ConnectionFlowState.set_guild_voice_state
        self.membership.join()
        await super()._voice_connect(self_deaf=self_deaf, self_mute=self_mute)

    async def _voice_disconnect(self) -> None:
        """Ask to leave, unless the bot is out already, or another client has replaced this one.

        Workaround: discord.py always asks, which disconnects the successor; and it expects the
        answer only after asking, so it may wait in vain.
        """
        self.state = ConnectionFlowState.disconnected
        is_replaced = self.registered_client not in (None, self.voice_client)
        if is_replaced or not self.membership.leave():
            return
        self._disconnected.clear()
        await self.guild.change_voice_state(channel=None)

    async def _wait_for_state(
        self,
        state: ConnectionFlowState,
        *other_states: ConnectionFlowState,
        timeout: float | None = None,  # noqa: ASYNC109  (discord.py's signature)
    ) -> None:
        """Workaround: discord.py sets and clears its event at once, which loses wake-ups.

        A task that starts waiting one tick too late would sleep for the whole timeout.
        """
        states = (state, *other_states)
        async with asyncio.timeout(timeout):
            while self.state not in states:  # noqa: ASYNC110  (the event loses wake-ups)
                await asyncio.sleep(_WAIT_STEP_S)

    def _create_socket(self) -> None:
        super()._create_socket()
        if isinstance(self._socket_reader, Reader):
            self._socket_reader.look()
        buffer = enlarge_receive_buffer(self.socket)
        if not buffer.is_enough:
            log.info("a buffer for %.1f s of fifty voices: %s", buffer.seconds, buffer.advice)

    async def _poll_voice_ws(self, reconnect: bool) -> None:
        """Read the voice gateway for as long as the connection lasts.

        Workaround: discord.py's own poller ends for good at any unexpected error, waits up to two
        seconds before it reconnects, and after close code 4015 resumes with a handshake that the
        main gateway has no reason to answer.
        """
        while True:
            try:
                await self.ws.poll_event()
            except asyncio.CancelledError:
                return
            except (ConnectionClosed, TimeoutError) as e:
                code = getattr(e, "code", None)
                log.info("the voice gateway closed the connection (%s)", code)
                await self.ws.close()  # or its heartbeat would go on
                if not await self._reconnect_after(code):
                    return
            except Exception:
                log.exception("a message from the voice gateway could not be processed")

    async def _reconnect_after(self, code: int | None) -> bool:
        """React to the gateway's close code. Returns whether the connection is up again."""
        if self.state is ConnectionFlowState.disconnected:
            return False  # the code that disconnects does the rest
        is_out = self.membership.where is Where.OUT
        if code in (_NORMAL, _RATE_LIMITED) or (code in _MOVED and is_out):
            await self._give_up()
            return False
        if code in _MOVED:
            if await self._potential_reconnect():
                return True
            await self._give_up()
            return False
        if code == _CRASHED and await self._resume():
            return True
        return await self._come_back()

    async def _resume(self) -> bool:
        """Resume the session; the server then repeats what was missed."""
        previous = self.ws
        try:
            async with asyncio.timeout(_HANDSHAKE_S):
                self.ws = await self._connect_websocket(True)
        except (OSError, TimeoutError, discord.DiscordException, ValueError) as e:
            log.info("the voice session could not be resumed: %s", e)
            return False
        self.ws.secret_key = previous.secret_key
        self.state = ConnectionFlowState.connected
        return True

    async def _come_back(self) -> bool:
        """Leave and join, several times if need be. Returns whether that worked."""
        for pause_s in RECONNECT_S:
            await asyncio.sleep(pause_s)
            await self.disconnect(cleanup=False)
            try:
                await self._connect(
                    reconnect=True,
                    timeout=_HANDSHAKE_S,
                    self_deaf=False,
                    self_mute=False,
                    resume=False,
                )
            except (OSError, TimeoutError, discord.DiscordException) as e:
                log.info("not back in the voice channel yet: %s", e or type(e).__name__)
            else:
                return True
        await self._give_up()
        return False

    async def _give_up(self) -> None:
        if self.state is not ConnectionFlowState.disconnected:
            await self.disconnect()
        else:
            self.voice_client.cleanup()
