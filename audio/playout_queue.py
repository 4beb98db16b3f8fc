"""What is to be played, packet by packet: filled as it comes, pulled every 20 ms.

One thread reads; others add, hold and clear. Every method is short and never waits for the sound.
"""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the loudspeaker is.

    Attributes:
        ask: Whose packets were played last, or wait; None when there never were any.
        packets: How many of that ask's have been played, in all.
        drained: None of them waits.
        first_s: When the first of them was played, in seconds of the monotonic clock.
    """

    ask: int | None = None
    packets: int = 0
    drained: bool = True
    first_s: float | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """20 ms that were taken to be played.

    Attributes:
        opus: The packet.
        ask: Whose it is; None: a cue's.
        cuts: `PlayoutQueue.cuts` at that moment: once that is another, this is not to sound.
    """

    opus: bytes
    ask: int | None
    cuts: int


class PlayoutQueue:
    """A queue of Opus packets of 20 ms, each belonging to an ask, with cues in the gaps."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._cue: deque[bytes] = deque()
        self._is_held = False
        self._cuts = 0
        self._ask: int | None = None
        self._packets = 0
        self._first_s: float | None = None

    @property
    def is_held(self) -> bool:
        """Whether nothing may sound now. Without the lock, for a sound device's own thread."""
        return self._is_held

    @property
    def cuts(self) -> int:
        """How often what waited was thrown away: what was read before is not to sound any more."""
        return self._cuts

    def add(self, ask: int, packets: Iterable[bytes]) -> None:
        """Play these after what waits. A cue that sounds gives way."""
        with self._lock:
            self._cue.clear()
            self._waiting.extend((ask, packet) for packet in packets)
            if self._ask is None and self._waiting:
                self._turn_to(self._waiting[0][0])
            self._filled.set()

    def cue(self, packets: Iterable[bytes]) -> None:
        """Play these if nothing else is to be played; else not at all."""
        with self._lock:
            if not self._waiting and not self._is_held:
                self._cue.extend(packets)
                self._filled.set()

    def read(self, now_s: float) -> bytes | None:
        """The next 20 ms; None: nothing is to be played now. For the one reading thread."""
        taken = self.take(now_s)
        return None if taken is None else taken.opus

    def take(self, sounds_s: float) -> Taken | None:
        """The same with what one must know to play it later than now.

        Args:
            sounds_s: When it will sound.
        """
        with self._lock:
            if self._is_held or not (self._waiting or self._cue):
                self._filled.clear()
                return None
            if not self._waiting:
                return Taken(self._cue.popleft(), None, self._cuts)
            ask, packet = self._waiting.popleft()
            self._turn_to(ask)
            self._packets += 1
            if self._first_s is None:
                self._first_s = sounds_s
            return Taken(packet, ask, self._cuts)

    def wait(self, seconds: float) -> bool:
        """Until there is something to read, for so long at most; whether there is."""
        return self._filled.wait(seconds)

    def hold(self) -> None:
        """Stop where it is; what waits stays."""
        with self._lock:
            self._is_held = True
            self._cue.clear()

    def release(self) -> None:
        """Go on where it stopped."""
        with self._lock:
            self._is_held = False
            self._filled.set()

    def clear(self) -> None:
        """Throw away what waits, and hold no longer."""
        with self._lock:
            self._waiting.clear()
            self._cue.clear()
            self._is_held = False
            self._cuts += 1

    def played(self) -> Progress:
        """How far it is."""
        with self._lock:
            waits = any(ask == self._ask for ask, _ in self._waiting)
            return Progress(self._ask, self._packets, not waits, self._first_s)

    def _turn_to(self, ask: int) -> None:
        if ask != self._ask:
            self._ask, self._packets, self._first_s = ask, 0, None
