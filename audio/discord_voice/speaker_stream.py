"""One person's stream, from RTP payloads to frames of speech in order: jitter buffer, then DAVE.

Frames are decrypted in their turn. One that has no key yet may run ahead of the group's next epoch:
it and what follows wait for the commit, up to `HOLD_S`, unless a later frame can be opened, which
shows that this one never will.
"""

from collections import deque
from itertools import islice
from typing import Final

from audio.constants import SILENCE_FRAME
from audio.discord_voice.dave import Dave, DecryptFailure
from audio.discord_voice.rtp import Rtp
from audio.discord_voice.stats import ReceptionStats
from audio.jitter_buffer import Arrival, JitterBuffer, Ordered, Packet
from audio.speech_events import DtxStarted, LostSpeech, SpeechFrame, SpeechPacket

HOLD_S: Final = 1.0
MAX_HELD_PACKETS: Final = 250
_MAX_OPENED: Final = 16


class SpeakerStream:
    """A person who is heard.

    Args:
        user_id: Who.

    Attributes:
        user_id: Who.
        ssrc: Of their present stream.
    """

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.ssrc: int | None = None
        self._jitter = JitterBuffer(user_id)
        self._queue: deque[Ordered] = deque()
        self._opened: dict[bytes, bytes] = {}  # davey opens a frame once: sealed to open
        self._stuck: Packet | None = None
        self._leaving = False
        self._silent = True
        self._end = 0
        self._received = self._silence = self._padding = self._late = self._duplicate = 0
        self._undecryptable = self._concealed = self._sealed_in_a_row = 0
        self._last_packet_s: float | None = None

    # -- in --------------------------------------------------------------------------------------

    def put(self, rtp: Rtp, payload: bytes, arrived_s: float) -> None:
        """Take a packet in, decrypted for transport only."""
        if rtp.ssrc != self.ssrc:
            self._jitter.restart()
            self.ssrc = rtp.ssrc
        self._last_packet_s = arrived_s
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

    def remember(self, frame: bytes, opus: bytes) -> None:
        """Note what a frame says that had to be opened before its turn."""
        if len(self._opened) >= _MAX_OPENED:
            self._opened.clear()
        self._opened[frame] = opus

    def leave(self) -> None:
        """They are gone: what is left is handed on with the next pull."""
        self._leaving = True
        self._jitter.restart()

    # -- out -------------------------------------------------------------------------------------

    def pull(self, now_s: float, dave: Dave, frames: list[SpeechFrame]) -> Packet | None:
        """Add what is due to `frames`.

        Returns:
            The packet that has just begun to hold everything up, for want of a key: perhaps it is
            somebody else's. None when there is no such packet, or it has been told before.
        """
        self._queue.extend(self._jitter.pull(now_s))
        while self._queue:
            head = self._queue[0]
            if isinstance(head, Packet):
                opened = self._open(head, dave)
                if isinstance(opened, DecryptFailure) and self._can_wait(head, opened, now_s, dave):
                    return self._newly_stuck(head)
                frames.append(self._decrypted(head, opened))
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
    def gone(self) -> bool:
        """Whether they have left, and everything of theirs has been handed on."""
        return self._leaving and not self._queue

    def release_ssrc(self) -> list[Packet]:
        """Give up the packets that wait: they are somebody else's, who had this stream's number."""
        self._jitter.restart()
        waiting = [*self._queue, *self._jitter.pull(0.0)]
        self._queue.clear()
        self._opened.clear()
        self._stuck = None
        self._sealed_in_a_row = 0
        self.ssrc = None
        return [item for item in waiting if isinstance(item, Packet)]

    def _open(self, packet: Packet, dave: Dave) -> bytes | DecryptFailure:
        if self._opened and (opus := self._opened.pop(packet.payload, None)) is not None:
            return opus
        return dave.open(self.user_id, packet.payload)

    def _can_wait(self, head: Packet, why: DecryptFailure, now_s: float, dave: Dave) -> bool:
        """Whether a frame may be opened yet, once the group's next epoch has begun."""
        if (
            why is not DecryptFailure.TOO_EARLY
            or self._leaving
            or len(self._queue) > MAX_HELD_PACKETS
        ):
            return False
        return now_s - head.arrived_s < HOLD_S and not self._a_later_one_opens(dave)

    def _a_later_one_opens(self, dave: Dave) -> bool:
        """Whether any after the head can be opened.

        Tried in order: davey refuses every frame before the first that it opens with a key.
        """
        for item in islice(self._queue, 1, None):
            if not isinstance(item, Packet):
                continue
            if item.payload in self._opened:
                return True
            opus = dave.open(self.user_id, item.payload)
            if not isinstance(opus, DecryptFailure):
                self.remember(item.payload, opus)
                return True
        return False

    def _newly_stuck(self, head: Packet) -> Packet | None:
        if self._stuck is head:
            return None
        self._stuck = head
        return head

    def _decrypted(self, packet: Packet, opened: bytes | DecryptFailure) -> SpeechFrame:
        self._end = packet.timestamp + packet.lasts
        if isinstance(opened, DecryptFailure):
            self._undecryptable += 1
            self._sealed_in_a_row += 1
            return LostSpeech(self.user_id, packet.timestamp, packet.lasts)
        self._sealed_in_a_row = 0
        return SpeechPacket(self.user_id, packet.timestamp, opened, packet.arrived_s)

    def _note(self, frame: SpeechFrame) -> None:
        self._silent = isinstance(frame, DtxStarted)
        if isinstance(frame, LostSpeech):
            self._concealed += frame.packets
            self._end = frame.timestamp + frame.samples

    # -- figures ---------------------------------------------------------------------------------

    @property
    def held(self) -> int:
        """How many packets and gaps are kept."""
        return len(self._jitter) + len(self._queue)

    @property
    def health(self) -> ReceptionStats:
        """How well they are heard."""
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
            sealed_in_a_row=self._sealed_in_a_row + stuck,
            last_packet_s=self._last_packet_s,
        )
