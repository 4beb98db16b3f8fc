"""Opus packets waiting to be played: filled as they arrive, pulled every 20 ms.

One thread pulls; others add, hold and flush. Every method is short and none waits for the sound.
"""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlayoutProgress:
    """How far playout has come.

    Attributes:
        utterance_id: The utterance played last, or next in the queue; None before the first.
        packets: How many packets of that utterance have been played.
        drained: Whether none of its packets is queued.
        first_s: When its first packet was played, in seconds of the monotonic clock.
    """

    utterance_id: int | None = None
    packets: int = 0
    drained: bool = True
    first_s: float | None = None


@dataclass(frozen=True, slots=True)
class PlayoutPacket:
    """20 ms that were pulled from the queue.

    Attributes:
        utterance_id: Its utterance; None for a cue.
        flush_generation: `PlayoutQueue.flush_generation` when it was pulled. Once the queue's has
            moved on, the packet must not sound.
    """

    opus: bytes
    utterance_id: int | None
    flush_generation: int


class PlayoutQueue:
    """A queue of 20 ms Opus packets, each part of an utterance, with cues in the gaps."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._queue: deque[tuple[int, bytes]] = deque()
        self._cue: deque[bytes] = deque()
        self._is_held = False
        self._flush_generation = 0
        self._utterance_id: int | None = None
        self._packets = 0
        self._first_s: float | None = None

    @property
    def is_held(self) -> bool:
        """Whether nothing may sound now. Takes no lock, so a sound device's callback can ask."""
        return self._is_held

    @property
    def flush_generation(self) -> int:
        """How many times the queue was flushed; packets pulled at an earlier count are stale."""
        return self._flush_generation

    def add(self, utterance_id: int, packets: Iterable[bytes]) -> None:
        """Queue packets. A cue that is playing gives way."""
        with self._lock:
            self._cue.clear()
            self._queue.extend((utterance_id, packet) for packet in packets)
            if self._utterance_id is None and self._queue:
                self._switch_to(self._queue[0][0])
            self._tell_readers()

    def cue(self, packets: Iterable[bytes]) -> None:
        """Play a cue, unless something else is queued or playout is held."""
        with self._lock:
            if not self._queue and not self._is_held:
                self._cue.extend(packets)
                self._tell_readers()

    def read(self, now_s: float) -> bytes | None:
        """The next 20 ms, to be played now; None when there is nothing to play."""
        packet = self.pull(now_s)
        return None if packet is None else packet.opus

    def pull(self, plays_at_s: float) -> PlayoutPacket | None:
        """The next 20 ms, to be played at a later time; None when there is nothing to play."""
        with self._lock:
            packet = self._pull(plays_at_s)
            self._tell_readers()
            return packet

    def _pull(self, plays_at_s: float) -> PlayoutPacket | None:
        if self._is_held or not (self._queue or self._cue):
            return None
        if not self._queue:
            return PlayoutPacket(self._cue.popleft(), None, self._flush_generation)
        utterance_id, packet = self._queue.popleft()
        self._switch_to(utterance_id)
        self._packets += 1
        if self._first_s is None:
            self._first_s = plays_at_s
        return PlayoutPacket(packet, utterance_id, self._flush_generation)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is queued, held or not."""
        with self._lock:
            return not (self._queue or self._cue)

    def wait(self, seconds: float) -> bool:
        """Wait until there is something to pull, or `wake` is called; False on timeout."""
        return self._filled.wait(seconds)

    def wake(self) -> None:
        """End whoever's `wait`, though there is nothing to pull."""
        self._filled.set()

    def _tell_readers(self) -> None:
        if not self._is_held and (self._queue or self._cue):
            self._filled.set()
        else:
            self._filled.clear()

    def hold(self) -> None:
        """Pause playout; the queue stays, a cue is dropped."""
        with self._lock:
            self._is_held = True
            self._cue.clear()
            self._tell_readers()

    def release(self) -> None:
        """Resume where `hold` paused."""
        with self._lock:
            self._is_held = False
            self._tell_readers()

    def flush(self) -> None:
        """Drop everything queued, and end a hold."""
        with self._lock:
            self._queue.clear()
            self._cue.clear()
            self._is_held = False
            self._flush_generation += 1
            self._tell_readers()

    def progress(self) -> PlayoutProgress:
        """How far playout has come."""
        with self._lock:
            is_queued = any(queued == self._utterance_id for queued, _ in self._queue)
            return PlayoutProgress(self._utterance_id, self._packets, not is_queued, self._first_s)

    def _switch_to(self, utterance_id: int) -> None:
        if utterance_id != self._utterance_id:
            self._utterance_id, self._packets, self._first_s = utterance_id, 0, None
