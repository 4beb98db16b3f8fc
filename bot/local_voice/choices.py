"""The voices, languages and devices to choose from."""

from typing import Final

from audio.devices.device_errors import DeviceError
from audio.devices.portaudio import DeviceInfo, list_devices
from bot.local_voice.view import Choice

VOICES: Final = (
    Choice(None, "by language"),
    Choice("joe", "Joe (English)"),
    Choice("en", "eSpeak (English)"),
    Choice("es", "eSpeak (Spanish)"),
)
LANGUAGES: Final = (
    Choice(None, "detected in each question"),
    Choice("en", "English"),
    Choice("es", "Spanish"),
    Choice("de", "German"),
    Choice("fr", "French"),
)
_DEFAULT: Final = Choice(None, "system default")


def microphones() -> list[Choice]:
    """The default, and every device with an input."""
    return [_DEFAULT, *(Choice(one.name, one.name) for one in _devices() if one.inputs)]


def loudspeakers() -> list[Choice]:
    """The default, and every device with an output."""
    return [_DEFAULT, *(Choice(one.name, one.name) for one in _devices() if one.outputs)]


def _devices() -> list[DeviceInfo]:
    try:
        return list_devices()
    except DeviceError:
        return []
