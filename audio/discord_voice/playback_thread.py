"""The loudspeaker's thread: pulls a packet every 20 ms and sends it, as long as there is one."""

import logging
import threading
from collections.abc import Callable
from typing import Final, Protocol

from audio.constants import FRAME_S, SILENCE_FRAME, TRAILING_SILENCE_FRAMES
from audio.playout_queue import PlayoutQueue

log = logging.getLogger(__name__)

_LATE_S: Final = 3 * FRAME_S
"""Later than that and the lost time is let go; sooner, it is made good by sending at once."""


class PacketSink(Protocol):
    """Where packets go."""

    @property
    def can_speak(self) -> bool:
        """Whether what is sent now would be understood, and by nobody else."""
        ...

    def send(self, opus: bytes) -> bool:
        """Send 20 ms; False: it could not be sent."""
        ...

    def skip(self) -> None:
        """20 ms of nothing have gone by."""
        ...

    def announce(self, *, speaking: bool) -> None:
        """Tell that we begin, or are done."""
        ...


class PlaybackThread(threading.Thread):
    """Plays a `PlayoutQueue` into an `PacketSink` until it is stopped.

    While the outlet cannot speak the playout stands still, so nothing is lost.

    Args:
        playout: What to play.
        outlet: Where to.
        now: The monotonic clock, in seconds.
    """

    def __init__(self, playout: PlayoutQueue, outlet: PacketSink, now: Callable[[], float]) -> None:
        super().__init__(daemon=True, name="voice-player")
        self._playout = playout
        self._outlet = outlet
        self._now = now
        self._stopped = threading.Event()
        self._is_speaking = False
        self._silences = 0

    def stop(self) -> None:
        """End after the present 20 ms."""
        self._stopped.set()

    def run(self) -> None:
        """Until stopped."""
        due = self._now()
        while not self._stopped.is_set():
            is_idle = False
            try:
                is_idle = self._step(self._now())
            except Exception:
                log.exception("a packet was not played")
            due += FRAME_S
            late = self._now() - due
            if late > _LATE_S:
                due += late
            elif late < 0 and not is_idle:
                self._stopped.wait(-late)
            elif late < 0 and self._playout.wait(-late):
                due = self._now()  # what has just come begins at once

    def _step(self, now_s: float) -> bool:
        """Whether there is nothing to play."""
        if not self._outlet.can_speak:
            self._is_speaking, self._silences = False, 0
            self._outlet.skip()
            return False
        packet = self._playout.read(now_s)
        if packet is not None:
            self._begin()
            self._outlet.send(packet)
            self._silences = TRAILING_SILENCE_FRAMES
        elif self._silences:
            self._outlet.send(SILENCE_FRAME)
            self._silences -= 1
            if not self._silences:
                self._is_speaking = False
                self._outlet.announce(speaking=False)
        else:
            self._outlet.skip()
            return True
        return False

    def _begin(self) -> None:
        if not self._is_speaking:
            self._is_speaking = True
            self._outlet.announce(speaking=True)
