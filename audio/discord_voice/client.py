"""A bot's place in a voice channel: discord.py's voice client, made to hear and to stay.

    link = await channel.connect(cls=DiscordVoiceClient.factory(may_hear=…, on_fault=…),
    self_deaf=False)

With `connection`, the only part of this package that touches discord.py (2.7). It feeds the pure
`Receiver`, plays the pure `PlayoutQueue`, and does what the pure `Watchdog` advises.
"""

import asyncio
import contextlib
import logging
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import discord
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from discord.enums import SpeakingState
from discord.gateway import DiscordVoiceWebSocket

from audio.constants import FRAME_SAMPLES
from audio.discord_voice.connection import VoiceConnection
from audio.discord_voice.playback_thread import PlaybackThread
from audio.discord_voice.receiver import Receiver
from audio.discord_voice.stats import ReceptionStats, Totals
from audio.discord_voice.watchdog import (
    LOOK_EVERY_S,
    FaultKind,
    LinkStats,
    RecoveryAction,
    Watchdog,
)
from audio.playout_queue import PlayoutQueue
from audio.speech_events import SpeechFrame

log = logging.getLogger(__name__)

Now = Callable[[], float]
Factory = Callable[[discord.Client, discord.abc.Connectable], "DiscordVoiceClient"]

