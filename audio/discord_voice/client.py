"""The bot in a voice channel: discord.py's voice client, able to hear, and to recover.

    client = await channel.connect(
        cls=DiscordVoiceClient.factory(may_hear=…, on_fault=…, now=…), self_deaf=False
    )

Only this module and `connection` touch discord.py (2.7). The client feeds the pure `Receiver`,
sends what the pure `Sender` packs, and does what the pure `Watchdog` advises.
"""

import asyncio
import contextlib
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import discord
from discord.enums import SpeakingState
from discord.gateway import DiscordVoiceWebSocket

from audio.constants import FRAME_S
from audio.discord_voice.connection import VoiceConnection
from audio.discord_voice.playback_thread import PlaybackThread
from audio.discord_voice.receiver import Receiver
from audio.discord_voice.round_trip import measured_ms
from audio.discord_voice.sender import Sender
from audio.discord_voice.stats import ReceptionStats, Totals
from audio.discord_voice.transport_crypto import Mode
from audio.discord_voice.watchdog import (
    CHECK_EVERY_S,
    FaultKind,
    LinkStats,
    RecoveryAction,
    Watchdog,
)
from audio.playout_queue import PlayoutQueue
from audio.speech_events import SpeechFrame

log = logging.getLogger(__name__)

_PATIENCE_S: Final = 0.002
"""How long the event loop waits for the receiver's figures; then it takes those it has."""
Now = Callable[[], float]
Factory = Callable[[discord.Client, discord.abc.Connectable], "DiscordVoiceClient"]


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """The state of a voice connection.

    Attributes:
        encrypted: Whether the call is encrypted end to end.
        privacy_code: For members of the call to compare; None without end-to-end encryption.
        latency_ms: The round trip to the voice gateway; None if not measured yet.
        fault: The current fault.
        fault_counts: How many times each fault has occurred.
        people: How well each person is received.
        totals: What cannot be attributed to one person.
    """

    connected: bool
    encrypted: bool
    privacy_code: str | None
    latency_ms: float | None
    fault: FaultKind | None
    fault_counts: Mapping[FaultKind, int]
    people: Mapping[int, ReceptionStats]
    totals: Totals


