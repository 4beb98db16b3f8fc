"""Removes the loudspeaker's sound from the microphone's: WebRTC's echo canceller.

What remains of a voice that speaks at the same time is good enough to detect speech, but worse
than the raw audio for recognizing words.
"""

from typing import Any, Final

import numpy as np

from audio.constants import OPUS_RATE_HZ
from audio.samples import Pcm, Samples, from_pcm, to_pcm

_STEP: Final = OPUS_RATE_HZ // 100
"""WebRTC processes 10 ms at a time."""
_LINGER_S: Final = 1.5
"""How long a loudspeaker's last sound may still be heard in a room."""


class EchoCanceller:
    """For one microphone and one loudspeaker. Not thread-safe.

    Raises:
        ImportError: The package `livekit` is not installed, or not for this machine.
    """

    def __init__(self) -> None:
        from livekit import rtc  # noqa: PLC0415  (28 MB; only hands-free talk needs it)

        self._frame: Any = rtc.AudioFrame
        self._apm: Any = rtc.AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)
        self._far: Pcm = np.zeros(0, np.int16)
        self._loud_s = float("-inf")
        self._delay_ms = -1

    def played(self, samples: Pcm, at_s: float) -> None:
        """Add what the loudspeaker played: 48 kHz, mono."""
        if samples.any():
            self._loud_s = at_s
        self._far = np.concatenate((self._far, samples))

    def cancel(self, raw: Samples, at_s: float, *, delay_ms: int) -> Samples | None:
        """Remove the echo from what the microphone heard.

        Args:
            raw: 48 kHz, mono, a multiple of 10 ms.
            at_s: When it was captured.
            delay_ms: From handing a sound to the loudspeaker until the microphone returns it.

        Returns:
            As many samples; None if there is nothing to cancel.
        """
        if at_s - self._loud_s > _LINGER_S:
            self._far = self._far[:0]
            return None
        if delay_ms != self._delay_ms:
            self._apm.set_stream_delay_ms(delay_ms)
            self._delay_ms = delay_ms
        while len(self._far) >= _STEP:
            self._apm.process_reverse_stream(self._piece(self._far[:_STEP]))
            self._far = self._far[_STEP:]
        near = to_pcm(raw)
        pieces = []
        for at in range(0, len(near), _STEP):
            piece = self._piece(near[at : at + _STEP])
            self._apm.process_stream(piece)
            pieces.append(np.frombuffer(piece.data, np.int16))
        return from_pcm(np.concatenate(pieces))

    def _piece(self, samples: Pcm) -> Any:
        return self._frame(bytearray(samples.tobytes()), OPUS_RATE_HZ, 1, len(samples))
