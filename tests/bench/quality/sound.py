"""Noises that nobody speaks in, babble, and speech beside them; 16 kHz, the same in each run."""

from collections.abc import Sequence

import numpy as np

from audio.constants import SPEECH_RATE_HZ as RATE
from audio.samples import Samples

VOICE = 0.01
"""From here on a sample of a synthetic voice is voice, and not its silence."""


def noises(seconds: float) -> dict[str, Samples]:
    """Sounds of a room in which nobody speaks, by name."""
    dice = np.random.default_rng(5)
    count = round(seconds * RATE)
    made = {
        "hiss": _scaled(dice.standard_normal(count), 0.03),
        "fan": _scaled(_rumble(dice, count) + 0.5 * _tone(count, 100.0), 0.05),
        "keyboard": _strokes(dice, count, each_s=0.18, decay_s=0.006),
        "knocks": _strokes(dice, count, each_s=1.1, decay_s=0.05, rumbles=True),
        "breath": _breath(dice, count),
        "music": _scaled(_music(count), 0.08),
    }
    return {name: sound.astype(np.float32) for name, sound in made.items()}


def babble(voices: Sequence[Samples], seconds: float) -> Samples:
    """Several voices at once, equally loud, each beginning elsewhere in what it says."""
    count = round(seconds * RATE)
    together = np.zeros(count)
    for number, voice in enumerate(voices):
        turned = np.roll(voice, -number * len(voice) // len(voices))
        together += np.resize(turned, count) / _rms(voice)
    return _scaled(together, 0.1).astype(np.float32)


def beside(said: Samples, noise: Samples, db: float, *, start_s: float = 0.0) -> Samples:
    """Speech with noise that is fainter than it by so many decibels.

    Args:
        said: Speech; only where it is voice counts for its loudness.
        noise: Repeated as often as needed.
        db: How much fainter the noise is.
        start_s: Where in the noise to begin.
    """
    turned = np.roll(noise, -round(start_s * RATE))
    background = np.resize(turned, len(said)) / _rms(noise)
    loud = said[np.abs(said) > VOICE]
    return (said + background * _rms(loud) / 10 ** (db / 20)).astype(np.float32)


def _rms(sound: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if len(sound) else 0.0


def _scaled(sound: Samples, rms: float) -> Samples:
    return sound * (rms / _rms(sound))


def _tone(count: int, hz: float) -> Samples:
    return np.sin(2 * np.pi * hz * np.arange(count) / RATE)


def _rumble(dice: np.random.Generator, count: int) -> Samples:
    """Noise below some 200 Hz."""
    sound = np.convolve(dice.standard_normal(count), np.hanning(RATE // 200), "same")
    return sound / _rms(sound)


def _strokes(
    dice: np.random.Generator, count: int, *, each_s: float, decay_s: float, rumbles: bool = False
) -> Samples:
    """Short bursts, now and then."""
    sound = np.zeros(count)
    length = round(8 * decay_s * RATE)
    fading = np.exp(-np.arange(length) / (decay_s * RATE))
    at = 0
    while (at := at + round(dice.uniform(0.4, 1.6) * each_s * RATE)) + length < count:
        burst = _rumble(dice, length) if rumbles else dice.standard_normal(length)
        sound[at : at + length] += burst * fading * dice.uniform(0.1, 0.3)
    return np.clip(sound, -1, 1)


def _breath(dice: np.random.Generator, count: int) -> Samples:
    """Into the microphone, every four seconds."""
    noise = np.convolve(dice.standard_normal(count), np.hanning(12), "same")
    seconds = np.arange(count) / RATE % 4.0
    swell = np.where(seconds < 1.2, np.sin(np.pi * np.minimum(seconds, 1.2) / 1.2) ** 2, 0.0)
    return _scaled(noise * swell, 0.04)


def _music(count: int) -> Samples:
    """Chords that change, with overtones and vibrato."""
    seconds = np.arange(count) / RATE
    vibrato = 0.4 * np.sin(2 * np.pi * 5 * seconds)
    chords = ((220, 277, 330), (196, 247, 294), (175, 220, 262), (165, 208, 247))
    number = (seconds // 1.5).astype(int) % len(chords)
    sound = np.zeros(count)
    for one, notes in enumerate(chords):
        for hz in notes:
            for overtone in (1, 2, 3):
                wave = np.sin(2 * np.pi * hz * overtone * seconds + vibrato * overtone)
                sound += np.where(number == one, wave / overtone, 0.0)
    return sound * (1 - 0.6 * (seconds % 1.5) / 1.5)
