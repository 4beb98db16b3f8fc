"""A microphone and a loudspeaker that are watched, reported on and reopened.

Two threads. The watcher never calls the system, so that it can report trouble whatever hangs. The
worker opens, closes and checks devices, one at a time, and may hang doing so.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from audio.constants import FRAME_S
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

_WATCH_EVERY_S: Final = 0.1
_CHECK_EVERY_S: Final = 0.3
"""How often to check that a device is still there. It takes 2 ms."""
_SCAN_EVERY_S: Final = 10.0
"""How often to look for a new device while one is missing. Looking starts another process."""
_CLOSE_TIMEOUT_S: Final = 1.5
_DISCARD_AFTER_S: Final = 2.0
"""Without a loudspeaker for this long, the queue is discarded at playback speed."""
_MAX_DELAY_MS: Final = 500

_Job: TypeAlias = Callable[[], None]


@dataclass(frozen=True, slots=True)
class AudioState:
    """The state of both slots."""

    microphone: SlotState
    loudspeaker: SlotState


class DuplexAudio:
    """Both ends. `start` and `close` are for one thread, `pull` for another, the rest for any.

    Args:
        microphone: Its name; None: the system default.
        loudspeaker: Its name; None: the system default.
        now: The monotonic clock, in seconds.
        on_state: Called on the watcher when something goes wrong, or works again.
        cancels_echo: Whether blocks also come without the loudspeaker's sound.

    Attributes:
        is_cancelling: Whether echo cancellation is available and on.
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
        self._microphone = DeviceSlot(
            "microphone", "input", microphone, lambda name: Microphone(name, now)
        )
        self._loudspeaker = DeviceSlot(
            "loudspeaker", "output", loudspeaker, lambda name: Loudspeaker(name, playout, now)
        )
        self._slots = self._microphone, self._loudspeaker
        self._reported: object = None
        self._scanned_s = self._discarded_to_s = float("-inf")
        self._is_over = threading.Event()
        self._wake = threading.Event()
        self._guard = threading.Lock()  # of the slots; never held during a call to the system
        self._worker = DeviceWorkerThread(now, portaudio.abandon_thread)
        self._unclosed: set[Stream] = set()  # for the worker alone
        self._watcher = threading.Thread(target=self._watch, name="sound watch", daemon=True)
        self._echo = _canceller() if cancels_echo else None
        self.is_cancelling = self._echo is not None

    def start(self) -> None:
        """Start both threads; they open the devices."""
        self._worker.start()
        self._watcher.start()

    def close(self) -> None:
        """Close both devices, without waiting for one that hangs."""
        if not self._watcher.is_alive():
            return
        self._is_over.set()
        self._wake.set()
        self._watcher.join()
        for slot in self._slots:
            slot.stream = None
        self._worker.submit(self._close_all)
        self._worker.stop(_CLOSE_TIMEOUT_S)

    @property
    def state(self) -> AudioState:
        """The current state of both."""
        return AudioState(self._microphone.state(), self._loudspeaker.state())

    @property
    def level_dbfs(self) -> float:
        """The microphone's level in dBFS; -120 without one."""
        stream = self._microphone.stream
        return stream.level_dbfs if isinstance(stream, Microphone) else -120.0

    def choose(self, *, microphone: str | None, loudspeaker: str | None) -> None:
        """Use these from now on."""
        with self._guard:
            for slot, name in ((self._microphone, microphone), (self._loudspeaker, loudspeaker)):
                if slot.chosen != name:
                    slot.chosen, slot.is_fallback, slot.health = name, False, StreamHealth()
        self._wake.set()

    def pull(self) -> list[Block]:
        """What the microphone captured since the last call."""
        microphone, loudspeaker = self._microphone.stream, self._loudspeaker.stream
        if not isinstance(microphone, Microphone):
            return []
        blocks = microphone.pull()
        if self._echo is None or not isinstance(loudspeaker, Loudspeaker):
            return [Block(raw, None, at_s) for raw, at_s in blocks]
        for sound, at_s in loudspeaker.played():
            self._echo.played(sound, at_s)
        latency_s = microphone.latency_s + loudspeaker.latency_s
        delay_ms = min(_MAX_DELAY_MS, round(latency_s * 1000))
        return [
            Block(raw, self._echo.cancel(raw, at_s, delay_ms=delay_ms), at_s)
            for raw, at_s in blocks
        ]

    # -- the watcher -----------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._is_over.is_set():
            now = self._now()
            with self._guard:
                if self._worker.replace_if_hung(now):
                    self._fail_hung_slots(now)
                for slot in self._slots:
                    self._watch_slot(slot, now)
                state = self.state
            self._report(state)
            self._discard_unheard(now)
            self._wake.wait(_WATCH_EVERY_S)
            self._wake.clear()

    def _watch_slot(self, slot: DeviceSlot, now: float) -> None:
        stream, health = slot.stream, slot.health
        if stream is None:
            if not slot.is_busy and health.wants_opening(now):
                self._submit(slot, lambda: self._open(slot))
            return
        fault = health.check(now, called_s=stream.called_s, is_active=stream.is_active)
        if fault is not None:
            log.info("the %s: %s", slot.what, fault)
            health.failed(fault, now)
            self._release(slot)
        elif slot.opened_for != slot.chosen:
            self._release(slot)
        elif slot.chosen and not slot.is_busy and now - slot.checked_s > _CHECK_EVERY_S:
            slot.checked_s = now
            self._submit(slot, lambda: self._check(slot, stream))

    def _report(self, state: AudioState) -> None:
        gist = state.microphone.gist, state.loudspeaker.gist
        if gist == self._reported:
            return
        self._reported = gist
        try:
            self._on_state(state)
        except Exception:
            log.exception("the callback for the state of the sound devices failed")

    def _discard_unheard(self, now: float) -> None:
        """Without a loudspeaker, discard the answer, so that the conversation goes on."""
        slot = self._loudspeaker
        if slot.health.fault is None:
            slot.unusable_since_s = None
            return
        if slot.unusable_since_s is None:
            slot.unusable_since_s = now
        if slot.stream is not None:  # it is being tried
            return
        due_s = slot.unusable_since_s + _DISCARD_AFTER_S
        self._discarded_to_s = max(self._discarded_to_s, due_s, now - 1)
        while self._discarded_to_s < now:
            self._discarded_to_s += FRAME_S
            if self._playout.read(now) is None:
                self._discarded_to_s = now

    def _fail_hung_slots(self, now: float) -> None:
        for slot in self._slots:
            if slot.is_busy and slot.stream is None:
                slot.health.failed(Fault.STALLED, now)
            slot.is_busy = False

    def _submit(self, slot: DeviceSlot, job: _Job) -> None:
        slot.is_busy = True
        self._worker.submit(lambda: self._run(slot, job))

    def _release(self, slot: DeviceSlot) -> None:
        stream, slot.stream = slot.stream, None
        if stream is not None:
            self._submit(slot, lambda: self._close(stream))

    # -- the worker ------------------------------------------------------------------------------

    def _run(self, slot: DeviceSlot, job: _Job) -> None:
        try:
            job()
        except Exception:
            log.exception("the %s failed unexpectedly", slot.what)
            with self._guard:
                slot.health.failed(Fault.FAILED, self._now())
        if self._worker.is_current():
            slot.is_busy = False
            self._wake.set()

    def _open(self, slot: DeviceSlot) -> None:
        if slot.health.tries:
            self._rescan(slot)
        chosen, health = slot.chosen, slot.health
        try:
            stream, name = slot.open()
        except DeviceError as e:
            log.debug("the %s cannot be opened: %s", slot.what, e)
            with self._guard:
                if self._worker.is_current():
                    health.failed(e.fault, self._now())
            return
        with self._guard:
            if self._worker.is_current():
                self._unclosed.add(stream)
                slot.stream, slot.opened_for, slot.is_fallback = stream, chosen, name != chosen
                health.opened(self._now())
                return
        stream.close()  # this thread hung and was replaced: too late

    def _close_all(self) -> None:
        for stream in [*self._unclosed]:
            self._close(stream)

    def _close(self, stream: Stream) -> None:
        self._unclosed.discard(stream)  # first, so that nobody else closes it if this hangs
        stream.close()

    def _check(self, slot: DeviceSlot, stream: Stream) -> None:
        if slot.is_fallback:
            self._rescan(slot)
        if slot.is_on_right_device():
            return
        with self._guard:
            if slot.stream is not stream:
                return
            if slot.is_fallback:  # the chosen device is back
                slot.health.rest()
            else:
                log.info("the device of the %s went away while its stream continues", slot.what)
                slot.health.failed(Fault.GONE, self._now())
            self._release(slot)

    def _rescan(self, slot: DeviceSlot) -> None:
        """Let PortAudio list the devices again, which needs every stream closed.

        So a working stream is closed only if that is known to be worth it.
        """
        open_slots = [other for other in self._slots if other.stream is not None]
        if open_slots and not self._has_appeared(slot):
            return
        with self._guard:
            for other in open_slots:
                other.stream = None
                other.health.rest()
        self._close_all()  # streams waiting to be closed, too: PortAudio would free them first
        try:
            portaudio.rescan_devices()
        except DeviceError as e:
            log.debug("cannot look for new devices: %s", e)

    def _has_appeared(self, slot: DeviceSlot) -> bool:
        now = self._now()
        is_playing = self._loudspeaker.stream is not None and not self._playout.progress().drained
        if is_playing or now - self._scanned_s < _SCAN_EVERY_S:
            return False
        self._scanned_s = now
        return portaudio.has_appeared(slot.kind, slot.chosen)


def _canceller() -> EchoCanceller | None:
    try:
        return EchoCanceller()
    except ImportError:
        log.info("without the package livekit, hands-free speech cannot interrupt an answer")
        return None
