"""What a loudspeaker gives its device, asked for by hand: to the sample, and whoever is first."""

from types import SimpleNamespace

import numpy as np
import pytest

from audio import codec
from audio.constants import FRAME_SAMPLES, OPUS_RATE_HZ
from audio.devices import loudspeaker
from audio.devices.loudspeaker import Loudspeaker
from audio.opus import OpusDecoder
from audio.playout_queue import PlayoutQueue
from audio.samples import FULL_SCALE
from tests.waiting import until_true

FADE = 240
AHEAD = 3 * FRAME_SAMPLES
STATUS = SimpleNamespace(output_underflow=False)
NOW_S = 100.0
LATENCY_S = 0.05


class Device:
    """A loudspeaker whose device asks when the test says so."""

    def __init__(self, monkeypatch, *, channels=1):
        stream = SimpleNamespace(
            active=True, latency=LATENCY_S, abort=lambda: None, close=lambda: None
        )
        monkeypatch.setattr(
            loudspeaker, "open_stream", lambda *_, **__: (stream, OPUS_RATE_HZ, channels)
        )
        monkeypatch.setattr(loudspeaker, "close_stream", lambda one: one.close())
        self.channels = channels
        self.playout = PlayoutQueue()
        self.speaker = Loudspeaker(None, self.playout, lambda: NOW_S)
        self.ring = self.speaker._ring

    def asks(self, blocks: int = 1) -> np.ndarray:
        """What it is given: 20 ms each."""
        given = []
        for _ in range(blocks):
            out = bytearray(2 * FRAME_SAMPLES * self.channels)
            self.speaker._called(memoryview(out), FRAME_SAMPLES, None, STATUS)
            given.append(np.frombuffer(bytes(out), np.int16))
        return np.concatenate(given)

    def is_fed(self) -> bool:
        return self.ring.waiting > AHEAD - FRAME_SAMPLES

    def is_full(self) -> bool:
        """Whether nothing more is decoded until the device asks."""
        return self.ring.waiting > AHEAD


@pytest.fixture
def device(monkeypatch):
    device = Device(monkeypatch)
    yield device
    device.speaker.close()


def packets(seed: int, blocks: int = 40):
    noise = np.random.default_rng(seed).normal(0, 0.1, blocks * FRAME_SAMPLES).astype(np.float32)
    return codec.encode(noise, OPUS_RATE_HZ).packets


def decoded(stream) -> np.ndarray:
    decoder = OpusDecoder(OPUS_RATE_HZ)
    whole = np.concatenate([decoder.decode(packet) for packet in stream])
    return (np.clip(whole, -1, 1) * (FULL_SCALE - 1)).astype(np.int16)


def test_it_plays_what_was_decoded_and_fades_in(device):
    assert not device.asks().any()
    device.playout.add(1, packets(1))
    until_true(device.is_fed)
    given = device.asks(3)
    whole = decoded(packets(1))
    assert np.array_equal(given[FADE:], whole[FADE : len(given)])
    assert abs(int(given[0])) <= abs(int(whole[0]))
    assert device.ring.waiting <= AHEAD + FRAME_SAMPLES


def test_what_is_held_falls_silent_at_once_and_goes_on_without_a_loss(device):
    device.playout.add(1, packets(1))
    until_true(device.is_fed)
    before = device.asks(2)
    device.playout.hold()
    silence = device.asks(3)
    assert silence[:FADE].any()
    assert not silence[FADE:].any()
    device.playout.release()
    after = device.asks(1)
    whole = decoded(packets(1))
    assert np.array_equal(before[FADE:], whole[FADE : 2 * FRAME_SAMPLES])
    assert np.array_equal(after[FADE:], whole[2 * FRAME_SAMPLES + FADE : 3 * FRAME_SAMPLES])


def test_what_follows_what_was_thrown_away_is_whole(device):
    """Also when it is decoded before the device has asked again."""
    whole = decoded(packets(2, 4))
    for ask in range(0, 20, 2):
        device.playout.add(ask, packets(1))
        until_true(device.is_fed)
        device.asks(1 + ask % 3)
        written = device.ring.written
        device.playout.flush()
        device.playout.add(ask + 1, packets(2, 4))
        if ask % 4:
            until_true(lambda since=written: device.ring.written > since or device.is_full())
        faded = device.asks()
        if faded[:FADE].any():  # the old one was still sounding
            assert not faded[FADE:].any()
        heard = np.concatenate((faded, *(next_block(device) for _ in range(4))))
        first = int(np.flatnonzero(np.abs(heard[FRAME_SAMPLES:]) > 0)[0])
        begins = (first // FRAME_SAMPLES + 1) * FRAME_SAMPLES
        length = len(heard) - begins
        assert np.array_equal(heard[begins + FADE :], whole[FADE:length])
        until_true(lambda: not device.asks().any() and device.playout.progress().drained)


def next_block(device) -> np.ndarray:
    until_true(lambda: device.ring.waiting >= FRAME_SAMPLES)
    return device.asks()


def test_nothing_of_what_was_thrown_away_comes_back(device):
    device.playout.add(1, packets(1))
    until_true(device.is_fed)
    device.asks(2)
    device.playout.flush()
    device.asks()
    until_true(lambda: not device.playout.wait(0))  # it has come for more, and there was nothing
    assert not device.asks(5).any()


def test_it_says_when_the_first_of_an_answer_sounds(device):
    device.playout.add(7, packets(1))
    until_true(device.is_fed)
    assert device.playout.progress().first_s == NOW_S + LATENCY_S


def test_all_channels_get_the_same(monkeypatch):
    device = Device(monkeypatch, channels=2)
    device.playout.add(1, packets(1))
    until_true(device.is_fed)
    left, right = device.asks(2).reshape(-1, 2).T
    assert left.any()
    assert np.array_equal(left, right)
    device.speaker.close()


def test_the_canceller_is_told_what_was_played(device):
    device.playout.add(1, packets(1))
    until_true(device.is_fed)
    given = device.asks(2)
    assert np.array_equal(np.concatenate([sound for sound, _ in device.speaker.played()]), given)
    assert device.speaker.played() == []


def test_a_damaged_packet_ends_nothing(device):
    good = packets(1)
    device.playout.add(1, [*good[:5], b"\xff" * 5, *good[5:]])
    heard = np.concatenate([next_block(device) for _ in range(12)])
    assert heard[10 * FRAME_SAMPLES :].any()
