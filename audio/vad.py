"""Voice activity detection: how likely a window is speech, for many speakers at once.

The model is silero-vad (https://github.com/snakers4/silero-vad, MIT) on onnxruntime. Its graph
takes `input` [B, 64 + 512] (the end of the previous window, then the window), `state` [2, B, 128]
and `sr`, and returns `output` [B, 1] and the next state. Measured: 156 µs for one speaker, 80 µs
each for sixteen; a silent window costs nothing, because a gate keeps it from the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples

WINDOW: Final = 512
"""Samples per window, at 16 kHz."""
WINDOW_MS: Final = WINDOW * 1000 // SPEECH_RATE_HZ
_CONTEXT: Final = 64
_STATE: Final = 128

_GATE_RMS: Final = 10 ** (-72 / 20)
"""Below -72 dBFS there is no voice: a very quiet one is at -60."""

_UNLIKELY: Final = 0.1
_RESET_AFTER: Final = 2_000 // WINDOW_MS
_UNLIKELY_RUN: Final = 5


def _zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)


@dataclass(slots=True)
class VadMemory:
    """The model's state for one speaker.

    Music and long noise leave the model half deaf to the speech after them, so the state is reset
    every two seconds while there clearly is no voice (as pipecat discovered, and does).
    """

    state: NDArray[np.float32] = field(default_factory=lambda: _zeros(2, _STATE))
    context: Samples = field(default_factory=lambda: _zeros(_CONTEXT))
    _age: int = 0
    _unlikely: int = 0

    def wipe(self) -> None:
        """Reset: the next window has nothing to do with the last."""
        self.state = _zeros(2, _STATE)
        self.context = _zeros(_CONTEXT)
        self._age = self._unlikely = 0

    def note(self, probability: float) -> None:
        """Count a window, and reset when it is time."""
        self._age += 1
        self._unlikely = self._unlikely + 1 if probability < _UNLIKELY else 0
        if self._age >= _RESET_AFTER and self._unlikely >= _UNLIKELY_RUN:
            self.wipe()


class Vad:
    """The detector (`silero_vad.onnx`). It keeps no state of speakers, and is thread-safe."""

    def __init__(self, model: Path) -> None:
        import onnxruntime  # noqa: PLC0415  (loads a large library)

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._rate = np.array(SPEECH_RATE_HZ, np.int64)

    def probabilities(
        self, windows: Sequence[Samples], memories: Sequence[VadMemory]
    ) -> list[float]:
        """How likely each window is speech.

        Args:
            windows: One per speaker, shape (512,), 16 kHz.
            memories: The same speakers' memories, in the same order; updated in place.

        Returns:
            From 0 to 1, in the order of the windows.
        """
        audible = [i for i, window in enumerate(windows) if not _is_silent(window)]
        probabilities = [0.0] * len(windows)
        if audible:
            likely = self._run([windows[i] for i in audible], [memories[i] for i in audible])
            for i, probability in zip(audible, likely, strict=True):
                probabilities[i] = probability
        for memory, probability in zip(memories, probabilities, strict=True):
            memory.note(probability)
        return probabilities

    def _run(self, windows: Sequence[Samples], memories: Sequence[VadMemory]) -> list[float]:
        sound = np.empty((len(windows), _CONTEXT + WINDOW), np.float32)
        state = np.empty((2, len(windows), _STATE), np.float32)
        for i, (window, memory) in enumerate(zip(windows, memories, strict=True)):
            sound[i, :_CONTEXT] = memory.context
            sound[i, _CONTEXT:] = window
            state[:, i] = memory.state
        output, state = self._session.run(None, {"input": sound, "state": state, "sr": self._rate})
        for i, memory in enumerate(memories):
            memory.state = state[:, i]
            memory.context = sound[i, -_CONTEXT:]
        return [float(p) for p in output[:, 0]]


def _is_silent(window: Samples) -> bool:
    return bool(np.dot(window, window) < _GATE_RMS**2 * WINDOW)
