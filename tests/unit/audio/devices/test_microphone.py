"""What a microphone makes of what its device gives, called by hand: blocks, and their times."""

from types import SimpleNamespace

import numpy as np
import pytest

from audio.constants import FRAME_SAMPLES, OPUS_RATE_HZ
from audio.devices import microphone
from audio.devices.microphone import Microphone

FINE = SimpleNamespace(input_overflow=False)


class Device:
    """A microphone whose device calls when the test says so."""

    def __init__(self, monkeypatch):
        stream = SimpleNamespace(active=True, latency=0.05, abort=lambda: None, close=lambda: None)
        monkeypatch.setattr(microphone, "open_stream", lambda *_, **__: (stream, OPUS_RATE_HZ, 1))
        self.now_s = 100.0
        self.ear = Microphone(None, lambda: self.now_s)

    def gives(self, samples, *, age_s=0.0, status=FINE):
        """A callback whose last sample is so old."""
        began_s = self.now_s - age_s - len(samples) / OPUS_RATE_HZ
        time = SimpleNamespace(currentTime=self.now_s, inputBufferAdcTime=began_s)
        self.ear._called(np.asarray(samples, np.int16).tobytes(), len(samples), time, status)


@pytest.fixture
def device(monkeypatch):
    return Device(monkeypatch)


def test_each_block_has_the_time_of_its_last_sample(device):
    device.gives(np.arange(3 * FRAME_SAMPLES), age_s=0.05)
    blocks = device.ear.pull()
    assert [at_s for _, at_s in blocks] == pytest.approx([99.91, 99.93, 99.95])
    heard = np.concatenate([sound for sound, _ in blocks]) * 32768
    assert np.array_equal(np.round(heard), np.arange(3 * FRAME_SAMPLES))
    assert device.ear.called_s == 100.0


def test_what_fills_no_block_waits_for_the_rest(device):
    device.gives(np.ones(FRAME_SAMPLES + 300))
    assert len(device.ear.pull()) == 1
    device.now_s += 0.02
    device.gives(np.ones(FRAME_SAMPLES - 300))
    [(sound, at_s)] = device.ear.pull()
    assert len(sound) == FRAME_SAMPLES
    assert at_s == pytest.approx(100.02)


@pytest.mark.parametrize("age_s", [-0.3, 1.5, 1e6])
def test_a_time_that_cannot_be_is_the_driver_s_nonsense(device, age_s):
    device.gives(np.ones(FRAME_SAMPLES), age_s=age_s)
    assert [at_s for _, at_s in device.ear.pull()] == [100.0]


def test_for_a_reader_that_is_late_the_oldest_go(device):
    for number in range(510):
        device.gives(np.full(FRAME_SAMPLES, number))
    blocks = device.ear.pull()
    assert len(blocks) == 500
    assert round(float(blocks[0][0][0]) * 32768) == 10
    assert device.ear.lost == device.ear.xruns == 10
