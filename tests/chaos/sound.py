"""A short tone: what Penny says in place of words."""

import base64
from typing import Final

import numpy as np

from audio import codec, ogg
from audio.constants import OPUS_RATE_HZ

TONE_S: Final = 0.6


def _tone() -> str:
    wave = np.sin(np.arange(int(TONE_S * OPUS_RATE_HZ)) / 20).astype(np.float32) / 2
    return base64.b64encode(ogg.mux(codec.encode(wave, OPUS_RATE_HZ))).decode()


TONE: Final = _tone()
"""Ogg Opus, as base64."""
