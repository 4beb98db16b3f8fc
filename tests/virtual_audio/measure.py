"""How alike two sounds are."""

import numpy as np


def lag_of(said: np.ndarray, heard: np.ndarray) -> int:
    """Where in `heard` it sounds most like `said`, in samples."""
    size = 1 << int(np.ceil(np.log2(len(heard) + len(said))))
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[: len(heard)]))


def intact(heard: np.ndarray, said: np.ndarray, over_db: float, piece: int = 4_800) -> float:
    """How much of `said` is in `heard` with so little wrong, looked for in pieces: 0 to 1."""
    pieces = [said[at : at + piece] for at in range(0, len(said) - piece, piece)]
    loud = [sound for sound in pieces if rms_db(sound) > rms_db(said) - 15]
    return sum(_nearest_db(heard, sound) > over_db for sound in loud) / len(loud)


def _nearest_db(heard: np.ndarray, said: np.ndarray) -> float:
    """How much louder `said` is than what is wrong with the place in `heard` that differs least.

    `lag_of` would take a louder place where a voice sounds alike.
    """
    size = 1 << int(np.ceil(np.log2(len(heard) + len(said))))
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    alike = np.fft.irfft(spectrum, size)[: len(heard) - len(said)]
    energy = np.cumsum(np.concatenate(([0.0], heard.astype(np.float64) ** 2)))
    wrong = energy[len(said) : len(heard)] - energy[: len(heard) - len(said)] - 2 * alike
    at = int(np.argmin(wrong))
    error = float(np.sum((heard[at : at + len(said)] - said) ** 2))
    return 10 * float(np.log10(np.sum(said**2) / max(error, 1e-12)))


def rms_db(sound: np.ndarray) -> float:
    """How loud, in decibels below full scale."""
    return 20 * float(np.log10(max(1e-7, float(np.sqrt(np.mean(sound**2))))))
