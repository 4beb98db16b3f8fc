"""Getting into a voice channel and back into it: discord.py's connection, without its faults.

discord.py 2.7 has five that leave a bot deaf, or away for half a minute. Each is worked around here
in one place that says so ("Work around").
"""

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING, Final

import discord
from discord.errors import ConnectionClosed
from discord.gateway import DiscordVoiceWebSocket
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

if TYPE_CHECKING:
    from audio.discord_voice.link import VoiceLink

log = logging.getLogger(__name__)

RECONNECT_S: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
"""The pauses before each attempt to come back; after the last one the line is given up."""
_HANDSHAKE_S: Final = 10.0
_WAIT_STEP_S: Final = 0.02

_NORMAL, _RATE_LIMITED, _CRASHED = 1000, 4021, 4015
_MOVED: Final = frozenset({4014, 4022})
"""Disconnected, moved, or the call is over: the main gateway tells which."""


class VoiceGateway(DiscordVoiceWebSocket):
    """The voice gateway's connection."""

    async def received_binary_message(self, msg: bytes) -> None:
        """Work around: an error of davey's on opcode 25 or 27 would end discord.py's poller.

        The bot would then look connected, and be deaf to every later change of keys. What helps is
        what the protocol has for a commit that cannot be used: to be put into the group anew.
        """
        try:
            await super().received_binary_message(msg)
        except (ConnectionClosed, asyncio.CancelledError):
            raise
        except Exception as e:  # noqa: BLE001  (davey's errors have no class of their own)
            log.warning("opcode %s of the voice gateway cannot be used: %s", msg[2:3].hex(), e)
            await self._connection.rekey()  # type: ignore[attr-defined]  # ours, see VoiceConnection


class VoiceConnection(VoiceConnectionState):
    """Getting into a voice channel, and back into it."""

    voice_client: "VoiceLink"

    async def rekey(self) -> None:
        """Ask to be put into the encryption's group anew (opcode 31, and a new key package)."""
        if self.dave_session is not None:
            await self._recover_from_invalid_commit(0)

    async def rejoin(self) -> None:
        """Leave and come back, however the line stands. What is to be played stays."""
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

    async def _wait_for_state(
        self,
        state: ConnectionFlowState,
        *other_states: ConnectionFlowState,
        timeout: float | None = None,  # noqa: ASYNC109  (discord.py's signature)
    ) -> None:
        """Work around: discord.py sets and clears its event at once, and so loses wake-ups.

        Whoever begins to wait one tick too late would sleep for the whole timeout.
        """
        states = (state, *other_states)
        async with asyncio.timeout(timeout):
            while self.state not in states:  # noqa: ASYNC110  (the event loses wake-ups)
                await asyncio.sleep(_WAIT_STEP_S)

    async def disconnect(
        self, *, force: bool = True, cleanup: bool = True, wait: bool = False
    ) -> None:
        """Leave; see `wake_reader`."""
        if force or self.is_connected():
            self.wake_reader()
        await super().disconnect(force=force, cleanup=cleanup, wait=wait)

    async def soft_disconnect(
        self, *, with_state: ConnectionFlowState = ConnectionFlowState.got_both_voice_updates
    ) -> None:
        """Hang up; see `wake_reader`."""
        self.wake_reader()
        await super().soft_disconnect(with_state=with_state)

    def wake_reader(self) -> None:
        """Work around: the reader's thread would sit in select() on a closed socket for 30 s.

        A socket that is shut down before wakes it, and it then takes the next one.
        """
        self._socket_reader.pause()
        if self.socket is not discord.utils.MISSING:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    async def _poll_voice_ws(self, reconnect: bool) -> None:
        """Read the voice gateway for as long as the line lasts.

        Work around: discord.py's own ends for good at any error that it does not expect, waits up
        to two seconds before it comes back, and after close code 4015 resumes by a handshake that
        the main gateway has no reason to answer.
        """
        while True:
            try:
                await self.ws.poll_event()
            except asyncio.CancelledError:
                return
            except (ConnectionClosed, TimeoutError) as e:
                code = getattr(e, "code", None)
                log.info("the voice gateway has hung up (%s)", code)
                await self.ws.close()  # its heartbeat would go on
                if not await self._after(code):
                    return
            except Exception:
                log.exception("a message of the voice gateway cannot be used")

    async def _after(self, code: int | None) -> bool:
        """The voice gateway has hung up; whether the line goes on."""
        if code == _NORMAL and self._expecting_disconnect:
            return False
        if code in (_NORMAL, _RATE_LIMITED) or (code in _MOVED and self._disconnected.is_set()):
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
        """Take up the session where it was; the server then repeats what was missed."""
        previous = self.ws
        try:
            async with asyncio.timeout(_HANDSHAKE_S):
                self.ws = await self._connect_websocket(True)
        except (OSError, TimeoutError, discord.DiscordException, ValueError) as e:
            log.info("the voice session cannot be resumed: %s", e)
            return False
        self.ws.secret_key = previous.secret_key
        self.state = ConnectionFlowState.connected
        return True

    async def _come_back(self) -> bool:
        """Leave and join, several times if need be; whether it worked."""
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
