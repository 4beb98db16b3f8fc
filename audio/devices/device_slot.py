"""The microphone or the loudspeaker: its device, its stream and its health."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from audio.devices import portaudio
from audio.devices.device_errors import DeviceError, Fault, fallback_message, fault_message
from audio.devices.loudspeaker import Loudspeaker
from audio.devices.microphone import Microphone
from audio.devices.stream_health import StreamHealth

Stream: TypeAlias = Microphone | Loudspeaker
_DEVICE_FAULTS: Final = frozenset({Fault.NO_DEVICE, Fault.GONE, Fault.FAILED})
"""On these, the system default takes over until the chosen device is available."""


@dataclass(frozen=True, slots=True)
class SlotState:
    """The state of one slot.

    Attributes:
        name: The device in use, or wanted; None: the system default.
        is_open: Whether it works, as far as is known.
        fault: What is wrong. The slot may still be open, on another device.
        message: The fault, and what to do next; empty without one.
        xruns: How many times audio was lost since the device was opened.
        latency_ms: The system's latency, as it reports it.
        missing: The chosen device that the system default stands in for; None: it stands in for
            none.
    """

    name: str | None
    is_open: bool = False
    fault: Fault | None = None
    message: str = ""
    xruns: int = 0
    latency_ms: int = 0
    missing: str | None = None

    @property
    def gist(self) -> tuple[str | None, bool, Fault | None]:
        """The part whose changes are worth reporting."""
        return self.name, self.is_open, self.fault


@dataclass(slots=True)
class DeviceSlot:
    """The microphone or the loudspeaker.

    Attributes:
        what: "microphone" or "loudspeaker".
        kind: PortAudio's word for it: "input" or "output".
        chosen: The device that is wanted; None: the system default.
        make: Opens a stream on a device of that name.
        stream: None while it is not open.
        opened_for: What was chosen when the stream was opened.
        is_fallback: Whether it uses the system default because the chosen device is unavailable.
        is_busy: Whether the worker is opening, closing or checking it.
        checked_s: When the worker last checked that the device is there.
        unusable_since_s: Since when it has been unusable; None while it is usable.
    """

    what: str
    kind: str
    chosen: str | None
    make: Callable[[str | None], Stream]
    stream: Stream | None = None
    opened_for: str | None = None
    is_fallback: bool = False
    health: StreamHealth = field(default_factory=StreamHealth)
    is_busy: bool = False
    checked_s: float = float("-inf")
    unusable_since_s: float | None = None

    def state(self) -> SlotState:
        """The current state; for any thread."""
        stream, fault = self.stream, self.health.fault
        message = fault_message(fault, self.what) if fault else ""
        is_open = self.health.is_open and fault is None
        missing = self.chosen if self.is_fallback and is_open else None
        if missing is not None:
            fault, message = Fault.NO_DEVICE, fallback_message(missing, self.what)
        name = None if self.is_fallback else self.chosen
        if stream is None:
            return SlotState(name, is_open, fault, message, missing=missing)
        latency_ms = round(stream.latency_s * 1000)
        return SlotState(name, is_open, fault, message, stream.xruns, latency_ms, missing)

    def open(self) -> tuple[Stream, str | None]:
        """Open the chosen device, or else the system default. Returns the stream and its device.

        Raises:
            DeviceError: Neither the chosen device nor the default can be opened; the error is the
                chosen device's.
        """
        chosen = self.chosen
        try:
            return self.make(chosen), chosen
        except DeviceError as e:
            if chosen is None or e.fault not in _DEVICE_FAULTS:
                raise
            try:
                return self.make(None), None
            except DeviceError:
                raise e from None

    def is_on_right_device(self) -> bool:
        """Whether its stream is on the best device there is; asks the system."""
        chosen = self.chosen
        if chosen is None:
            return True
        if self.is_fallback:
            return not portaudio.is_available(self.kind, chosen)
        return not portaudio.may_be_rerouted(chosen) or portaudio.is_available(self.kind, chosen)
