"""Pulls a packet from the playout queue every 20 ms and sends it; without one, it sleeps."""

import logging
import threading
from collections.abc import Callable
from typing import Final, Protocol

from audio.constants import FRAME_S
from audio.playout_queue import PlayoutQueue
from audio.silence_frames import SILENCE_FRAME, TRAILING_SILENCE_FRAMES

log = logging.getLogger(__name__)

_MAX_CATCH_UP_S: Final = 3 * FRAME_S
"""A shorter delay is caught up by sending at once; a longer one shifts the schedule."""
_REST_S: Final = 5.0
"""The longest sleep while there is nothing to play."""


class PacketSink(Protocol):
    """Where packets are sent."""

    @property
    def can_speak(self) -> bool:
        """Whether packets sent now are encrypted as they must be, and can be understood."""

    def send(self, opus: bytes) -> bool:
        """Send 20 ms. Returns whether that worked."""

    def skip(self, frames: int = 1) -> None:
        """Let so many times 20 ms pass without a packet."""

    def announce(self, *, speaking: bool) -> None:
        """Announce that the bot starts or stops speaking."""


class PlaybackThread(threading.Thread):
    """Plays a `PlayoutQueue` into a `PacketSink` until it is stopped.

    While the sink cannot speak nothing is pulled, so nothing is lost.
    """

    def __init__(self, playout: PlayoutQueue, sink: PacketSink, now: Callable[[], float]) -> None:
        super().__init__(daemon=True, name="voice-player")
        self._playout = playout
        self._sink = sink
        self._now = now
        self._stopped = threading.Event()
        self._is_speaking = False
        self._silences = 0

    def stop(self) -> None:
        """End within 20 ms."""
        self._stopped.set()
        self._playout.wake()

    def run(self) -> None:
        """Play until stopped."""
        due = self._now()
        while not self._stopped.is_set():
            is_idle = False
            try:
                is_idle = self._step(self._now())
            except Exception:
                log.exception("a packet could not be played")
            due += FRAME_S
            late = self._now() - due
            if is_idle:
                due = self._rest(due)
            elif late > _MAX_CATCH_UP_S:
                due += late
            elif late < 0:
                self._stopped.wait(-late)

    def _rest(self, since_s: float) -> float:
        """Wait until there is something to play. Returns when: it is sent at once.

        Most voice channels are silent most of the time: to look every 20 ms in two hundred of them
        would take the processor ten thousand times a second, for nothing.
        """
        if not self._stopped.is_set():  # asked last: pulling may have swallowed the wake-up
            self._playout.wait(_REST_S)
        now_s = self._now()
        if (frames := round((now_s - since_s) / FRAME_S)) > 0:
            self._sink.skip(frames)
        return now_s

    def _step(self, now_s: float) -> bool:
        """Send or skip 20 ms. Returns whether there is nothing to play."""
        if not self._sink.can_speak:
            self._is_speaking, self._silences = False, 0
            self._sink.skip()
            return self._playout.is_empty
        packet = self._playout.read(now_s)
        if packet is not None:
            self._begin()
            self._sink.send(packet)
            self._silences = TRAILING_SILENCE_FRAMES
        elif self._silences:
            self._sink.send(SILENCE_FRAME)
            self._silences -= 1
            if not self._silences:
                self._is_speaking = False
                self._sink.announce(speaking=False)
        else:
            self._sink.skip()
            return True
        return False

    def _begin(self) -> None:
        if not self._is_speaking:
            self._is_speaking = True
            self._sink.announce(speaking=True)
