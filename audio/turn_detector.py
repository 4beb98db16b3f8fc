"""Whether a turn sounds complete, judged by the words, intonation and pace of its last 8 s.

The model is Smart Turn v3.2 (https://github.com/pipecat-ai/smart-turn, BSD-2-Clause) on
onnxruntime: Whisper's log-mel features of 8 s in, a probability out. One run takes about 50 ms of
one core, so it has a thread of its own. It was trained on turns that end in about 0.2 s of silence.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples

MAX_INPUT_MS: Final = 8_000
"""The model takes this much of a turn's end; a shorter turn is padded with silence at the front."""
_SAMPLES: Final = MAX_INPUT_MS * SPEECH_RATE_HZ // 1000
_FFT: Final = 400
_HOP: Final = 160
_MELS: Final = 80
_FLOOR: Final = 1e-10
_RANGE: Final = 8.0
"""In decades below the loudest value; anything fainter is raised to this floor."""
_MAX_QUEUED: Final = 8
"""Half a second of work. If more people pause at once, time alone decides for the rest."""


class TurnDetector:
    """Smart Turn (`smart-turn-v3.2-cpu.onnx`) on a thread of its own. Thread-safe."""

    def __init__(self, model: Path) -> None:
        import onnxruntime  # noqa: PLC0415  (loads a large library)

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="turn-detector")
        self._slots = threading.Semaphore(_MAX_QUEUED)

    def ask(self, samples: Samples) -> Future[float]:
        """Run `completeness` on the thread.

        Cancel the future if the answer is no longer wanted. If the queue is so long that the answer
        would be useless, the future is cancelled from the start.
        """
        if not self._slots.acquire(blocking=False):
            rejected: Future[float] = Future()
            rejected.cancel()
            return rejected
        answer = self._thread.submit(self.completeness, samples)
        answer.add_done_callback(lambda _answer: self._slots.release())
        return answer

    def completeness(self, samples: Samples) -> float:
        """How likely it is that a turn is complete, from 0 to 1. Takes about 50 ms.

        Args:
            samples: The turn so far, with the pause at its end; 16 kHz. Only the last 8 s count.
        """
        features = log_mel(samples)[None]
        (output,) = self._session.run(None, {"input_features": features})
        return float(output[0, 0])

    def close(self) -> None:
        """End the thread after the current run."""
        self._thread.shutdown(cancel_futures=True)


def log_mel(samples: Samples) -> NDArray[np.float32]:
    """Whisper's features of the last 8 s, shape (80, 800).

    The same as `WhisperFeatureExtractor(chunk_length=8, do_normalize=True)` of transformers, with
    silence before shorter audio: normalised to mean 0 and variance 1, a Hann window of 25 ms
    every 10 ms (edges mirrored), 80 mel bands of Slaney's scale and area, log10 with a floor
    8 decades below the loudest, then (x + 4) / 4.
    """
    sound = np.zeros(_SAMPLES, np.float32)
    last = samples[-_SAMPLES:]
    sound[_SAMPLES - len(last) :] = last
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + np.float32(1e-7))
    window, bands = _tables()
    frames = sliding_window_view(np.pad(sound, _FFT // 2, mode="reflect"), _FFT)[:-1:_HOP]
    spectrum = np.fft.rfft(frames * window, axis=-1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    # Not `bands @ power.T`: for 0.2 ms of work OpenBLAS wakes a thread on every core, and they
    # spin for another 50 ms. This takes 2 ms on one core.
    mel = np.einsum("bf,tf->bt", bands, power)
    logs = np.log10(np.maximum(mel, np.float32(_FLOOR)))
    logs = np.maximum(logs, logs.max() - np.float32(_RANGE))
    features: NDArray[np.float32] = ((logs + 4) / 4).astype(np.float32)
    return features


@cache
def _tables() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The window, shape (400,), and the mel bands' weights, shape (80, 201)."""
    window = np.hanning(_FFT + 1)[:-1]
    edges = _hertz(np.linspace(0.0, _mel(SPEECH_RATE_HZ / 2), _MELS + 2))
    bins = np.linspace(0, SPEECH_RATE_HZ / 2, _FFT // 2 + 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    bands = np.maximum(0, np.minimum(rising, falling)) * (2 / (high - low))
    return window.astype(np.float32), bands.astype(np.float32)


_KNEE_HZ: Final = 1000.0
"""Slaney's scale is linear up to here (15 mels), and logarithmic above."""
_KNEE_MEL: Final = 15.0
_STEP: Final = float(np.log(6.4) / 27)


def _mel(hertz: float) -> float:
    if hertz < _KNEE_HZ:
        return hertz * _KNEE_MEL / _KNEE_HZ
    return _KNEE_MEL + float(np.log(hertz / _KNEE_HZ)) / _STEP


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    straight = mels * _KNEE_HZ / _KNEE_MEL
    return np.where(mels < _KNEE_MEL, straight, _KNEE_HZ * np.exp(_STEP * (mels - _KNEE_MEL)))
