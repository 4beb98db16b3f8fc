"""A microphone and a loudspeaker that are kept in order: watched, told of, and opened again."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from audio.devices.blocks import Block
from audio.devices.echo import EchoCanceller
from audio.devices.faults import DeviceError, Fault, words
from audio.devices.loudspeaker import Loudspeaker
from audio.devices.microphone import Microphone
from audio.devices.portaudio import look_again
from audio.devices.watch import StreamWatch
from audio.ogg import FRAME_MS
from audio.playout import Playout

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 0.1
_NOBODY_HEARS_S: Final = 2.0
"""Without a loudspeaker for so long, an answer is not kept for it any longer."""
_AFTER_STUMBLE_S: Final = 4.0
_NEW_DEVICES_EVERY_S: Final = 3.0
_MOST_DELAY_MS: Final = 500

_End: TypeAlias = Microphone | Loudspeaker


@dataclass(frozen=True, slots=True)
class LineState:
    """How one of the two is.

    Attributes:
        name: As it was chosen; None: the system's default.
        is_open: Whether it works, for all that is known.
        fault: What is wrong; None: nothing.
        words: That, and what to do next; empty: nothing is wrong.
        xruns: How often sound was lost in or out of it since it was opened.
    """

    name: str | None
    is_open: bool = False
    fault: Fault | None = None
    words: str = ""
    xruns: int = 0


@dataclass(frozen=True, slots=True)
class AudioState:
    """How both are."""

    microphone: LineState
    loudspeaker: LineState


@dataclass(slots=True)
class _Slot:
    """One of the two: which, and how it fares."""

    what: str
    name: str | None
    open: Callable[[str | None], _End]
    watch: StreamWatch = field(default_factory=StreamWatch)
    end: _End | None = None

    def state(self) -> LineState:
        fault = self.watch.fault
        end = self.end
        xruns = 0
        if isinstance(end, Microphone):
            xruns = end.overflows + end.lost
        elif isinstance(end, Loudspeaker):
            xruns = end.underflows + end.starved
        said = words(fault, self.what) if fault else ""
        return LineState(self.name, self.watch.is_open and fault is None, fault, said, xruns)


class LocalAudio:
    """Both ends. `start` and `close` belong to one thread, `pull` to another.

    A thread of its own opens them, and looks after them ten times a second.

    Args:
        microphone: Its name; None: the system's default.
        loudspeaker: Its name; None: the system's default.
        playout: What is played.
        now: The monotonic clock, in seconds.
        on_state: Told when something is wrong, or right again, on the thread that looks.
        cancels_echo: Whether blocks come with the loudspeaker's sound taken out, too.
    """

    def __init__(
        self,
        *,
        microphone: str | None,
        loudspeaker: str | None,
        playout: Playout,
        now: Callable[[], float],
        on_state: Callable[[AudioState], object],
        cancels_echo: bool,
    ) -> None:
        self._now = now
        self._playout = playout
        self._on_state = on_state
        self._hears = _Slot("microphone", microphone, lambda name: Microphone(name, now))
        self._plays = _Slot(
            "loudspeaker", loudspeaker, lambda name: Loudspeaker(name, playout, now)
        )
        self._told: object = None
        self._looked_s = float("-inf")
        self._passed_s = 0.0
        self._stop = threading.Event()
        self._look = threading.Event()
        self._guard = threading.Lock()  # `choose` closes what the looking thread opens
        self._looker = threading.Thread(target=self._run, name="sound devices", daemon=True)
        self._echo = _canceller() if cancels_echo else None
        self.is_cancelling = self._echo is not None

    def start(self) -> None:
        """Open both, soon."""
        self._looker.start()

    def close(self) -> None:
        """Let go of both. It waits for no device."""
        self._stop.set()
        self._look.set()
        if self._looker.is_alive():
            self._looker.join()
        for slot in self._slots:
            self._shut(slot)

    @property
    def state(self) -> AudioState:
        """How both are now."""
        return AudioState(self._hears.state(), self._plays.state())

    @property
    def level_dbfs(self) -> float:
        """How loud the microphone is, in decibels below full scale; -120 without one."""
        end = self._hears.end
        return end.level_dbfs if isinstance(end, Microphone) else -120.0

    def choose(self, *, microphone: str | None, loudspeaker: str | None) -> None:
        """Use these from now on."""
        for slot, name in ((self._hears, microphone), (self._plays, loudspeaker)):
            if slot.name != name:
                with self._guard:
                    slot.name = name
                    slot.watch = StreamWatch()
                    self._shut(slot)
        self._look.set()

    def pull(self) -> list[Block]:
        """What the microphone has heard since the last call."""
        end, out = self._hears.end, self._plays.end
        if not isinstance(end, Microphone):
            return []
        blocks = end.pull()
        if self._echo is None or not isinstance(out, Loudspeaker) or out.rate_hz != end.rate_hz:
            return [Block(raw, None, at_s) for raw, at_s in blocks]
        for sound, at_s in out.played():
            self._echo.played(sound, at_s)
        delay_ms = min(_MOST_DELAY_MS, round((end.latency_s + out.latency_s) * 1000))
        return [
            Block(raw, self._echo.cancel(raw, at_s, delay_ms=delay_ms), at_s)
            for raw, at_s in blocks
        ]

    # -- the thread that looks -------------------------------------------------------------------

    @property
    def _slots(self) -> tuple[_Slot, _Slot]:
        return self._hears, self._plays

    def _run(self) -> None:
        while not self._stop.is_set():
            pause_s = _LOOK_EVERY_S
            try:
                self._look_after_both()
            except Exception:
                log.exception("looking after the sound devices stumbled; it goes on")
                pause_s = _AFTER_STUMBLE_S
            self._look.wait(pause_s)
            self._look.clear()

    def _look_after_both(self) -> None:
        with self._guard:
            for slot in self._slots:
                self._look_after(slot)
        self._pass_over(self._now())
        state = self.state
        ends = (state.microphone, state.loudspeaker)
        news = [(end.name, end.is_open, end.fault) for end in ends]
        if news != self._told:
            self._told = news
            self._on_state(state)

    def _pass_over(self, now: float) -> None:
        """Nobody can hear the answer: let it go by in its own time, so that what follows comes."""
        if self._plays.end is not None or self._plays.watch.fault is None:
            self._passed_s = now + _NOBODY_HEARS_S
            return
        while self._passed_s < now:
            self._passed_s += FRAME_MS / 1000
            if self._playout.read(now) is None:
                self._passed_s = now

    def _look_after(self, slot: _Slot) -> None:
        now = self._now()
        if slot.end is not None:
            fault = slot.watch.check(now, called_s=slot.end.called_s, is_active=slot.end.is_active)
            if fault is not None:
                log.info("the %s: %s", slot.what, fault)
                self._shut(slot)
                slot.watch.failed(fault, now)
        elif slot.watch.wants_opening(now):
            self._open(slot, now)

    def _open(self, slot: _Slot, now: float) -> None:
        if slot.watch.tries and self._may_look_again(now):
            self._look_for_new_devices(now)
        try:
            slot.end = slot.open(slot.name)
        except DeviceError as e:
            log.debug("the %s cannot be opened: %s", slot.what, e)
            slot.watch.failed(e.fault, now)
        else:
            slot.watch.opened(self._now())

    def _may_look_again(self, now: float) -> bool:
        """That needs both closed: seldom, if one of them works, and never in an answer."""
        is_due = now - self._looked_s > _NEW_DEVICES_EVERY_S
        return self._playout.played().drained and (is_due or not any(s.end for s in self._slots))

    def _look_for_new_devices(self, now: float) -> None:
        self._looked_s = now
        for slot in self._slots:
            if slot.end is not None:
                self._shut(slot)
                slot.watch.closed()
        try:
            look_again()
        except DeviceError as e:
            log.debug("no new devices can be found: %s", e)

    @staticmethod
    def _shut(slot: _Slot) -> None:
        end, slot.end = slot.end, None
        if end is not None:
            end.close()


def _canceller() -> EchoCanceller | None:
    try:
        return EchoCanceller()
    except ImportError:
        log.info("without the package livekit, nobody can speak into an answer hands-free")
        return None
