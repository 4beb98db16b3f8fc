"""One speaker's jitter buffer: packets in order, gaps and DTX made explicit.

It delays nothing that arrives in order: speech models need no steady pace, and a person is waiting
for the answer. A packet that arrives early waits for the ones missing before it, but at most
`depth_s`; then the missing ones are given up and become a `LostSpeech`. If they arrive after that,
they are late. Late packets make the buffer deeper, lost ones shallower.

    put ─► in order ──────────────────────────────────────► pull
       └─► waiting ─► the missing arrived, or are given up ─┘

RFC 3550: sequence numbers count packets, timestamps count samples; both wrap. During DTX a Discord
client sends nothing: its sequence numbers continue without a gap, its timestamps leap.
"""

from collections import deque
from enum import Enum, auto
from typing import Final, NamedTuple, TypeAlias

from audio.constants import FRAME_SAMPLES, MAX_PACKET_SAMPLES, OPUS_RATE_HZ
from audio.silence_frames import SILENCE_FRAME, TRAILING_SILENCE_FRAMES
from audio.speech_events import DtxStarted, LostSpeech

DEFAULT_DEPTH_S: Final = 0.06
MIN_DEPTH_S: Final = 0.04
MAX_DEPTH_S: Final = 0.12
_DEEPER_S: Final = 0.02
_SHALLOWER_S: Final = 0.002
DTX_AFTER_S: Final = 0.06
"""Added to the depth, this makes six packets' time. A client that sends nothing for that long is
silent, or cannot be heard, which makes no difference to the end of a turn."""

MAX_MISSING_PACKETS: Final = 3000
MAX_MISORDERED_PACKETS: Final = 100
"""RFC 3550, appendix A.1: a number further off than these belongs to another sequence."""
MAX_WAITING: Final = 250
MAX_READY_PACKETS: Final = 500
"""Ten seconds. A caller that stops pulling loses the oldest packets."""

_SEQUENCES: Final = 1 << 16
_LAST_SEQUENCE: Final = _SEQUENCES - 1
_TIMESTAMPS: Final = 1 << 32
_SEEN: Final = (1 << MAX_MISORDERED_PACKETS) - 1


class Packet(NamedTuple):
    """A packet. Its numbers wrap, as in its RTP header, until the buffer hands it on.

    Attributes:
        timestamp: Its first sample's, at 48 kHz; once unwrapped, it never decreases.
        payload: The RTP payload, untouched.
        arrived_s: When it arrived.
        lasts: Its assumed length in samples at 48 kHz, taken from the packets before it.
    """

    sequence: int
    timestamp: int
    payload: bytes
    arrived_s: float
    lasts: int = FRAME_SAMPLES


Ordered: TypeAlias = Packet | LostSpeech | DtxStarted


class Arrival(Enum):
    """What became of a packet.

    SUSPECT: Its number belongs to another sequence. If the next packet follows it, the client has
    restarted, and both count; until then it is held back.
    """

    NEW = auto()
    DUPLICATE = auto()
    LATE = auto()
    SUSPECT = auto()


