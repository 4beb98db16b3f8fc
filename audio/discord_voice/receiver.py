"""From datagrams to people's speech. Pure: facts and datagrams go in, frames come out.

    receiver = Receiver(may_hear=consent.__contains__)
    receiver.set_transport_key(mode, key)        # from the voice gateway
    receiver.set_dave_session(session, protocol_version=1)
    receiver.map_ssrc(user_id, ssrc)
    receiver.receive(data, now_s)                # from the socket
    frames = receiver.pull(now_s)                # every 10 ms

    datagram ─ RTP header ─ sender? ─ consent? ─ transport ─ jitter buffer ─ DAVE ─ frame
                              └─ unknown: waits, encrypted, for opcode 5 or a trial of keys

The header, which is in the clear, identifies the sender; so packets of people who have not agreed
are dropped before any of them is decrypted. Nothing here raises, whatever arrives, and everything
kept is bounded. Not thread-safe: callers on several threads hold a lock.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from audio.discord_voice.dave import Dave, DaveSession
from audio.discord_voice.rtp import Rtp, parse, payload
from audio.discord_voice.speaker_stream import SpeakerStream
from audio.discord_voice.stats import ReceptionStats, Totals
from audio.discord_voice.transport_crypto import Transport
from audio.discord_voice.unmapped_packets import Datagram, UnmappedPacketBuffer
from audio.errors import AudioError
from audio.jitter_buffer import Packet
from audio.speech_events import SpeechFrame

log = logging.getLogger(__name__)

MAX_STREAMS: Final = 4096
"""How many SSRCs are remembered. A stage has thousands of listeners, but they do not speak."""
_MAX_ID: Final = 1 << 64
_PACKETS_PER_TRIAL: Final = 8
"""More than one, because some may be silence."""


class Receiver:
    """Receives everybody in one voice channel who has agreed to be heard.

    Args:
        may_hear: Whether a user has agreed. Called for every packet; must not raise.
    """

    def __init__(self, *, may_hear: Callable[[int], bool]) -> None:
        self._may_hear = may_hear
        self._transport: Transport | None = None
        self._key: tuple[str, bytes] | None = None
        self._is_server_new = False
        self._dave = Dave()
        self._users: dict[int, int] = {}  # SSRC to user id
        self._ignored: dict[int, None] = {}  # SSRCs of video, and of streams that have ended
        self._speakers: dict[int, SpeakerStream] = {}
        self._unmapped = UnmappedPacketBuffer()
        self._datagrams = self._not_voice = self._without_consent = self._learned = 0
        self._transport_errors = self._transport_errors_in_a_row = 0
        self._last_datagram_s: float | None = None

    # -- from the voice gateway ------------------------------------------------------------------

    def server_ready(self) -> None:
        """Opcode 2: a voice server has accepted the bot, and assigns new SSRCs."""
        self._forget_streams()
        self._is_server_new = True

    def set_transport_key(self, mode: str, secret_key: bytes) -> None:
        """Opcode 4.

        A new key without `server_ready` before it also means another voice server: a stale SSRC
        could pass a person off as another, who has agreed to be heard.

        Args:
            mode: The mode agreed on. With an unknown one nothing can be received; the totals show
                it.
            secret_key: 32 bytes.
        """
        key = mode, secret_key
        if key != self._key and not self._is_server_new:
            self._forget_streams()
        self._is_server_new = False
        try:
            self._transport = Transport(mode, secret_key)
        except AudioError as error:
            self._transport = None
            log.error("voice cannot be received: %s", error)  # noqa: TRY400  (says it all)
        self._key = key
        self._transport_errors_in_a_row = 0

    def set_dave_session(self, session: DaveSession | None, *, protocol_version: int) -> None:
        """The call's end-to-end encryption; version 0: none."""
        self._dave.use(session, protocol_version)

    def map_ssrc(self, user_id: int, ssrc: int) -> None:
        """Opcode 5, or the audio_ssrc of opcode 12: whose stream this is."""
        if not 0 < user_id < _MAX_ID:
            return
        if self._users.get(ssrc) != user_id:
            self._map(user_id, ssrc)
        for datagram in self._unmapped.pop_stream(ssrc):
            self._accept(user_id, *datagram)

    def ignore_ssrc(self, ssrc: int) -> None:
        """The stream is video, or has ended."""
        self._users.pop(ssrc, None)
        self._unmapped.pop_stream(ssrc)
        self._ignored[ssrc] = None
        if len(self._ignored) > MAX_STREAMS:
            del self._ignored[next(iter(self._ignored))]

    def user_left(self, user_id: int) -> None:
        """Opcode 13. What has arrived from them is still handed on."""
        self._unmap(user_id)
        if speaker := self._speakers.get(user_id):
            speaker.leave()

    def forget(self, user_id: int) -> None:
        """Consent is withdrawn: drop everything that is, or could be, theirs."""
        self._speakers.pop(user_id, None)
        self._unmapped.clear()

    # -- from the socket -------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """Process a datagram, whatever it holds.

        Args:
            data: The bytes as they came from the socket.
            now_s: When it arrived, in seconds of a monotonic clock.
        """
        self._datagrams += 1
        self._last_datagram_s = now_s
        rtp = parse(data)
        if rtp is None or rtp.ssrc in self._ignored:
            self._not_voice += 1
            return
        user_id = self._users.get(rtp.ssrc)
        if user_id is not None:
            self._accept(user_id, data, rtp, now_s)
            return
        self._unmapped.add(Datagram(data, rtp, now_s))
        if self._unmapped.is_trial_due(rtp.ssrc, now_s):
            self._identify_stream(rtp.ssrc)

    def _accept(self, user_id: int, data: bytes, rtp: Rtp, arrived_s: float) -> None:
        if not self._may_hear(user_id):
            self._without_consent += 1
            return
        carried = self._open_transport(data, rtp)
        if carried is not None:
            self._speaker(user_id).put(rtp, carried, arrived_s)

    def _open_transport(self, data: bytes, rtp: Rtp) -> bytes | None:
        body = self._transport.open(data, rtp) if self._transport is not None else None
        carried = payload(rtp, body) if body is not None else None
        if carried is None:
            self._transport_errors += 1
            self._transport_errors_in_a_row += 1
            return None
        self._transport_errors_in_a_row = 0
        return carried

    # -- out -------------------------------------------------------------------------------------

    def pull(self, now_s: float) -> list[SpeechFrame]:
        """The frames that are due, in order for each speaker.

        Call this every 10 ms, except while `is_at_rest`.
        """
        if self._unmapped.bytes:
            self._unmapped.expire(now_s)
        frames: list[SpeechFrame] = []
        for speaker in list(self._speakers.values()):
            if not self._may_hear(speaker.user_id):
                self.forget(speaker.user_id)  # even if nobody called it: consent is what counts
                continue
            stuck = speaker.pull(now_s, self._dave, frames)
            if stuck is not None:
                self._suspect_ssrc(speaker, stuck)
            if speaker.is_gone:
                del self._speakers[speaker.user_id]
        return frames

    @property
    def is_at_rest(self) -> bool:
        """Whether `pull` has nothing to do until another datagram arrives."""
        return not self._unmapped.bytes and all(
            speaker.is_at_rest for speaker in self._speakers.values()
        )

    @property
    def health(self) -> Mapping[int, ReceptionStats]:
        """How well each person is received, by user id; only people who have been heard."""
        return {user_id: speaker.health for user_id, speaker in self._speakers.items()}

    @property
    def last_datagram_s(self) -> float | None:
        """When the last datagram arrived; may be read without the lock."""
        return self._last_datagram_s

    @property
    def totals(self) -> Totals:
        """What cannot be attributed to one person."""
        return Totals(
            datagrams=self._datagrams,
            not_voice=self._not_voice,
            transport_errors=self._transport_errors,
            without_consent=self._without_consent,
            unmapped=self._unmapped.dropped,
            learned=self._learned,
            waiting=len(self._unmapped),
            transport_errors_in_a_row=self._transport_errors_in_a_row,
            last_datagram_s=self._last_datagram_s,
        )

    # -- SSRCs -----------------------------------------------------------------------------------

    def _identify_stream(self, ssrc: int) -> None:
        """Opcode 5 is late, or lost: find the sender by the key that decrypts a packet.

        Only keys of people who have agreed are tried, so nobody else's packet is decrypted. The
        oldest packets come first: davey refuses those before the first that it decrypts.
        """
        candidates = self._candidates()
        if not candidates:
            return
        for datagram in self._unmapped.oldest(ssrc, _PACKETS_PER_TRIAL):
            carried = self._open_transport(datagram.data, datagram.rtp)
            if carried and (found := self._dave.identify_sender(carried, candidates)):
                user_id, opus = found
                self._learned += 1
                self._speaker(user_id).remember(carried, opus)
                self.map_ssrc(user_id, ssrc)
                return

    def _suspect_ssrc(self, speaker: SpeakerStream, stuck: Packet) -> None:
        """A packet is not its supposed sender's: perhaps the SSRC has a new owner."""
        candidates = [user_id for user_id in self._candidates() if user_id != speaker.user_id]
        found, ssrc = self._dave.identify_sender(stuck.payload, candidates), speaker.ssrc
        if found is None or ssrc is None:
            return
        user_id, opus = found
        self._learned += 1
        packets = speaker.release_ssrc()
        self._map(user_id, ssrc)
        owner = self._speaker(user_id)
        owner.remember(stuck.payload, opus)
        for packet in packets:
            rtp = Rtp(packet.sequence & 0xFFFF, packet.timestamp & 0xFFFFFFFF, ssrc, 0, 0, False)
            owner.put(rtp, packet.payload, packet.arrived_s)

    def _candidates(self) -> list[int]:
        """Whom a packet may be from: people who agreed, those without a known stream first."""
        known = set(self._users.values())
        members = [user_id for user_id in self._dave.members() if self._may_hear(user_id)]
        return sorted(members, key=known.__contains__)

    def _speaker(self, user_id: int) -> SpeakerStream:
        speaker = self._speakers.get(user_id)
        if speaker is None:
            speaker = self._speakers[user_id] = SpeakerStream(user_id)
        return speaker

    def _map(self, user_id: int, ssrc: int) -> None:
        self._unmap(user_id)
        self._ignored.pop(ssrc, None)
        self._users[ssrc] = user_id
        if len(self._users) > MAX_STREAMS:
            del self._users[next(iter(self._users))]

    def _unmap(self, user_id: int) -> None:
        """End a person's streams. Packets of theirs still in flight must not be heard twice."""
        for ssrc in [ssrc for ssrc, user in self._users.items() if user == user_id]:
            self.ignore_ssrc(ssrc)

    def _forget_streams(self) -> None:
        self._users.clear()
        self._ignored.clear()
        self._unmapped.clear()
