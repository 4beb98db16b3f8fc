"""What there is to choose from at the desk."""

from typing import Final

from audio.devices.device_errors import DeviceError
from audio.devices.portaudio import DeviceInfo, list_devices
from bot.local_voice.view import AudioDevice

VOICES: Final = (
    AudioDevice(None, "by language"),
    AudioDevice("joe", "Joe (English)"),
    AudioDevice("en", "eSpeak (English)"),
    AudioDevice("es", "eSpeak (Spanish)"),
)
LANGUAGES: Final = (
    AudioDevice(None, "found out from each question"),
    AudioDevice("en", "English"),
    AudioDevice("es", "Spanish"),
    AudioDevice("de", "German"),
    AudioDevice("fr", "French"),
)
_DEFAULT: Final = AudioDevice(None, "system default")


def microphones() -> list[AudioDevice]:
    """The default, and all that can hear."""
    return [_DEFAULT, *(AudioDevice(one.name, one.name) for one in _devices() if one.inputs)]


def loudspeakers() -> list[AudioDevice]:
    """The default, and all that can play."""
    return [_DEFAULT, *(AudioDevice(one.name, one.name) for one in _devices() if one.outputs)]


def _devices() -> list[DeviceInfo]:
    try:
        return list_devices()
    except DeviceError:
        return []