class JitterBuffer:
    """Puts one speaker's packets in order.

    Attributes:
        lost: How many packets have been given up.
        depth_s: How long a packet currently waits for those before it.
    """

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id
        self.lost = 0
        self.depth_s = DEFAULT_DEPTH_S
        self._ready: deque[Ordered] = deque(maxlen=MAX_READY_PACKETS)
        self._waiting: dict[int, Packet] = {}
        self._blocked_s = 0.0  # when the oldest waiting packet arrived
        self._next: int | None = None
        self._seen = 0  # bit i: packet _next - 1 - i was handed on
        self._missing = 0  # packets given up that no LostSpeech covers yet
        self._suspect: Packet | None = None
        self._in_dtx = True
        self._dtx_to = -1  # missing packets up to this number are silence frames
        self._last_s: float | None = None
        self._last_timestamp: int | None = None
        self._last_position = 0
        self._end = 0
        self._lasts = FRAME_SAMPLES

    def __len__(self) -> int:
        """How many packets and events are held."""
        return len(self._waiting) + len(self._ready)

    # -- in --------------------------------------------------------------------------------------

    def put(self, sequence: int, timestamp: int, payload: bytes, arrived_s: float) -> Arrival:
        """Add a packet.

        Args:
            sequence: From its header, 16 bits.
            timestamp: From its header, 32 bits.
            payload: Empty for padding, which is no audio but has a number; `SILENCE_FRAME` at the
                end of a stretch of speech.
            arrived_s: When it arrived; never earlier than the packet before.
        """
        packet = Packet(sequence, timestamp, payload, arrived_s)
        if self._next is None:
            self._next = sequence
        if sequence == self._next & _LAST_SEQUENCE and not self._waiting:
            self._accept(self._next, packet)  # the common case, kept short for speed
            return Arrival.NEW
        ahead = _signed(sequence - self._next, _SEQUENCES)
        if not -MAX_MISORDERED_PACKETS <= ahead <= MAX_MISSING_PACKETS:
            return self._suspect_restart(packet)
        number = self._next + ahead
        if ahead < 0:
            return self._late_or_duplicate(-ahead)
        if number in self._waiting:
            return Arrival.DUPLICATE
        self._accept(number, packet)
        return Arrival.NEW

    def _accept(self, number: int, packet: Packet) -> None:
        self._suspect = None
        if number == self._next or number <= self._free:
            self._hand_on(number, packet)
            if self._waiting:
                self._hand_on_ready()
        else:
            if not self._waiting:
                self._blocked_s = packet.arrived_s
            self._waiting[number] = packet
            if len(self._waiting) > MAX_WAITING:
                self._give_up()
        if packet.payload:
            self._last_s = packet.arrived_s

    @property
    def _free(self) -> int:
        """Up to this number there is nothing to wait for."""
        if self._next is None:
            raise AssertionError("a packet has arrived")
        return max(self._next, self._dtx_to + 1) if self._in_dtx else self._next

    def _late_or_duplicate(self, behind: int) -> Arrival:
        bit = 1 << (behind - 1)
        if self._seen & bit:
            return Arrival.DUPLICATE
        self._seen |= bit
        self.depth_s = min(MAX_DEPTH_S, self.depth_s + _DEEPER_S)
        return Arrival.LATE

    def _suspect_restart(self, packet: Packet) -> Arrival:
        before, self._suspect = self._suspect, packet
        if before is None or _signed(packet.sequence - before.sequence, _SEQUENCES) != 1:
            return Arrival.SUSPECT
        self.restart()
        for one in (before, packet):
            self.put(one.sequence, one.timestamp, one.payload, one.arrived_s)
        return Arrival.NEW

    def restart(self) -> None:
        """The client restarts with other numbers: hand on what waits, gaps included."""
        while self._waiting:
            self._give_up()
        self._next = self._last_timestamp = self._suspect = None
        self._seen = self._missing = 0
        self._dtx_to = -1

    # -- out -------------------------------------------------------------------------------------

    def pull(self, now_s: float) -> list[Ordered]:
        """The packets and events that are due, in order."""
        while self._waiting and now_s - self._blocked_s >= self.depth_s:
            self._give_up()
        if not self._in_dtx and not self._waiting and self._is_dtx_due(now_s):
            self._start_dtx(self._end, now_s, 0)
        due = list(self._ready)
        self._ready.clear()
        return due

    def _is_dtx_due(self, now_s: float) -> bool:
        last_s = now_s if self._last_s is None else self._last_s
        return now_s - last_s >= self.depth_s + DTX_AFTER_S

    def _give_up(self) -> None:
        """Stop waiting for the packets missing before the first waiting one."""
        number = min(self._waiting)
        self._hand_on(number, self._waiting.pop(number))
        self._hand_on_ready()

    def _hand_on_ready(self) -> None:
        """Hand on waiting packets up to the next gap."""
        while self._waiting and (number := min(self._waiting)) <= self._free:
            self._hand_on(number, self._waiting.pop(number))
        if self._waiting:
            self._blocked_s = min(packet.arrived_s for packet in self._waiting.values())

    def _hand_on(self, number: int, packet: Packet) -> None:
        missing = number - (self._next or 0)
        self._missing += self._count_lost(number, missing)
        self._next = number + 1
        self._seen = (self._seen << missing + 1 | 1) & _SEEN
        _, _, payload, arrived_s, _ = packet
        if not payload:
            return
        position = self._unwrap(packet, following=not missing and not self._missing)
        self._emit_gap(position)
        if payload != SILENCE_FRAME:
            self._in_dtx = False
            self._end = position + self._lasts
            self._ready.append(Packet(number, position, payload, arrived_s, self._lasts))
        elif not self._in_dtx:
            self._start_dtx(position, arrived_s, TRAILING_SILENCE_FRAMES - 1)

    def _count_lost(self, number: int, missing: int) -> int:
        """How many of the missing packets were audio, as far as can be known."""
        if missing and self._in_dtx:
            missing = min(missing, max(0, number - 1 - self._dtx_to))
        return missing

    def _emit_gap(self, position: int) -> None:
        """Emit a gap after the audio before it, or before the packet that ended DTX."""
        missed, self._missing = self._missing, 0
        if not missed:
            return
        self.lost += missed
        self.depth_s = max(MIN_DEPTH_S, self.depth_s - _SHALLOWER_S)
        samples = min(missed * self._lasts, position - self._end)
        if samples > 0:
            start = position - samples if self._in_dtx else self._end
            self._ready.append(LostSpeech(self._user_id, start, samples, missed))
            self._in_dtx = False

    def _start_dtx(self, position: int, at_s: float, more: int) -> None:
        """Start DTX. `more` further silence frames are in flight, unless they are lost."""
        self._in_dtx = True
        self._dtx_to = (self._next or 0) - 1 + more
        self._ready.append(DtxStarted(self._user_id, position, at_s))

    # -- timestamps ------------------------------------------------------------------------------

    def _unwrap(self, packet: Packet, *, following: bool) -> int:
        """A packet's position on the timeline of all of this speaker's packets."""
        if self._last_timestamp is None:
            away_s = packet.arrived_s - (packet.arrived_s if self._last_s is None else self._last_s)
            position = self._end + int(max(0.0, away_s) * OPUS_RATE_HZ)
        else:
            step = _signed(packet.timestamp - self._last_timestamp, _TIMESTAMPS)
            position = self._last_position + step
            if following and not self._in_dtx and 0 < step <= MAX_PACKET_SAMPLES:
                self._lasts = step
        self._last_timestamp = packet.timestamp
        self._last_position = max(position, self._end)
        return self._last_position


def _signed(difference: int, modulus: int) -> int:
    """The shortest distance between two numbers that wrap."""
    half = modulus >> 1
    return (difference + half) % modulus - half
