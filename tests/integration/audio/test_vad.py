"""Voice activity on real speech, noise and tones."""

from pathlib import Path

import numpy as np
import pytest

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from audio.vad import WINDOW, Vad, VadMemory

RATE = SPEECH_RATE_HZ


@pytest.fixture(scope="module")
def vad(weights) -> Vad:
    return Vad(weights("silero-vad") / "model.onnx")


def windows(samples):
    return list(samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW))


def hear(vad: Vad, samples) -> list[float]:
    memory = VadMemory()
    return [vad.probabilities([window], [memory])[0] for window in windows(samples)]


def speech(clips: Path, name: str = "jfk.flac"):
    return codec.decode(clips / name, limit_s=60)


def test_speech_is_heard(vad: Vad, clips: Path) -> None:
    likely = hear(vad, speech(clips))
    assert 0.6 < np.mean(np.array(likely) > 0.5) < 0.95


def test_noise_and_tones_are_no_speech(vad: Vad) -> None:
    rng = np.random.default_rng(1)
    time = np.arange(5 * RATE) / RATE
    noise = rng.normal(0, 0.05, len(time)).astype(np.float32)
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (262, 330, 392))
    chord = (0.1 * chord * (1 + np.sin(2 * np.pi * 2 * time))).astype(np.float32)
    clicks = np.zeros(len(time), np.float32)
    clicks[:: RATE // 3] = 0.9
    for sound in (noise, chord, clicks):
        assert np.mean(np.array(hear(vad, sound)) > 0.5) < 0.05


def test_a_batch_hears_what_each_alone_hears(vad: Vad, clips: Path) -> None:
    sounds = [windows(speech(clips, name)) for name in ("jfk.flac", "vosk_test.wav")]
    sounds.append([np.zeros(WINDOW, np.float32)] * 400)
    memories = [VadMemory() for _ in sounds]
    together = [vad.probabilities(step, memories) for step in zip(*sounds, strict=False)]
    for i, sound in enumerate(sounds):
        alone = hear(vad, np.concatenate(sound[: len(together)]))
        assert np.allclose([step[i] for step in together], alone, atol=1e-4)


def test_silence_does_not_reach_the_model(vad: Vad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vad, "_session", None)
    assert vad.probabilities([np.zeros(WINDOW, np.float32)] * 3, [VadMemory()] * 3) == [0.0] * 3


def test_quiet_speech_passes_the_gate(vad: Vad, clips: Path) -> None:
    sound = speech(clips, "vosk_test.wav")  # a far microphone: -40 dB of full scale
    loud, quiet = (np.array(hear(vad, sound * np.float32(gain))) > 0.5 for gain in (1, 0.1))
    assert (loud == quiet).mean() > 0.9


def test_speech_after_music_is_heard(vad: Vad, clips: Path) -> None:
    time = np.arange(20 * RATE) / RATE
    music = 0.2 * sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277, 330, 440))
    likely = hear(vad, np.concatenate([music.astype(np.float32), speech(clips, "question.wav")]))
    after = np.array(likely[-(len(speech(clips, "question.wav")) // WINDOW) :])
    assert (after > 0.5).sum() * 32 > 1000
