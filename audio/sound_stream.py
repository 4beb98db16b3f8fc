"""Reads sound while it arrives: 16-bit WAV and raw PCM at once, other files when they are whole.

Pure. A WAV header written before its end is known may state any length.
"""

import re
from typing import Final

import numpy as np

from audio.containers import MIN_HEAD_BYTES
from audio.errors import NotAudioError
from audio.riff import PlainWav, plain_wav
from audio.samples import Pcm

USUAL_RATE_HZ: Final = 24_000
"""The rate of raw PCM if nobody states one: that of OpenAI's and Kokoro's voices."""
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000
"""Rates of speech; others are a mistake."""
_PCM: Final = re.compile(r"audio/(?:x-)?(?:pcm|l16|raw)\b", re.IGNORECASE)
_RATE: Final = re.compile(r";\s*rate=(\d{1,7})", re.IGNORECASE)
_WORDS: Final = re.compile(rb"\s*(?:<[!a-zA-Z?]|[{\[]\s*[\"\]}{])")
"""How a web page and JSON begin; as sound, they would be noise."""
_MAX_LEADING_BYTES: Final = 1_000
_MIN_BYTES: Final = 16
_NONE: Final = np.zeros(0, np.int16)


class SoundStream:
    """One sound.

    Args:
        kind: Its content type.
        is_raw: Whether raw PCM was asked for, so that what has no header is that.

    Attributes:
        rate_hz: The rate, once samples have come.
        is_file: Whether it can be read only when it is whole; see `whole`.
    """

    def __init__(self, kind: str, *, is_raw: bool = False) -> None:
        self.is_file = False
        self._is_raw = is_raw or bool(_PCM.match(kind))
        stated = _RATE.search(kind)
        self._raw_rate_hz = int(stated[1]) if stated else USUAL_RATE_HZ
        self._form: PlainWav | None = None
        self._left: int | None = None
        self._held = bytearray()
        self.rate_hz = 0

    @property
    def whole(self) -> bytes:
        """The file so far, if it is one."""
        return bytes(self._held)

    def feed(self, data: bytes) -> Pcm:
        """Return the samples that are there now.

        Raises:
            NotAudioError: It is something else, or at a rate that speech does not have.
        """
        self._held += data
        if self._form is None and not self._begin(is_all=False):
            return _NONE
        return self._samples()

    def finish(self) -> Pcm:
        """Return what a short sound was held back for; nothing more comes."""
        if self._form is None and not (self._held and self._begin(is_all=True)):
            return _NONE
        return self._samples()

    def _begin(self, *, is_all: bool) -> bool:
        """Look at the beginning; returns whether samples follow."""
        if self.is_file or (len(self._held) < _MIN_BYTES and not is_all):
            return False
        if self._held.startswith(b"RIFF"):
            form = plain_wav(bytes(self._held[:MIN_HEAD_BYTES]))
            self.is_file = form is None and (is_all or len(self._held) >= MIN_HEAD_BYTES)
        elif _WORDS.match(self._held[:_MAX_LEADING_BYTES]):
            raise NotAudioError("text, not sound")
        else:
            form = PlainWav(0, None, 1, self._raw_rate_hz) if self._is_raw else None
            self.is_file = form is None
        if form is None:
            return False
        if not MIN_RATE_HZ <= form.rate_hz <= MAX_RATE_HZ:
            raise NotAudioError(f"sound at {form.rate_hz} Hz")
        if self.rate_hz not in (0, form.rate_hz):
            raise NotAudioError("sound at two rates")
        self._form, self._left, self.rate_hz = form, form.size, form.rate_hz
        del self._held[: form.offset]
        return True

    def _samples(self) -> Pcm:
        found = [_NONE]
        while self._form is not None:
            frame_bytes = 2 * self._form.channels
            there = len(self._held) if self._left is None else min(len(self._held), self._left)
            taken = there // frame_bytes * frame_bytes
            frames = np.frombuffer(bytes(self._held[:taken]), "<i2").reshape(
                -1, self._form.channels
            )
            del self._held[:taken]
            found.append(frames.mean(axis=1).astype(np.int16))
            if self._left is None:
                break
            self._left -= taken
            if self._left >= frame_bytes:
                break
            if not self._held.startswith(b"RIFF"):  # metadata follows the samples
                self._held.clear()
                break
            self._form = None  # some servers send each sentence as a file of its own
            self._begin(is_all=False)
        return np.concatenate(found)
