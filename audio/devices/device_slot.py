"""One of the two ends of the local audio: which device it has, its stream, and how it fares."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from audio.devices import portaudio
from audio.devices.device_errors import DeviceError, Fault, instead_of, words
from audio.devices.loudspeaker import Loudspeaker
from audio.devices.microphone import Microphone
from audio.devices.stream_health import StreamHealth

Stream: TypeAlias = Microphone | Loudspeaker
_OF_THE_DEVICE: Final = frozenset({Fault.NO_DEVICE, Fault.GONE, Fault.FAILED})
"""Against these the system's default device helps, until the chosen one can be had."""


@dataclass(frozen=True, slots=True)
class SlotState:
    """How one of the two is.

    Attributes:
        name: The device in use, or wanted; None: the system's default.
        is_open: Whether it works, for all that is known.
        fault: What is wrong; None: nothing. It can be open all the same: with another device.
        words: That, and what to do next; empty: nothing is wrong.
        xruns: How often sound was lost in or out of it since it was opened.
        latency_ms: On the way through the system, as that says.
    """

    name: str | None
    is_open: bool = False
    fault: Fault | None = None
    words: str = ""
    xruns: int = 0
    latency_ms: int = 0

    @property
    def gist(self) -> tuple[str | None, bool, Fault | None]:
        """What is worth telling when it changes."""
        return self.name, self.is_open, self.fault


@dataclass(slots=True)
class DeviceSlot:
    """What is known of one of the two.

    Attributes:
        what: "microphone" or "loudspeaker".
        kind: The same for PortAudio: "input" or "output".
        chosen: The device that is wanted; None: the system's default.
        make: Opens a stream on a device of that name.
        stream: None while it is not open.
        opened_for: What was chosen when it was opened.
        stands_in: It is on the system's default, because the chosen device cannot be had.
        watch: Its health.
        is_busy: Somebody is opening, closing or checking it.
        checked_s: When it was last checked that its device is there.
        cannot_s: Since when nothing can be heard or played; None: it can.
    """

    what: str
    kind: str
    chosen: str | None
    make: Callable[[str | None], Stream]
    stream: Stream | None = None
    opened_for: str | None = None
    stands_in: bool = False
    watch: StreamHealth = field(default_factory=StreamHealth)
    is_busy: bool = False
    checked_s: float = float("-inf")
    cannot_s: float | None = None

    def state(self) -> SlotState:
        """How it is, for any thread."""
        stream, fault = self.stream, self.watch.fault
        said = words(fault, self.what) if fault else ""
        is_open = self.watch.is_open and fault is None
        if self.stands_in and is_open and self.chosen is not None:
            fault, said = Fault.NO_DEVICE, instead_of(self.chosen, self.what)
        name = None if self.stands_in else self.chosen
        if stream is None:
            return SlotState(name, is_open, fault, said)
        latency_ms = round(stream.latency_s * 1000)
        return SlotState(name, is_open, fault, said, stream.xruns, latency_ms)

    def open(self) -> tuple[Stream, str | None]:
        """A stream on the chosen device, or else on the system's default; and on which.

        Raises:
            DeviceError: Neither can be opened; why the chosen one cannot.
        """
        chosen = self.chosen
        try:
            return self.make(chosen), chosen
        except DeviceError as e:
            if chosen is None or e.fault not in _OF_THE_DEVICE:
                raise
            try:
                return self.make(None), None
            except DeviceError:
                raise e from None

    def is_in_place(self) -> bool:
        """Whether its stream is where it should be; asks the system."""
        chosen = self.chosen
        if chosen is None:
            return True
        if self.stands_in:
            return not portaudio.can_be_had(self.kind, chosen)
        return not portaudio.can_be_taken_away(chosen) or portaudio.can_be_had(self.kind, chosen)
