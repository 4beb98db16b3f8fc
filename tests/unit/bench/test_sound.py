import numpy as np
import pytest

from tests.bench.quality import sound

RATE = sound.RATE


def rms(samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


@pytest.mark.parametrize("db", [0.0, 10.0, 20.0])
def test_noise_is_so_much_fainter_than_the_voice(db):
    voice = np.sin(np.arange(RATE) / 5).astype(np.float32)
    said = np.concatenate([np.zeros(RATE, np.float32), voice])
    noise = np.random.default_rng(1).standard_normal(RATE // 2).astype(np.float32)
    heard = sound.beside(said, noise, db)
    assert heard.dtype == np.float32
    ratio = 20 * np.log10(rms(voice) / rms(heard[:RATE]))
    assert ratio == pytest.approx(db, abs=0.3)


def test_babble_has_each_voice_as_loud_as_the_others():
    low, high = (np.sin(2 * np.pi * hz * np.arange(RATE) / RATE) for hz in (200, 1_000))
    heard = np.abs(np.fft.rfft(sound.babble([low, 0.1 * high], 1.0)))
    assert heard[200] == pytest.approx(heard[1_000], rel=0.01)


def test_noises_are_sound_as_a_microphone_has_it_and_the_same_in_each_run():
    first, second = sound.noises(2.0), sound.noises(2.0)
    assert len(first) >= 5
    for name, samples in first.items():
        assert len(samples) == 2 * RATE
        assert samples.dtype == np.float32
        assert 0 < np.abs(samples).max() <= 1.0, name
        assert np.array_equal(samples, second[name])
