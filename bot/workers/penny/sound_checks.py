"""Checks the sound that a server calls speech, as it comes. Pure.

A voice in somebody's headphones must not be noise at full scale, or go on for an hour.
"""

from typing import Final

import numpy as np

from audio.samples import Pcm

_FIRST_S, _NEXT_S = 0.2, 0.5
"""How much is passed on at once. Speech begins with the first; fewer pieces cost less."""
_MIN_LIMIT_S, _S_PER_CHAR = 15.0, 0.35
"""How long a text may sound; the slowest voices take a quarter."""
_SILENT: Final = 8
"""A sample of at most this is silence."""
_LOUD_RMS: Final = 9_000
_LIKE_NOISE: Final = 0.3
"""Noise has no likeness to itself a sample later; speech at 24 kHz has over 0.8."""
_MIN_NOISE_S: Final = 0.1


class NotSpeechError(Exception):
    """The sound is not speech; the message says what, as the end of a sentence."""


class SpeechChecks:
    """The checks of one sound."""

    def __init__(self, text: str) -> None:
        self._limit_s = _MIN_LIMIT_S + len(text) * _S_PER_CHAR
        self._held: list[Pcm] = []
        self._held_count = 0
        self._count = 0
        self._has_sound = False
        self._is_begun = False

    def take(self, pcm: Pcm, rate_hz: int) -> Pcm:
        """Return what may be played now; empty: not enough has come.

        Raises:
            NotSpeechError: It is noise, or too long.
        """
        self._count += len(pcm)
        if self._count > self._limit_s * rate_hz:
            raise NotSpeechError("its sound does not end")
        if not self._has_sound:
            loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > _SILENT)
            if not loud.size:
                return pcm[:0]
            self._has_sound, pcm = True, pcm[max(0, int(loud[0]) - rate_hz // 50) :]
        self._held.append(pcm)
        self._held_count += len(pcm)
        enough_s = _NEXT_S if self._is_begun else _FIRST_S
        return self._passed(rate_hz) if self._held_count >= enough_s * rate_hz else pcm[:0]

    def finish(self, rate_hz: int) -> Pcm:
        """Return the rest.

        Raises:
            NotSpeechError: There was no sound, or only silence, or noise.
        """
        if not self._count:
            raise NotSpeechError("it sent no sound")
        if not self._has_sound:
            raise NotSpeechError("it sent only silence")
        return self._passed(rate_hz)

    def _passed(self, rate_hz: int) -> Pcm:
        found = np.concatenate([np.zeros(0, np.int16), *self._held])
        self._held, self._held_count = [], 0
        if not self._is_begun and len(found) >= _MIN_NOISE_S * rate_hz and _is_noise(found):
            raise NotSpeechError("it sent noise")
        self._is_begun = self._is_begun or len(found) > 0
        return found


def _is_noise(pcm: Pcm) -> bool:
    wave = pcm.astype(np.float64)
    power = float(np.mean(wave**2))
    likeness = float(np.mean(wave[1:] * wave[:-1])) / power if power else 1.0
    return power > _LOUD_RMS**2 and likeness < _LIKE_NOISE
