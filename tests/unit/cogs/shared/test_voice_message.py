"""Speech as a voice message."""

import base64

import numpy as np
import pytest

from audio import codec, ogg
from bot.contract import Audio
from bot.errors import BadInput
from cogs.shared.voice_message import prepare


def sound(seconds: float) -> np.ndarray:
    quiet_then_loud = np.linspace(0, 1, int(seconds * 16_000))
    return (np.sin(np.arange(len(quiet_then_loud)) / 10) * quiet_then_loud).astype(np.float32)


def wire(data: bytes) -> Audio:
    return Audio(data=base64.b64encode(data).decode())


@pytest.mark.parametrize("seconds", [0.5, 3.0, 60.0])
async def test_the_waveform_follows_the_sound(seconds: float) -> None:
    spoken = await prepare(wire(codec.wav(sound(seconds), 16_000)))
    points = base64.b64decode(spoken.waveform)
    assert 1 <= len(points) <= 256
    assert max(points) == 255
    assert points[0] < points[-1]
    assert spoken.seconds == pytest.approx(seconds, abs=0.1)
    assert spoken.data.startswith(b"OggS")


async def test_ogg_opus_is_sent_as_it_is() -> None:
    data = ogg.mux(codec.encode(sound(1), 16_000))
    assert (await prepare(wire(data))).data == data


async def test_what_is_no_sound_is_refused() -> None:
    with pytest.raises(BadInput):
        await prepare(wire(b"no sound at all"))
