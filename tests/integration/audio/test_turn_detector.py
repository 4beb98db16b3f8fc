"""Smart Turn's features and its judgement of real speech."""

import threading
from pathlib import Path

import numpy as np
import pytest

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from audio.turn_detector import TurnDetector, log_mel

RATE = SPEECH_RATE_HZ


# transformers' own features of `sweep`, every 16th band at every 160th step.
GOLDEN = [
    [-0.1702, -0.1702, -0.0029, -0.1677, -0.1698],
    [-0.1880, -0.1880, 0.0419, -0.1880, -0.1880],
    [-0.1880, -0.1880, -0.1880, -0.1880, -0.1880],
    [-0.1880, -0.1880, -0.1880, 0.3251, -0.1880],
    [-0.1880, -0.1880, -0.1880, -0.1880, -0.0641],
]


def sweep():
    """Five seconds of a rising tone that swells three times a second."""
    time = np.arange(5 * RATE) / RATE
    swelling = (1 + np.sin(2 * np.pi * 3 * time)) / 2
    return (0.3 * swelling * np.sin(2 * np.pi * (100 + 700 * time) * time)).astype(np.float32)


@pytest.fixture(scope="module")
def turns(weights):
    detector = TurnDetector(weights("smart-turn-v3.2") / "model.onnx")
    yield detector
    detector.close()


def test_features_of_a_tone_are_where_it_is() -> None:
    time = np.arange(8 * RATE) / RATE
    features = log_mel(np.sin(2 * np.pi * 1000 * time).astype(np.float32))
    assert features.shape == (80, 800)
    assert features.dtype == np.float32
    # Slaney: 1 kHz is 15 mels, 8 kHz is 15 + 27 ln 8 / ln 6.4 = 45.2; 80 bands have 82 edges.
    assert np.all(features.argmax(0)[5:-5] == round(15 / 45.245 * 81) - 1)
    assert features.max() - features.min() <= 2 + 1e-6  # 8 decades, a quarter of them


def test_features_are_what_transformers_gives() -> None:
    features = log_mel(sweep())
    assert np.allclose(features[::16, ::160], GOLDEN, atol=2e-4)


def test_silence_is_no_error() -> None:
    assert np.all(np.isfinite(log_mel(np.zeros(0, np.float32))))


def test_a_whole_question_sounds_complete(turns, clips: Path) -> None:
    assert turns.completeness(codec.decode(clips / "question.wav", limit_s=60)) > 0.9


def test_a_pause_in_a_sentence_does_not(turns, clips: Path) -> None:
    """ "And so, my fellow Americans, ask not what your country can do for you", and a pause."""
    sound = codec.decode(clips / "jfk.flac", limit_s=60)
    assert turns.completeness(sound[: round(7.85 * RATE)]) < 0.3


def test_it_answers_on_a_thread_of_its_own(turns, clips: Path) -> None:
    sound = codec.decode(clips / "question.wav", limit_s=60)
    asked = turns.ask(sound)
    threads = []
    asked.add_done_callback(lambda _future: threads.append(threading.current_thread()))
    assert asked.result(timeout=20) == turns.completeness(sound)
    assert threading.main_thread() not in threads


def test_a_crowd_is_not_waited_for(turns) -> None:
    asked = [turns.ask(np.zeros(RATE, np.float32)) for _ in range(40)]
    assert 20 < sum(one.cancelled() for one in asked) < 39
    for one in asked:
        if not one.cancelled():
            one.result(timeout=20)
    assert 0 <= turns.ask(np.zeros(RATE, np.float32)).result(timeout=20) <= 1


def test_who_withdraws_a_question_leaves_room(turns) -> None:
    for _ in range(40):
        one = turns.ask(np.zeros(RATE, np.float32))
        one.cancel()
    assert 0 <= turns.ask(np.zeros(RATE, np.float32)).result(timeout=20) <= 1
