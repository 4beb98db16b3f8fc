"""What a receiver hands on: people's speech, packet by packet and in order, and what is missing.

Timestamps count samples at 48 kHz on the speaker's own clock, unwrapped, so they never go back.
"""

from dataclasses import dataclass
from typing import TypeAlias

from audio.samples import Samples


@dataclass(frozen=True, slots=True)
class SpeechPacket:
    """An Opus packet of a person, decrypted.

    Attributes:
        user_id: Who speaks.
        timestamp: Of its first sample.
        opus: The packet as the speaker's client made it.
        arrived_s: When its datagram came in, in seconds of the monotonic clock.
        heard: What to listen to instead of the packet's own sound: 16 kHz, without the echo of a
            loudspeaker. The clip has the packet all the same.
    """

    user_id: int
    timestamp: int
    opus: bytes
    arrived_s: float
    heard: Samples | None = None


@dataclass(frozen=True, slots=True)
class LostSpeech:
    """A gap: packets that were sent and did not come in time, or could not be decrypted.

    Attributes:
        user_id: Who spoke.
        timestamp: Of the first missing sample.
        samples: How much is missing, at 48 kHz.
    """

    user_id: int
    timestamp: int
    samples: int


@dataclass(frozen=True, slots=True)
class SpeechDtxStarted:
    """The speaker's client has gone silent: it sends nothing until its person speaks again.

    Told by the client's silence frames, or when nothing has come for longer than the jitter buffer
    waits.

    Attributes:
        user_id: Who is silent.
        timestamp: Of the first silent sample.
        at_s: When that was known, in seconds of the monotonic clock.
    """

    user_id: int
    timestamp: int
    at_s: float


SpeechFrame: TypeAlias = SpeechPacket | LostSpeech | SpeechDtxStarted
