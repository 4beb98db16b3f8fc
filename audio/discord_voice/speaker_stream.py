"""One person's stream, from RTP payloads to speech frames in order: jitter buffer, then DAVE.

Packets are decrypted in order. One that no key fits may be ahead of the group's next epoch: it and
those after it wait up to `HOLD_S` for the commit, unless a later packet can be decrypted, which
proves that this one never will be.
"""

from collections import deque
from itertools import islice
from typing import Final

from audio.discord_voice.dave import Dave, DecryptFailure
from audio.discord_voice.rtp import Rtp
from audio.discord_voice.stats import ReceptionStats
from audio.jitter_buffer import Arrival, JitterBuffer, Ordered, Packet
from audio.silence_frames import SILENCE_FRAME
from audio.speech_events import DtxStarted, LostSpeech, SpeechFrame, SpeechPacket

HOLD_S: Final = 1.0
MAX_HELD_PACKETS: Final = 250
_MAX_EARLY: Final = 16


class SpeakerStream:
    """Receives one person.

    Attributes:
        ssrc: Their current stream.
    """

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.ssrc: int | None = None
        self._jitter = JitterBuffer(user_id)
        self._queue: deque[Ordered] = deque()
        # Payload to Opus of packets decrypted out of order: davey decrypts each only once.
        self._early: dict[bytes, bytes] = {}
        self._stuck: Packet | None = None
        self._leaving = False
        self._silent = True
        self._end = 0
        self._received = self._silence = self._padding = self._late = self._duplicate = 0
        self._undecryptable = self._concealed = self._undecryptable_in_a_row = 0

    # -- in --------------------------------------------------------------------------------------

    def put(self, rtp: Rtp, payload: bytes, arrived_s: float) -> None:
        """Add a packet, decrypted for transport only."""
        if rtp.ssrc != self.ssrc:
            self._jitter.restart()
            self.ssrc = rtp.ssrc
        arrival = self._jitter.put(rtp.sequence, rtp.timestamp, payload, arrived_s)
        if arrival is Arrival.NEW:
            self._received += 1
            if payload == SILENCE_FRAME:
                self._silence += 1
            elif not payload:
                self._padding += 1
        elif arrival is Arrival.LATE:
            self._late += 1
        elif arrival is Arrival.DUPLICATE:
            self._duplicate += 1

    def remember(self, payload: bytes, opus: bytes) -> None:
        """Keep the result of a payload that was decrypted out of order."""
        if len(self._early) >= _MAX_EARLY:
            self._early.clear()
        self._early[payload] = opus

    def leave(self) -> None:
        """The person has left: the next pull hands on what remains."""
        self._leaving = True
        self._jitter.restart()

    # -- out -------------------------------------------------------------------------------------

    def pull(self, now_s: float, dave: Dave, frames: list[SpeechFrame]) -> Packet | None:
        """Append the frames that are due to `frames`.

        Returns:
            A packet that has just got stuck because no key fits: it may be somebody else's. None
            if there is none, or it was returned before.
        """
        self._queue.extend(self._jitter.pull(now_s))
        while self._queue:
            head = self._queue[0]
            if isinstance(head, Packet):
                opus = self._decrypt(head, dave)
                if isinstance(opus, DecryptFailure) and self._can_wait(head, opus, now_s, dave):
                    return self._first_time_stuck(head)
                frames.append(self._to_frame(head, opus))
            else:
                frames.append(head)
            self._note(frames[-1])
            self._queue.popleft()
        self._stuck = None
        if self._leaving and not self._silent:
            self._silent = True
            frames.append(DtxStarted(self.user_id, self._end, now_s))
        return None

    @property
    def is_at_rest(self) -> bool:
        """Whether `pull` has nothing to do until another packet arrives."""
        return self._silent and not (self._queue or self._jitter or self._leaving)

    @property
    def is_gone(self) -> bool:
        """Whether the person has left and everything was handed on."""
        return self._leaving and not self._queue

    def release_ssrc(self) -> list[Packet]:
        """Return the waiting packets: they are from somebody else, who now owns the SSRC."""
        self._jitter.restart()
        waiting = [*self._queue, *self._jitter.pull(0.0)]
        self._queue.clear()
        self._early.clear()
        self._stuck = None
        self._undecryptable_in_a_row = 0
        self.ssrc = None
        return [item for item in waiting if isinstance(item, Packet)]

    def _decrypt(self, packet: Packet, dave: Dave) -> bytes | DecryptFailure:
        if self._early and (opus := self._early.pop(packet.payload, None)) is not None:
            return opus
        return dave.open(self.user_id, packet.payload)

    def _can_wait(self, head: Packet, why: DecryptFailure, now_s: float, dave: Dave) -> bool:
        """Whether the group's next epoch may still bring the key."""
        is_full = len(self._queue) > MAX_HELD_PACKETS
        if why is not DecryptFailure.TOO_EARLY or self._leaving or is_full:
            return False
        return now_s - head.arrived_s < HOLD_S and not self._is_a_later_one_decryptable(dave)

    def _is_a_later_one_decryptable(self, dave: Dave) -> bool:
        """Whether any packet after the head can be decrypted.

        In order: davey refuses every packet before the first that it decrypts with a key.
        """
        for item in islice(self._queue, 1, None):
            if not isinstance(item, Packet):
                continue
            if item.payload in self._early:
                return True
            opus = dave.open(self.user_id, item.payload)
            if not isinstance(opus, DecryptFailure):
                self.remember(item.payload, opus)
                return True
        return False

    def _first_time_stuck(self, head: Packet) -> Packet | None:
        if self._stuck is head:
            return None
        self._stuck = head
        return head

    def _to_frame(self, packet: Packet, opus: bytes | DecryptFailure) -> SpeechFrame:
        self._end = packet.timestamp + packet.lasts
        if isinstance(opus, DecryptFailure):
            self._undecryptable += 1
            self._undecryptable_in_a_row += 1
            return LostSpeech(self.user_id, packet.timestamp, packet.lasts)
        self._undecryptable_in_a_row = 0
        return SpeechPacket(self.user_id, packet.timestamp, opus, packet.arrived_s)

    def _note(self, frame: SpeechFrame) -> None:
        self._silent = isinstance(frame, DtxStarted)
        if isinstance(frame, LostSpeech):
            self._concealed += frame.packets
            self._end = frame.timestamp + frame.samples

    # -- figures ---------------------------------------------------------------------------------

    @property
    def held(self) -> int:
        """How many packets and gaps are held back."""
        return len(self._jitter) + len(self._queue)

    @property
    def health(self) -> ReceptionStats:
        """How well the person is received."""
        stuck = len(self._queue) if self._stuck is not None else 0
        return ReceptionStats(
            received=self._received,
            silent=self._silence,
            padding=self._padding,
            lost=self._jitter.lost,
            late=self._late,
            duplicate=self._duplicate,
            undecryptable=self._undecryptable,
            concealed=self._concealed,
            waiting=self.held,
            undecryptable_in_a_row=self._undecryptable_in_a_row + stuck,
        )
