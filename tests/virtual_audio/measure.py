"""How alike two sounds are."""

import numpy as np


def lag_of(said: np.ndarray, heard: np.ndarray) -> int:
    """Where in `heard` it sounds most like `said`, in samples."""
    size = 1 << int(np.ceil(np.log2(len(heard) + len(said))))
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[: len(heard)]))


def aligned(heard: np.ndarray, said: np.ndarray) -> np.ndarray:
    """The stretch of `heard` that fits `said` best, as long as it."""
    lag = lag_of(said, heard)
    return np.pad(heard, (0, len(said)))[lag : lag + len(said)]


def snr_db(heard: np.ndarray, said: np.ndarray) -> float:
    """How much louder `said` is than what is wrong with `heard`, once the two are aligned."""
    fit = aligned(heard, said)
    error = float(np.sum((fit - said) ** 2))
    return 10 * float(np.log10(np.sum(said**2) / max(error, 1e-12)))


def rms_db(sound: np.ndarray) -> float:
    """How loud, in decibels below full scale."""
    return 20 * float(np.log10(max(1e-7, float(np.sqrt(np.mean(sound**2))))))
