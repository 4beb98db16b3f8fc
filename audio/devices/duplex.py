"""A microphone and a loudspeaker that are kept in order: watched, told of, and opened again.

Two threads. One watches: it never calls the system, so that it can tell of trouble whatever hangs.
The other, the hands, opens, closes and checks, one thing after another, and may hang in it.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from audio.constants import FRAME_MS
from audio.devices import portaudio
from audio.devices.blocks import Block
from audio.devices.device_errors import DeviceError, Fault
from audio.devices.device_slot import DeviceSlot, SlotState, Stream
from audio.devices.device_thread import DeviceWorkerThread
from audio.devices.echo import EchoCanceller
from audio.devices.loudspeaker import Loudspeaker
from audio.devices.microphone import Microphone
from audio.devices.stream_health import StreamHealth
from audio.playout_queue import PlayoutQueue

__all__ = ["AudioState", "DuplexAudio", "SlotState"]

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 0.1
_CHECK_EVERY_S: Final = 0.3
"""Whether the device is still there. It takes 2 ms."""
_COME_EVERY_S: Final = 10.0
"""Whether a new device is there, while one is wanted and not had. It takes another process."""
_PATIENCE_S: Final = 1.5
"""At the end, with a device that does not let go."""
_NOBODY_HEARS_S: Final = 2.0
"""Without a loudspeaker for so long, what is to be played is passed over in its own time."""
_MAX_DELAY_MS: Final = 500

_Work: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class AudioState:
    """How both are."""

    microphone: SlotState
    loudspeaker: SlotState


class DuplexAudio:
    """Both ends. `start` and `close` belong to one thread, `pull` to another; the rest to any.

    Args:
        microphone: Its name; None: the system's default.
        loudspeaker: Its name; None: the system's default.
        playout: What is played.
        now: The monotonic clock, in seconds.
        on_state: Told when something is wrong, or right again, on the watching thread.
        cancels_echo: Whether blocks come with the loudspeaker's sound taken out, too.

    Attributes:
        is_cancelling: Whether they do.
    """

    def __init__(
        self,
        *,
        microphone: str | None,
        loudspeaker: str | None,
        playout: PlayoutQueue,
        now: Callable[[], float],
        on_state: Callable[[AudioState], object],
        cancels_echo: bool,
    ) -> None:
        self._now = now
        self._playout = playout
        self._on_state = on_state
        self._hears = DeviceSlot(
            "microphone", "input", microphone, lambda name: Microphone(name, now)
        )
        self._plays = DeviceSlot(
            "loudspeaker", "output", loudspeaker, lambda name: Loudspeaker(name, playout, now)
        )
        self._lines = self._hears, self._plays
        self._told: object = None
        self._sought_s = self._passed_s = float("-inf")
        self._is_over = threading.Event()
        self._look = threading.Event()
        self._guard = threading.Lock()  # of the lines; nobody calls the system while holding it
        self._hands = DeviceWorkerThread(now, portaudio.leave_behind)
        self._unclosed: set[Stream] = set()  # the hands' own
        self._watcher = threading.Thread(target=self._watch, name="sound watch", daemon=True)
        self._echo = _canceller() if cancels_echo else None
        self.is_cancelling = self._echo is not None

    def start(self) -> None:
        """Open both, soon."""
        self._hands.start()
        self._watcher.start()

    def close(self) -> None:
        """Let go of both. It waits for no device that hangs."""
        if not self._watcher.is_alive():
            return
        self._is_over.set()
        self._look.set()
        self._watcher.join()
        for line in self._lines:
            line.stream = None
        self._hands.do(self._close_all)
        self._hands.end(_PATIENCE_S)

    @property
    def state(self) -> AudioState:
        """How both are now."""
        return AudioState(self._hears.state(), self._plays.state())

    @property
    def level_dbfs(self) -> float:
        """How loud the microphone is, in decibels below full scale; -120 without one."""
        stream = self._hears.stream
        return stream.level_dbfs if isinstance(stream, Microphone) else -120.0

    def choose(self, *, microphone: str | None, loudspeaker: str | None) -> None:
        """Use these from now on."""
        with self._guard:
            for line, name in ((self._hears, microphone), (self._plays, loudspeaker)):
                if line.chosen != name:
                    line.chosen, line.stands_in, line.watch = name, False, StreamHealth()
        self._look.set()

    def pull(self) -> list[Block]:
        """What the microphone has heard since the last call."""
        ear, mouth = self._hears.stream, self._plays.stream
        if not isinstance(ear, Microphone):
            return []
        blocks = ear.pull()
        if self._echo is None or not isinstance(mouth, Loudspeaker):
            return [Block(raw, None, at_s) for raw, at_s in blocks]
        for sound, at_s in mouth.played():
            self._echo.played(sound, at_s)
        delay_ms = min(_MAX_DELAY_MS, round((ear.latency_s + mouth.latency_s) * 1000))
        return [
            Block(raw, self._echo.cancel(raw, at_s, delay_ms=delay_ms), at_s)
            for raw, at_s in blocks
        ]

    # -- the watching thread ---------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._is_over.is_set():
            now = self._now()
            with self._guard:
                if self._hands.relieve(now):
                    self._give_up_hanging(now)
                for line in self._lines:
                    self._look_after(line, now)
                state = self.state
            self._tell(state)
            self._pass_over(now)
            self._look.wait(_LOOK_EVERY_S)
            self._look.clear()

    def _look_after(self, line: DeviceSlot, now: float) -> None:
        stream, watch = line.stream, line.watch
        if stream is None:
            if not line.is_busy and watch.wants_opening(now):
                self._do(line, lambda: self._open(line))
            return
        fault = watch.check(now, called_s=stream.called_s, is_active=stream.is_active)
        if fault is not None:
            log.info("the %s: %s", line.what, fault)
            watch.failed(fault, now)
            self._let_go(line)
        elif line.opened_for != line.chosen:
            self._let_go(line)
        elif line.chosen and not line.is_busy and now - line.checked_s > _CHECK_EVERY_S:
            line.checked_s = now
            self._do(line, lambda: self._check(line, stream))

    def _tell(self, state: AudioState) -> None:
        news = state.microphone.gist, state.loudspeaker.gist
        if news == self._told:
            return
        self._told = news
        try:
            self._on_state(state)
        except Exception:
            log.exception("who was told of the sound devices stumbled")

    def _pass_over(self, now: float) -> None:
        """Nobody hears the answer: let it go by, so that the conversation goes on."""
        line = self._plays
        if line.watch.fault is None:
            line.cannot_s = None
            return
        if line.cannot_s is None:
            line.cannot_s = now
        if line.stream is not None:  # it is being tried
            return
        self._passed_s = max(self._passed_s, line.cannot_s + _NOBODY_HEARS_S, now - 1)
        while self._passed_s < now:
            self._passed_s += FRAME_MS / 1000
            if self._playout.read(now) is None:
                self._passed_s = now

    def _give_up_hanging(self, now: float) -> None:
        for line in self._lines:
            if line.is_busy and line.stream is None:
                line.watch.failed(Fault.STALLED, now)
            line.is_busy = False

    def _do(self, line: DeviceSlot, work: _Work) -> None:
        line.is_busy = True
        self._hands.do(lambda: self._perform(line, work))

    def _let_go(self, line: DeviceSlot) -> None:
        stream, line.stream = line.stream, None
        if stream is not None:
            self._do(line, lambda: self._close(stream))

    # -- the hands -------------------------------------------------------------------------------

    def _perform(self, line: DeviceSlot, work: _Work) -> None:
        try:
            work()
        except Exception:
            log.exception("the %s: something unexpected", line.what)
            with self._guard:
                line.watch.failed(Fault.FAILED, self._now())
        if self._hands.are_here():
            line.is_busy = False
            self._look.set()

    def _open(self, line: DeviceSlot) -> None:
        if line.watch.tries:
            self._look_for_new_devices(line)
        chosen, watch = line.chosen, line.watch
        try:
            stream, name = line.open()
        except DeviceError as e:
            log.debug("the %s cannot be opened: %s", line.what, e)
            with self._guard:
                if self._hands.are_here():
                    watch.failed(e.fault, self._now())
            return
        with self._guard:
            if self._hands.are_here():
                self._unclosed.add(stream)
                line.stream, line.opened_for, line.stands_in = stream, chosen, name != chosen
                watch.opened(self._now())
                return
        stream.close()  # too late: nobody waits for it any more

    def _close_all(self) -> None:
        for stream in [*self._unclosed]:
            self._close(stream)

    def _close(self, stream: Stream) -> None:
        self._unclosed.discard(stream)  # first: nobody else is to close what hangs in closing
        stream.close()

    def _check(self, line: DeviceSlot, stream: Stream) -> None:
        if line.stands_in:
            self._look_for_new_devices(line)
        if line.is_in_place():
            return
        with self._guard:
            if line.stream is not stream:
                return
            if line.stands_in:  # what was chosen is there again
                line.watch.closed()
            else:
                log.info("the %s was taken away behind its stream", line.what)
                line.watch.failed(Fault.GONE, self._now())
            self._let_go(line)

    def _look_for_new_devices(self, line: DeviceSlot) -> None:
        """PortAudio finds them only when it begins anew, with every stream closed.

        So what works is closed only when it is known to be worth it.
        """
        open_lines = [other for other in self._lines if other.stream is not None]
        if open_lines and not self._has_come(line):
            return
        with self._guard:
            for other in open_lines:
                other.stream = None
                other.watch.closed()
        self._close_all()  # also what is soon to be closed: PortAudio would free it before
        try:
            portaudio.look_again()
        except DeviceError as e:
            log.debug("no new devices can be found: %s", e)

    def _has_come(self, line: DeviceSlot) -> bool:
        now = self._now()
        is_playing = self._plays.stream is not None and not self._playout.progress().drained
        if is_playing or now - self._sought_s < _COME_EVERY_S:
            return False
        self._sought_s = now
        return portaudio.has_come(line.kind, line.chosen)


def _canceller() -> EchoCanceller | None:
    try:
        return EchoCanceller()
    except ImportError:
        log.info("without the package livekit, nobody can speak into an answer hands-free")
        return None
