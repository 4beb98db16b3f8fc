"""Opus packets to mono audio through libopus, directly at the rate of speech models (16 kHz).

The decoder itself converts to any rate and to mono, which is twice as fast as decoding to 48 kHz
stereo and resampling. The library is the one in PyAV's wheels, or else the system's.
Source: https://opus-codec.org/docs/opus_api-1.5/group__opus__decoder.html
"""

import ctypes
import ctypes.util
import importlib.util
import weakref
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from audio.constants import FRAME_SAMPLES, MAX_PACKET_MS, OPUS_RATE_HZ, SPEECH_RATE_HZ
from audio.errors import AudioError
from audio.samples import Samples

_FLOATS: Final = ctypes.POINTER(ctypes.c_float)


class OpusMissing(AudioError):
    """This machine has no libopus."""


def _bundled() -> Iterator[str]:
    """Where PyAV's wheels for Linux, macOS and Windows keep libopus."""
    spec = importlib.util.find_spec("av")
    if spec is None or spec.origin is None:
        return
    package = Path(spec.origin).parent
    for folder in (package.parent / "av.libs", package / ".dylibs"):
        yield from sorted(str(path) for path in folder.glob("*opus*"))


def _candidates() -> Iterator[str]:
    yield from _bundled()
    if name := ctypes.util.find_library("opus"):
        yield name


@cache
def _libopus() -> ctypes.CDLL:
    for name in _candidates():
        try:
            library = ctypes.CDLL(name)
            _declare(library)
        except (OSError, AttributeError):  # for another machine, or a plug-in of another library
            continue
        return library
    raise OpusMissing("There is no libopus: install the package `av` as a wheel, or libopus0.")


def _declare(library: ctypes.CDLL) -> None:
    library.opus_decoder_create.argtypes = [
        ctypes.c_int32,
        ctypes.c_int,
        ctypes.POINTER(ctypes.c_int),
    ]
    library.opus_decoder_create.restype = ctypes.c_void_p
    library.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
    library.opus_decoder_destroy.restype = None
    library.opus_decode_float.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_int32,
        _FLOATS,
        ctypes.c_int,
        ctypes.c_int,
    ]
    library.opus_decode_float.restype = ctypes.c_int
    library.opus_strerror.argtypes = [ctypes.c_int]
    library.opus_strerror.restype = ctypes.c_char_p


class OpusDecoder:
    """One stream's decoder: its output for a packet depends on the packets before.

    Not thread-safe. Freed by `close`, or when it is garbage collected.

    Args:
        rate_hz: The output rate: 8, 12, 16, 24 or 48 kHz.

    Raises:
        OpusMissing: This machine has no libopus.
    """

    def __init__(self, rate_hz: int = SPEECH_RATE_HZ) -> None:
        self._lib = _libopus()
        self._down = OPUS_RATE_HZ // rate_hz
        self._most = rate_hz * MAX_PACKET_MS // 1000
        self._step = rate_hz // 400  # libopus conceals multiples of 2.5 ms
        error = ctypes.c_int()
        state = self._lib.opus_decoder_create(rate_hz, 1, ctypes.byref(error))
        if not state:
            raise AudioError(f"libopus cannot make a decoder: {self._reason(error.value)}.")
        self._state: int | None = state
        self._free = weakref.finalize(self, self._lib.opus_decoder_destroy, state)
        self._buffer = np.empty(self._most, np.float32)
        self._pointer = self._buffer.ctypes.data_as(_FLOATS)

    def decode(self, packet: bytes) -> Samples:
        """Decode a packet; at 16 kHz, 20 ms are 320 samples.

        Raises:
            AudioError: It is not an Opus packet, or is damaged.
        """
        if not packet:  # libopus would treat it as a loss
            raise AudioError("An Opus packet cannot be empty.")
        return self._decode(packet, self._most, fec=0)

    def conceal(self, samples_48k: int, following: bytes = b"") -> Samples:
        """Guess what was in a gap; a long one fades to silence.

        Args:
            samples_48k: How much is missing, in samples at 48 kHz.
            following: The packet after the gap, if it is known. It may carry the end of the gap in
                lower quality (in-band FEC). It must still be decoded itself.

        Returns:
            A multiple of 2.5 ms.
        """
        left = samples_48k // self._down // self._step * self._step
        again = min(left, FRAME_SAMPLES // self._down) if following else 0
        pieces = []
        while left > again:
            step = min(left - again, self._most)
            pieces.append(self._decode(None, step, fec=0))
            left -= step
        if again:
            pieces.append(self._recover(following, again))
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def close(self) -> None:
        """Free its memory; afterwards it is unusable."""
        self._state = None
        self._free()

    def _recover(self, following: bytes, samples: int) -> Samples:
        try:
            return self._decode(following, samples, fec=1)
        except AudioError:
            return self._decode(None, samples, fec=0)

    def _decode(self, packet: bytes | None, room: int, *, fec: int) -> Samples:
        if self._state is None:
            raise AudioError("The decoder is closed.")
        size = len(packet) if packet else 0
        made = self._lib.opus_decode_float(self._state, packet, size, self._pointer, room, fec)
        if made < 0:
            raise AudioError(f"This is not an Opus packet: {self._reason(made)}.")
        return self._buffer[:made].copy()

    def _reason(self, code: int) -> str:
        text: bytes = self._lib.opus_strerror(code)
        return text.decode("ascii", "replace")
