"""Packets in order again, with what is missing named: one speaker's jitter buffer.

It delays nothing that comes in order: speech models need no steady pace, and a person waits for the
answer. A packet that comes early waits for the ones missing before it, but no longer than
`patience_s` after its own arrival; then they are given up, and a gap takes their place. What comes
after that is late. Lateness widens the patience, loss narrows it.

    put ─► in order ─────────────────────────────► pull
       └─► waiting ─► the missing came, or gave up ─┘

RFC 3550: sequence numbers count packets, timestamps count samples; both wrap. A Discord client's
numbers go on by one across a silence, in which nothing is sent, while its timestamps leap.
"""

from collections import deque
from enum import Enum, auto
from typing import Final, NamedTuple, TypeAlias

from audio.constants import (
    FRAME_SAMPLES,
    MAX_PACKET_SAMPLES,
    OPUS_RATE_HZ,
    SILENCE_FRAME,
    TRAILING_SILENCE_FRAMES,
)
from audio.speech_events import DtxStarted, LostSpeech

PATIENCE_S: Final = 0.06
MIN_PATIENCE_S: Final = 0.04
MAX_PATIENCE_S: Final = 0.12
_WIDER_S: Final = 0.02
_NARROWER_S: Final = 0.002
SILENT_AFTER_S: Final = 0.06
"""Beyond the patience; together six packets' time. A client that sends nothing for so long is
silent, or cannot be heard, which is the same to whoever waits for the end of a turn."""

MAX_MISSING_PACKETS: Final = 3000
MAX_MISORDERED_PACKETS: Final = 100
"""RFC 3550, appendix A.1: a number further off than these is not of the same sequence."""
MAX_WAITING: Final = 250
MAX_READY_PACKETS: Final = 500
"""Ten seconds. A listener that stops pulling loses the oldest."""

_SEQUENCES: Final = 1 << 16
_LAST_SEQUENCE: Final = _SEQUENCES - 1
_TIMESTAMPS: Final = 1 << 32
_SEEN: Final = (1 << MAX_MISORDERED_PACKETS) - 1


