"""What is said of devices that cannot be used."""

import pytest

from audio.devices.device_errors import Fault
from audio.devices.duplex import AudioState, SlotState
from bot.extras import extra_command
from bot.i18n import words_for
from bot.local_voice.device_test import trouble

SOUND = {
    Fault.NO_PACKAGE: extra_command("mic"),
    Fault.NO_PORTAUDIO: "libportaudio2",
    Fault.NO_ALSA: "ALSA",
}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("fault", SOUND)
def test_what_is_missing_is_named_once_for_both_devices(fault, language):
    words = words_for(language)
    said = trouble(AudioState(slot(fault), slot(fault)), words)
    assert SOUND[fault] in said
    assert said == trouble(AudioState(slot(fault), slot(None)), words)


def slot(fault: Fault | None) -> SlotState:
    return SlotState(None, fault=fault)
