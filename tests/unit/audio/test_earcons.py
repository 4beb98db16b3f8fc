"""Cues are short, soft, and packets that Discord takes as they are."""

import numpy as np

from audio import codec, ogg
from audio.constants import FRAME_SAMPLES
from audio.earcons import chime


def test_a_chime_has_its_notes_and_is_soft():
    packets = chime([(660, 100), (0, 60), (880, 100)])
    assert {ogg.packet_samples(packet) for packet in packets} == {FRAME_SAMPLES}
    sound = codec.decode(ogg.mux(ogg.OpusStream(packets)), rate_hz=48_000, limit_s=2)
    assert 0.25 < len(sound) / 48_000 < 0.30
    assert 0.03 < np.abs(sound).max() < 0.1
    for start_ms, hz in ((20, 660), (190, 880)):
        piece = sound[start_ms * 48 : start_ms * 48 + 2880]
        peak = np.abs(np.fft.rfft(piece)).argmax() * 48_000 / len(piece)
        assert abs(peak - hz) < 20
