"""What can be wrong with a sound device, and the messages for it."""

from enum import StrEnum
from typing import Final

from audio.errors import AudioError


class Fault(StrEnum):
    """What is wrong.

    NO_PACKAGE: The Python package that reaches sound devices is missing. NO_PORTAUDIO: Its library
    is. NO_ALSA: The library cannot use the system's sound. NO_DEVICE: There is no device, or
    none of that name. BUSY: Another program has it. FORMAT: It supports no format that we
    can use. GONE: It disappeared. STALLED: It is there, but delivers nothing.
    FAILED: Any other system error.
    """

    NO_PACKAGE = "no_package"
    NO_PORTAUDIO = "no_portaudio"
    NO_ALSA = "no_alsa"
    NO_DEVICE = "no_device"
    BUSY = "busy"
    FORMAT = "format"
    GONE = "gone"
    STALLED = "stalled"
    FAILED = "failed"


class DeviceError(AudioError):
    """A sound device cannot be used."""

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.fault = fault


_MESSAGES: Final = {
    Fault.NO_PACKAGE: "Sound devices cannot be reached: the package sounddevice is missing.",
    Fault.NO_PORTAUDIO: "Sound devices cannot be reached: install libportaudio2.",
    Fault.NO_ALSA: "Sound devices cannot be reached: the system's sound (ALSA) is not set up.",
    Fault.NO_DEVICE: "There is no {what}: plug one in, or choose another. You can still type.",
    Fault.BUSY: "Another program has the {what}: close it, or choose another {what}.",
    Fault.FORMAT: "The {what} supports no format that I can use: choose another.",
    Fault.GONE: "The {what} is gone: plug it in again, or choose another.",
    Fault.STALLED: "The {what} has stopped: the system may have suspended it. I'll keep trying.",
    Fault.FAILED: "The {what} cannot be opened. I'll keep trying; you can also choose another.",
}


def fallback_message(name: str, what: str) -> str:
    """One line saying that the system default replaces a device.

    Args:
        name: The device that was chosen.
        what: "microphone" or "loudspeaker".
    """
    return f"The {what} “{name}” is missing: your system default takes over until it is back."


def fault_message(fault: Fault, what: str) -> str:
    """One line saying what is wrong and what to do next.

    Args:
        fault: What is wrong.
        what: "microphone" or "loudspeaker".
    """
    return _MESSAGES[fault].format(what=what)