_MAX_UINT16: Final = 0xFFFF
_MAX_UINT32: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """How a line stands.

    Attributes:
        connected: Whether it is.
        encrypted: Whether what is said is encrypted end to end.
        privacy_code: What members of the call can compare; None without end-to-end encryption.
        latency_ms: To the voice gateway and back; None: not measured yet.
        fault: The current fault.
        fault_counts: How often each fault occurred.
        people: How each person is heard.
        totals: What cannot be told of one person.
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
    """A line into a voice channel.

    Attributes:
        receiver: Where what is heard comes out; only through `pull` while connected.
        playout: What is played.
    """

    _connection: VoiceConnection

    supported_modes = (  # type: ignore[assignment]  # discord.py knows no AES
        "aead_aes256_gcm_rtpsize",
        "aead_xchacha20_poly1305_rtpsize",
    )

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
        self._may_hear = may_hear
        self._on_fault = on_fault
        self._now = now
        self._lock = threading.Lock()
        self._watchdog = Watchdog()
        self._watchdog_task: asyncio.Task[None] | None = None
        self._spoke_s: float | None = None
        self._is_over = False
        self._player = None
        self._guild_id, _ = channel._get_voice_client_key()  # noqa: SLF001
        super().__init__(client, channel)
        self._loudspeaker = PlaybackThread(self.playout, self, now)

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
            may_hear: Whether a user has agreed to be heard; asked for every packet.
            on_fault: Is told what is wrong with the line, and when it is well again. On the loop.
            now: The monotonic clock, in seconds.
        """
        return lambda client, channel: cls(
            client, channel, may_hear=may_hear, on_fault=on_fault, now=now
        )

    def create_connection_state(self) -> VoiceConnection:
        """How discord.py is told to use our connection."""
        return VoiceConnection(self, hook=self._heard_of)

    async def connect(
        self,
        *,
        reconnect: bool,
        timeout: float,  # noqa: ASYNC109  (discord.py's signature)
        self_deaf: bool = False,
        self_mute: bool = False,
    ) -> None:
        """Join; called by discord.py.

        Work around: when that fails or is cancelled, discord.py leaves its reader's thread behind,
        and the bot in the channel.
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
        self._connection.add_socket_listener(self._received)
        self._loudspeaker.start()
        self._watchdog_task = self.loop.create_task(self._watch(), name="voice watchdog")

    @property
    def is_replaced(self) -> bool:
        """Whether another line is the bot's in this server by now."""
        return self._registered not in (None, self)

    @property
    def _registered(self) -> discord.VoiceProtocol | None:
        return self._state._get_voice_client(self._guild_id)  # noqa: SLF001

    def cleanup(self) -> None:
        """The line is over; called by discord.py, perhaps more than once.

        Work around: discord.py drops whichever line is the server's, the next one's, too; that
        one would then wait in vain to be told where to connect to.
        """
        if self._is_over:
            return
        self._is_over = True
        self._loudspeaker.stop()
        self._connection.end()
        if self._watchdog_task is not None:
            self._watchdog_task.cancel()
        if self._registered is self:
            self._state._remove_voice_client(self._guild_id)  # noqa: SLF001
        self._on_fault(FaultKind.LOST)

    def pull(self, now_s: float) -> list[SpeechFrame]:
        """What was heard since the last call; for the hearing thread."""
        with self._lock:
            return self.receiver.pull(now_s)

    def forget(self, user_id: int) -> None:
        """Drop what is kept of a person's."""
        with self._lock:
            self.receiver.forget(user_id)

    def health(self) -> LinkHealth:
        """How the line stands."""
        connection = self._connection
        latency = self.latency
        with self._lock:
            people, totals = self.receiver.health, self.receiver.totals
        return LinkHealth(
            connected=connection.is_connected(),
            encrypted=connection.can_encrypt,
            privacy_code=self.voice_privacy_code if connection.can_encrypt else None,
            latency_ms=latency * 1000 if 0 <= latency < float("inf") else None,
            fault=self._watchdog.fault,
            fault_counts=Counter(self._watchdog.counts),
            people=people,
            totals=totals,
        )

    # -- hearing ---------------------------------------------------------------------------------

    def _received(self, data: bytes) -> None:
        """A datagram; on the reader's thread."""
        if data:
            with self._lock:
                self.receiver.receive(data, self._now())

    async def _heard_of(self, _ws: DiscordVoiceWebSocket, msg: dict[str, Any]) -> None:
        """A message of the voice gateway; discord.py has read it already."""
        try:
            with self._lock:
                self._take(int(msg["op"]), msg.get("d"))
        except (KeyError, TypeError, ValueError, AttributeError):
            log.warning("opcode %s of the voice gateway has an unknown form", msg.get("op"))

    def _take(self, op: int, data: Any) -> None:
        receiver, gateway = self.receiver, DiscordVoiceWebSocket
        if op == gateway.READY:
            receiver.server_ready()
        elif op == gateway.SESSION_DESCRIPTION:
            receiver.set_transport_key(data["mode"], bytes(data["secret_key"]))
        elif op == gateway.SPEAKING:
            receiver.map_ssrc(int(data["user_id"]), int(data["ssrc"]))
            self._note_speaker(int(data["user_id"]), int(data.get("speaking", 1)))
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

    def _note_speaker(self, user_id: int, flags: int) -> None:
        if flags and self._may_hear(user_id):
            self._spoke_s = self._now()

    # -- speaking (an `Outlet` of the player's) --------------------------------------------------

    @property
    def can_speak(self) -> bool:
        """Whether what is sent now would be encrypted as the call is, and be understood.

        Work around: discord.py would send speech in the clear until the group's keys are there.
        """
        connection = self._connection
        if not connection.is_connected():
            return False
        return connection.dave_protocol_version == 0 or connection.can_encrypt

    def send(self, opus: bytes) -> bool:
        """Send 20 ms."""
        try:
            self._connection.send_packet(self._get_voice_packet(opus))
        except (OSError, ValueError) as e:
            log.debug("20 ms were not sent: %s", e)
            return False
        finally:
            self._advance()
        return True

    def skip(self) -> None:
        """20 ms of nothing: the stream's time goes on, its numbers do not."""
        self.timestamp = (self.timestamp + FRAME_SAMPLES) & _MAX_UINT32

    def announce(self, *, speaking: bool) -> None:
        """Opcode 5."""
        state = SpeakingState.voice if speaking else SpeakingState.none
        asyncio.run_coroutine_threadsafe(self._announce(state), self.loop)

    async def _announce(self, state: SpeakingState) -> None:
        with contextlib.suppress(ConnectionError, discord.DiscordException):
            await self.ws.speak(state)

    def _advance(self) -> None:
        self.sequence = (self.sequence + 1) & _MAX_UINT16
        self.timestamp = (self.timestamp + FRAME_SAMPLES) & _MAX_UINT32

    def _get_voice_packet(self, data: bytes) -> bytes:
        """An RTP packet (RFC 3550), encrypted.

        Raises:
            ValueError: The call is encrypted end to end, and there is no key yet.
        """
        connection = self._connection
        if connection.dave_protocol_version:
            session = connection.dave_session
            if session is None or not session.ready:
                raise ValueError("no key yet")
            data = session.encrypt_opus(data)
        header = struct.pack(">BBHII", 0x80, 0x78, self.sequence, self.timestamp, self.ssrc)
        sealed: bytes = getattr(self, f"_encrypt_{self.mode}")(header, data)
        return sealed

    def _encrypt_aead_aes256_gcm_rtpsize(self, header: bytes, data: bytes) -> bytes:
        """The mode that Discord prefers, and discord.py lacks."""
        nonce = struct.pack(">I", self._incr_nonce)
        self.checked_add("_incr_nonce", 1, _MAX_UINT32)
        sealed = AESGCM(bytes(self.secret_key)).encrypt(nonce + bytes(8), data, header)
        return header + sealed + nonce

    # -- staying ---------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while not self._is_over:
            await asyncio.sleep(LOOK_EVERY_S)
            fault, action = self._watchdog.look(self._vitals())
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
            log.warning("the voice line could not be mended yet: %s", e)

    def _vitals(self) -> LinkStats:
        connection = self._connection
        runner = connection._runner  # noqa: SLF001
        with self._lock:
            people, totals = self.receiver.health, self.receiver.totals
        return LinkStats(
            now_s=self._now(),
            connected=connection.is_connected(),
            polling=runner is not None and not runner.done(),
            reading=connection._socket_reader.is_alive(),  # noqa: SLF001
            spoke_s=self._spoke_s,
            datagram_s=totals.last_datagram_s,
            garbled=totals.transport_errors_in_a_row,
            people=people,
        )