class Packet(NamedTuple):
    """A packet. Its numbers wrap, as in its RTP header, until the buffer hands it on.

    Attributes:
        sequence: Counts packets.
        timestamp: Of its first sample, at 48 kHz; once unwrapped it never goes back.
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
    """What became of a packet that was put in.

    SUSPECT: Its number is not of this sequence. Should the next one follow it, the client has
    started anew, and both count; until then it is held back.
    """

    NEW = auto()
    DUPLICATE = auto()
    LATE = auto()
    SUSPECT = auto()


class JitterBuffer:
    """Puts one speaker's packets in order.

    Args:
        user_id: The speaker.

    Attributes:
        lost: How many packets have been given up in all.
        patience_s: How long a packet waits for those before it, for the time being.
    """

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id
        self.lost = 0
        self.patience_s = PATIENCE_S
        self._ready: deque[Ordered] = deque(maxlen=MAX_READY_PACKETS)
        self._waiting: dict[int, Packet] = {}
        self._blocked_s = 0.0  # since when the first gap is known, while anything waits
        self._next: int | None = None
        self._seen = 0  # bit i: number _next - 1 - i was handed on
        self._owed = 0  # packets missing that no gap has been made for yet
        self._suspect: Packet | None = None
        self._silent = True
        self._hushed_to = -1  # up to this number, what is missing is but the rest of the silence
        self._last_s: float | None = None
        self._raw: int | None = None
        self._place = 0
        self._end = 0
        self._lasts = FRAME_SAMPLES

    def __len__(self) -> int:
        """How many packets are held."""
        return len(self._waiting) + len(self._ready)

    # -- in --------------------------------------------------------------------------------------

    def put(self, sequence: int, timestamp: int, payload: bytes, arrived_s: float) -> Arrival:
        """Take a packet in.

        Args:
            sequence: Of its header, 16 bits.
            timestamp: Of its header, 32 bits.
            payload: What it carries; empty when it was padding alone, which is no sound, but has a
                number; `SILENCE_FRAME` when it closes a stretch of speech.
            arrived_s: When it came; never less than before.
        """
        packet = Packet(sequence, timestamp, payload, arrived_s)
        if self._next is None:
            self._next = sequence
        if sequence == self._next & _LAST_SEQUENCE and not self._waiting:
            self._accept(self._next, packet)  # as nearly all do: the short way, for speed alone
            return Arrival.NEW
        ahead = _signed(sequence - self._next, _SEQUENCES)
        if not -MAX_MISORDERED_PACKETS <= ahead <= MAX_MISSING_PACKETS:
            return self._suspect_restart(packet)
        number = self._next + ahead
        if ahead < 0:
            return self._after_its_time(-ahead)
        if number in self._waiting:
            return Arrival.DUPLICATE
        self._accept(number, packet)
        return Arrival.NEW

    def _accept(self, number: int, packet: Packet) -> None:
        self._suspect = None
        if number == self._next or number <= self._free:
            self._hand_on(number, packet)
            if self._waiting:
                self._run()
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
        """Up to this number nothing is worth waiting for."""
        if self._next is None:
            raise AssertionError("a packet has come")
        return max(self._next, self._hushed_to + 1) if self._silent else self._next

    def _after_its_time(self, behind: int) -> Arrival:
        bit = 1 << (behind - 1)
        if self._seen & bit:
            return Arrival.DUPLICATE
        self._seen |= bit
        self.patience_s = min(MAX_PATIENCE_S, self.patience_s + _WIDER_S)
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
        """The client starts anew, with other numbers: what waits is handed on, gaps and all."""
        while self._waiting:
            self._give_up()
        self._next = self._raw = self._suspect = None
        self._seen = self._owed = 0
        self._hushed_to = -1

    # -- out -------------------------------------------------------------------------------------

    def pull(self, now_s: float) -> list[Ordered]:
        """What is due, in order."""
        while self._waiting and now_s - self._blocked_s >= self.patience_s:
            self._give_up()
        if not self._silent and not self._waiting and self._quiet_for(now_s):
            self._fall_silent(self._end, now_s, 0)
        due = list(self._ready)
        self._ready.clear()
        return due

    def _quiet_for(self, now_s: float) -> bool:
        last_s = now_s if self._last_s is None else self._last_s
        return now_s - last_s >= self.patience_s + SILENT_AFTER_S

    def _give_up(self) -> None:
        """Wait no longer for what is missing before the first of those that wait."""
        number = min(self._waiting)
        self._hand_on(number, self._waiting.pop(number))
        self._run()

    def _run(self) -> None:
        """Hand on what follows without a gap."""
        while self._waiting and (number := min(self._waiting)) <= self._free:
            self._hand_on(number, self._waiting.pop(number))
        if self._waiting:
            self._blocked_s = min(packet.arrived_s for packet in self._waiting.values())

    def _hand_on(self, number: int, packet: Packet) -> None:
        missing = number - (self._next or 0)
        self._owed += self._missed(number, missing)
        self._next = number + 1
        self._seen = (self._seen << missing + 1 | 1) & _SEEN
        _, _, payload, arrived_s, _ = packet
        if not payload:
            return
        place = self._unwrap(packet, following=not missing and not self._owed)
        self._name_gap(place)
        if payload != SILENCE_FRAME:
            self._silent = False
            self._end = place + self._lasts
            self._ready.append(Packet(number, place, payload, arrived_s, self._lasts))
        elif not self._silent:
            self._fall_silent(place, arrived_s, TRAILING_SILENCE_FRAMES - 1)

    def _missed(self, number: int, missing: int) -> int:
        """How many of the missing were sound, as far as can be told."""
        if missing and self._silent:
            missing = min(missing, max(0, number - 1 - self._hushed_to))
        return missing

    def _name_gap(self, place: int) -> None:
        """What is missing lies right after what came before it, or right before what woke us."""
        missed, self._owed = self._owed, 0
        if not missed:
            return
        self.lost += missed
        self.patience_s = max(MIN_PATIENCE_S, self.patience_s - _NARROWER_S)
        samples = min(missed * self._lasts, place - self._end)
        if samples > 0:
            start = place - samples if self._silent else self._end
            self._ready.append(LostSpeech(self._user_id, start, samples, missed))
            self._silent = False

    def _fall_silent(self, place: int, at_s: float, more: int) -> None:
        """Be silent; so many more silence frames are under way, if none of them is lost."""
        self._silent = True
        self._hushed_to = (self._next or 0) - 1 + more
        self._ready.append(DtxStarted(self._user_id, place, at_s))

    # -- timestamps ------------------------------------------------------------------------------

    def _unwrap(self, packet: Packet, *, following: bool) -> int:
        """A packet's place on the one line of time that all of this speaker's lie on."""
        if self._raw is None:
            away_s = packet.arrived_s - (packet.arrived_s if self._last_s is None else self._last_s)
            place = self._end + int(max(0.0, away_s) * OPUS_RATE_HZ)
        else:
            step = _signed(packet.timestamp - self._raw, _TIMESTAMPS)
            place = self._place + step
            if following and not self._silent and 0 < step <= MAX_PACKET_SAMPLES:
                self._lasts = step
        self._raw = packet.timestamp
        self._place = max(place, self._end)
        return self._place


def _signed(difference: int, modulus: int) -> int:
    """The shortest way between two numbers that wrap."""
    half = modulus >> 1
    return (difference + half) % modulus - half
