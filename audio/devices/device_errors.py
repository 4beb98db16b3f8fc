"""What can be wrong with a sound device, and the words for it."""

from enum import StrEnum
from typing import Final

from audio.errors import AudioError


class Fault(StrEnum):
    """What is wrong.

    NO_PORTAUDIO: the library that reaches sound devices is not there. NO_DEVICE: there is none, or
    none of that name. BUSY: another program has it. FORMAT: it takes no sound that we can make.
    GONE: it was there, and is no more. STALLED: it is there, and nothing comes of it.
    FAILED: anything else that the system says.
    """

    NO_PORTAUDIO = "no_portaudio"
    NO_DEVICE = "no_device"
    BUSY = "busy"
    FORMAT = "format"
    GONE = "gone"
    STALLED = "stalled"
    FAILED = "failed"


class DeviceError(AudioError):
    """A sound device cannot be used.

    Attributes:
        fault: Why.
    """

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.fault = fault


_WORDS: Final = {
    Fault.NO_PORTAUDIO: "Sound devices cannot be reached: install libportaudio2.",
    Fault.NO_DEVICE: "There is no {what}: plug one in, or choose another. Typing works.",
    Fault.BUSY: "Another program has the {what}: close it, or choose another {what}.",
    Fault.FORMAT: "The {what} takes no sound that I can use: choose another.",
    Fault.GONE: "The {what} is gone: plug it in again, or choose another.",
    Fault.STALLED: "The {what} has stopped: the system may have suspended it. I keep trying.",
    Fault.FAILED: "The {what} cannot be opened. I keep trying; another can be chosen.",
}


def instead_of(name: str, what: str) -> str:
    """That the system's default has to do, in one line.

    Args:
        name: Of the device that was chosen.
        what: "microphone" or "loudspeaker".
    """
    return f"The {what} “{name}” is not there: the system's default has to do until it is."


def words(fault: Fault, what: str) -> str:
    """What is wrong and what to do next, in one line.

    Args:
        fault: What.
        what: "microphone" or "loudspeaker".
    """
    return _WORDS[fault].format(what=what)
