"""Slower, faster, louder and quieter speech, from packets to packets."""

import numpy as np
import pytest

from audio import codec
from audio.constants import FRAME_MS, OPUS_RATE_HZ
from audio.manner import Manner
from audio.opus import OpusDecoder
from audio.samples import Samples
from audio.speech_effects import SpeechEffects

SECONDS = 1.0
PITCH_HZ = 440
TONE = np.sin(np.arange(int(SECONDS * OPUS_RATE_HZ)) * 2 * np.pi * PITCH_HZ / OPUS_RATE_HZ)
SOUND = (0.1 * TONE).astype(np.float32)
PACKETS = codec.encode(SOUND, OPUS_RATE_HZ).packets


def changed(manner: Manner, *, step: int = 7) -> tuple[bytes, ...]:
    effects = SpeechEffects(manner)
    made: list[bytes] = []
    for at in range(0, len(PACKETS), step):
        made += effects.take(PACKETS[at : at + step])
    return (*made, *effects.finish())


def heard(packets: tuple[bytes, ...]) -> Samples:
    decoder = OpusDecoder(OPUS_RATE_HZ)
    sound: Samples = np.concatenate([decoder.decode(packet) for packet in packets])
    return sound


@pytest.mark.parametrize("tempo", [0.6, 0.8, 1.25, 1.75])
def test_the_tempo_changes_and_the_pitch_does_not(tempo: float) -> None:
    packets = changed(Manner(tempo, 0.0))
    assert len(packets) * FRAME_MS / 1000 == pytest.approx(SECONDS / tempo, abs=0.06)
    middle = heard(packets)[9_600:28_800]
    loudest = np.abs(np.fft.rfft(middle)).argmax() * OPUS_RATE_HZ / len(middle)
    assert loudest == pytest.approx(PITCH_HZ, rel=0.02)


@pytest.mark.parametrize("gain_db", [-18.0, -6.0, 6.0, 12.0])
def test_the_volume_changes(gain_db: float) -> None:
    middle = heard(changed(Manner(1.0, gain_db)))[9_600:28_800]
    by = np.sqrt(np.mean(middle**2) / np.mean(SOUND**2))
    assert 20 * np.log10(by) == pytest.approx(gain_db, abs=0.5)


def test_what_is_made_too_loud_does_not_clip() -> None:
    loud = codec.encode((0.9 * TONE).astype(np.float32), OPUS_RATE_HZ).packets
    effects = SpeechEffects(Manner(1.0, 12.0))
    packets = (*effects.take(loud), *effects.finish())
    assert np.abs(heard(packets)).max() < 1.1


def test_damaged_packets_are_silence() -> None:
    effects = SpeechEffects(Manner(1.0, 6.0))
    packets = (*effects.take([b"", b"\xff" * 40, *PACKETS[:5]]), *effects.finish())
    assert packets


def test_nothing_in_nothing_out() -> None:
    assert SpeechEffects(Manner(0.8, 0.0)).finish() == ()