class DiscordVoiceClient(discord.VoiceClient):
    """A connection to a voice channel.

    Attributes:
        receiver: What it hears; while connected, use it only through `pull`.
        playout: What it plays.
        sender: The RTP stream that it sends.
    """

    _connection: VoiceConnection

    supported_modes = tuple(Mode)  # discord.py lacks AES

    def __init__(
        self,
        client: discord.Client,
        channel: discord.abc.Connectable,
        *,
        may_hear: Callable[[int], bool],
        on_fault: Callable[[FaultKind], object],
        now: Now,
    ) -> None:
        self.receiver = Receiver(may_hear=may_hear)
        self.playout = PlayoutQueue()
        self.sender = Sender()
        self._may_hear = may_hear
        self._on_fault = on_fault
        self._now = now
        # The receiver's. With fifty voices the threads hold it nearly always, and the event loop
        # would stand still for a second until it gets it: so that never waits for it.
        self._lock = threading.Lock()
        self._told: deque[Callable[[], None]] = deque()
        self._stats: tuple[Mapping[int, ReceptionStats], Totals] = {}, self.receiver.totals
        self._arrived = threading.Event()
        self._watchdog = Watchdog()
        self._watchdog_task: asyncio.Task[None] | None = None
        self._announced_s: float | None = None
        self._is_over = False
        super().__init__(client, channel)
        self._playback = PlaybackThread(self.playout, self, now)

    @classmethod
    def factory(
        cls,
        *,
        may_hear: Callable[[int], bool],
        on_fault: Callable[[FaultKind], object],
        now: Now,
    ) -> Factory:
        """For `channel.connect(cls=…)`.

        Args:
            may_hear: Whether a user has agreed to be heard. Called for every packet.
            on_fault: Called on the loop for each new fault, and when it is over.
            now: The monotonic clock, in seconds.
        """
        return lambda client, channel: cls(
            client, channel, may_hear=may_hear, on_fault=on_fault, now=now
        )

    def create_connection_state(self) -> VoiceConnection:
        """Make discord.py use our connection."""
        return VoiceConnection(self, hook=self._on_gateway_message)

    async def connect(
        self,
        *,
        reconnect: bool,
        timeout: float,  # noqa: ASYNC109  (discord.py's signature)
        self_deaf: bool = False,
        self_mute: bool = False,
    ) -> None:
        """Join; called by discord.py.

        Workaround: if this fails or is cancelled, discord.py leaves its reader thread running and
        the bot in the channel.
        """
        try:
            await super().connect(
                reconnect=reconnect, timeout=timeout, self_deaf=self_deaf, self_mute=self_mute
            )
        except BaseException:
            try:
                await self._connection.disconnect()
            finally:
                self.cleanup()
            raise
        self._connection.add_socket_listener(self._on_datagram)
        self._playback.start()
        self._watchdog_task = self.loop.create_task(self._watch(), name="voice watchdog")

    def cleanup(self) -> None:
        """Release everything; called by discord.py, perhaps more than once.

        Workaround: discord.py removes whichever client is registered for the server, even a
        successor's. That one would then never learn where to connect to.
        """
        if self._is_over:
            return
        self._is_over = True
        self._playback.stop()
        self._connection.end()
        if self._watchdog_task is not None:
            self._watchdog_task.cancel()
        if self._connection.registered_client is self:
            self._state._remove_voice_client(self.guild.id)  # noqa: SLF001
        self._on_fault(FaultKind.LOST)

    def pull(self, now_s: float) -> list[SpeechFrame]:
        """What was received since the last call; for the hearing thread."""
        with self._lock:
            self._arrived.clear()
            self._take_told()
            return self.receiver.pull(now_s)

    def wait(self, seconds: float) -> None:
        """Wait until there may be something to pull; for the hearing thread."""
        with self._lock:
            is_at_rest = self.receiver.is_at_rest
        self._arrived.wait(seconds if is_at_rest else min(seconds, FRAME_S / 2))

    def wake(self) -> None:
        """End whoever's `wait`."""
        self._arrived.set()

    def forget(self, user_id: int) -> None:
        """Drop what is kept from a person, before anything is pulled again."""
        self._tell(partial(self.receiver.forget, user_id))

    def health(self) -> LinkHealth:
        """The state of the connection."""
        connection = self._connection
        people, totals = self._receiver_stats()
        return LinkHealth(
            connected=connection.is_connected(),
            encrypted=connection.can_encrypt,
            privacy_code=self.voice_privacy_code if connection.can_encrypt else None,
            latency_ms=measured_ms(self.latency),
            fault=self._watchdog.fault,
            fault_counts=Counter(self._watchdog.counts),
            people=people,
            totals=totals,
        )

    # -- receiving -------------------------------------------------------------------------------

    def _on_datagram(self, data: bytes) -> None:
        """Called on the reader's thread."""
        if data:
            with self._lock:
                self._take_told()
                self.receiver.receive(data, self._now())
                if not self._arrived.is_set():
                    self._arrived.set()

    async def _on_gateway_message(self, _ws: DiscordVoiceWebSocket, msg: dict[str, Any]) -> None:
        """Called after discord.py has handled the message itself."""
        self._tell(partial(self._take_message, msg.get("op", -1), msg.get("d")))

    def _tell(self, change: Callable[[], None]) -> None:
        """Change the receiver: at once, or whoever takes the lock next does it."""
        self._told.append(change)
        if self._lock.acquire(blocking=False):
            try:
                self._take_told()
            finally:
                self._lock.release()
        else:
            self._arrived.set()

    def _take_told(self) -> None:
        while self._told:
            self._told.popleft()()

    def _take_message(self, op: Any, data: Any) -> None:
        try:
            self._tell_receiver(int(op), data)
        except (KeyError, TypeError, ValueError, AttributeError):
            log.warning("opcode %s from the voice gateway has an unknown form", op)

    def _receiver_stats(self) -> tuple[Mapping[int, ReceptionStats], Totals]:
        """How well people are received; half a second old if the threads are busy."""
        if self._lock.acquire(timeout=_PATIENCE_S):
            try:
                self._stats = self.receiver.health, self.receiver.totals
            finally:
                self._lock.release()
        people, totals = self._stats
        return people, replace(totals, last_datagram_s=self.receiver.last_datagram_s)

    def _tell_receiver(self, op: int, data: Any) -> None:
        receiver, gateway = self.receiver, DiscordVoiceWebSocket
        if op == gateway.READY:
            receiver.server_ready()
        elif op == gateway.SESSION_DESCRIPTION:
            receiver.set_transport_key(data["mode"], bytes(data["secret_key"]))
        elif op == gateway.SPEAKING:
            receiver.map_ssrc(int(data["user_id"]), int(data["ssrc"]))
            self._note_announcement(int(data["user_id"]), int(data.get("speaking", 1)))
        elif op == gateway.CLIENT_CONNECT:
            if data.get("audio_ssrc"):
                receiver.map_ssrc(int(data["user_id"]), int(data["audio_ssrc"]))
            if data.get("video_ssrc"):
                receiver.ignore_ssrc(int(data["video_ssrc"]))
        elif op == gateway.CLIENT_DISCONNECT:
            receiver.user_left(int(data["user_id"]))
        connection = self._connection
        receiver.set_dave_session(
            connection.dave_session, protocol_version=connection.dave_protocol_version
        )

    def _note_announcement(self, user_id: int, flags: int) -> None:
        if flags and self._may_hear(user_id):
            self._announced_s = self._now()

    # -- sending (the playback thread's `PacketSink`) ----------------------------------------------

    @property
    def can_speak(self) -> bool:
        """Whether packets sent now are encrypted as the call is, and can be understood.

        Workaround: discord.py would send speech in the clear until the group has keys.
        """
        connection = self._connection
        if not connection.is_connected():
            return False
        return connection.dave_protocol_version == 0 or connection.can_encrypt

    def send(self, opus: bytes) -> bool:
        """Send 20 ms."""
        connection, sender = self._connection, self.sender
        try:
            sender.set_transport_key(connection.mode, bytes(connection.secret_key))
            sender.set_dave_session(
                connection.dave_session, protocol_version=connection.dave_protocol_version
            )
            connection.send_packet(sender.pack(opus, ssrc=connection.ssrc))
        except (OSError, ValueError) as e:
            log.debug("20 ms were not sent: %s", e)
            return False
        return True

    def skip(self, frames: int = 1) -> None:
        """Let so many times 20 ms pass without a packet."""
        self.sender.skip(frames)

    def announce(self, *, speaking: bool) -> None:
        """Send opcode 5."""
        state = SpeakingState.voice if speaking else SpeakingState.none
        asyncio.run_coroutine_threadsafe(self._announce(state), self.loop)

    async def _announce(self, state: SpeakingState) -> None:
        with contextlib.suppress(ConnectionError, discord.DiscordException):
            await self.ws.speak(state)

    # -- recovering ------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while not self._is_over:
            # All connections at the same moments: two hundred of them wake the loop twice a second.
            await asyncio.sleep(CHECK_EVERY_S - self.loop.time() % CHECK_EVERY_S)
            fault, action = self._watchdog.check(self._link_stats())
            if fault is not None:
                log.warning("voice connection: %s", fault)
                self._on_fault(fault)
            if action is not None:
                await self._recover(action)

    async def _recover(self, action: RecoveryAction) -> None:
        try:
            if action is RecoveryAction.REKEY:
                await self._connection.rekey()
            else:
                await self._connection.rejoin()
        except (OSError, TimeoutError, discord.DiscordException, RuntimeError) as e:
            log.warning("the voice connection has not recovered yet: %s", e)

    def _link_stats(self) -> LinkStats:
        connection = self._connection
        people, totals = self._receiver_stats()
        return LinkStats(
            now_s=self._now(),
            connected=connection.is_connected(),
            polling=connection.is_polling,
            reading=connection.is_reading,
            announced_s=self._announced_s,
            datagram_s=totals.last_datagram_s,
            transport_errors=totals.transport_errors_in_a_row,
            people=people,
        )
