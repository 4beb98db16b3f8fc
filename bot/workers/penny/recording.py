"""Decodes a recording of any length in chunks for the recogniser.

A decoded hour takes 230 MB, and the recogniser's voice detector copies its input several times. So
a long recording is decoded twice: once to check that it is whole and how long it is, before any
work is done for it, and once during recognition.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

from audio.codec import as_samples, decode_stream
from audio.constants import SPEECH_RATE_HZ
from audio.errors import AudioError
from audio.samples import Pcm, Samples
from audio.stopping import NEVER, Stop
from bot.errors import BadInput

CHUNK_S: Final = 120
_CHUNK: Final = CHUNK_S * SPEECH_RATE_HZ


class Recording:
    """A file that is known to be audio, and no longer than allowed.

    Args:
        limit_s: The longest it may last.

    Attributes:
        seconds: Its length.
        digest: Of the file.

    Raises:
        AudioError: It is not audio, or too long.
    """

    def __init__(self, file: bytes, limit_s: float, stop: Stop = NEVER) -> None:
        self._file = file
        self._limit_s = limit_s
        self._kept: list[Pcm] = []
        count = 0
        for piece in decode_stream(file, limit_s=limit_s, stop=stop):
            count += len(piece)
            self._kept.append(piece)
            if count > _CHUNK:
                self._kept.clear()
        self._is_short = count <= _CHUNK
        self.seconds = count / SPEECH_RATE_HZ
        self.digest = hashlib.sha256(file).digest()

    def chunks(self, stop: Stop = NEVER) -> Iterator[Samples]:
        """Yield its audio at 16 kHz mono, in chunks of `CHUNK_S`; a short recording in one.

        Raises:
            BadInput: The file cannot be decoded a second time.
        """
        if self._is_short:
            yield as_samples(self._kept)
            return
        waiting: list[Pcm] = []
        count = 0
        try:
            for piece in decode_stream(self._file, limit_s=self._limit_s, stop=stop):
                waiting.append(piece)
                count += len(piece)
                if count >= _CHUNK:
                    yield as_samples(waiting)
                    waiting, count = [], 0
        except AudioError as e:
            raise BadInput(str(e)) from e
        if count:
            yield as_samples(waiting)
