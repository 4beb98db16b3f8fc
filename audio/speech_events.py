"""What a receiver hands to a segmenter, and what the segmenter makes of it.

    receiver ── SpeechPacket, LostSpeech, DtxStarted ──▶ segmenter
    segmenter ── SpeechBegan, SpeechContinued, SpeechPartial, SpeechPaused, SpeechResumed,
                 TurnEnded ──▶ turn manager

Timestamps count samples at 48 kHz on the speaker's own clock, unwrapped, so they never decrease.
Times are seconds of the monotonic clock on which the packets arrived; `at_s` is when an event was
decided. `user_id` is the speaker.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, TypeAlias

from audio import ogg
from audio.constants import FRAME_MS, MAX_CLIP_GAP_MS
from audio.silence_frames import SILENCE_FRAME

if TYPE_CHECKING:
    from audio.samples import Samples  # loads numpy, which the turn manager can do without


@dataclass(frozen=True, slots=True)
class SpeechPacket:
    """A person's Opus packet, decrypted.

    Attributes:
        timestamp: Its first sample's timestamp.
        arrived_s: When its datagram arrived.
        samples: What to analyse instead of the packet's own sound: 16 kHz, without the echo of a
            loudspeaker. The clip still gets the packet.
    """

    user_id: int
    timestamp: int
    opus: bytes
    arrived_s: float
    samples: "Samples | None" = None


@dataclass(frozen=True, slots=True)
class LostSpeech:
    """A gap: packets that were sent but did not arrive in time, or could not be decrypted.

    Attributes:
        timestamp: The first missing sample's timestamp.
        samples: How much is missing, at 48 kHz.
    """

    user_id: int
    timestamp: int
    samples: int
    packets: int = 1


@dataclass(frozen=True, slots=True)
class DtxStarted:
    """The client stops sending until the speaker talks again.

    The client's silence frames announce it; without them, it is assumed once nothing has arrived
    for longer than the jitter buffer waits.

    Attributes:
        timestamp: The first silent sample's timestamp.
    """

    user_id: int
    timestamp: int
    at_s: float


SpeechFrame: TypeAlias = SpeechPacket | LostSpeech | DtxStarted


@dataclass(frozen=True, slots=True)
class Clip:
    """The packets of one turn, as the speaker's client made them.

    Attributes:
        packets: Opus, 20 ms each; a lost or silent one is `SILENCE_FRAME`.
        speech_ms: How much of the clip is speech.
        began_s: When the first packet of speech arrived.
        ended_s: When the last packet of speech arrived.
        channels: How many channels the packets have; Discord's clients send stereo.
    """

    user_id: int
    packets: tuple[bytes, ...]
    speech_ms: int
    began_s: float
    ended_s: float
    channels: int = 2

    @property
    def duration_ms(self) -> int:
        """How long it lasts."""
        return len(self.packets) * FRAME_MS

    def file(self) -> bytes:
        """The same packets as an Ogg Opus file.

        Raises:
            AudioError: One of them is not an Opus packet.
        """
        # No pre-skip: a turn is cut from the middle of a stream, where no encoder starts.
        return ogg.mux(ogg.OpusStream(self.packets, self.channels, pre_skip=0))

    def then(self, later: Self) -> Self:
        """Both as one clip, with at most `MAX_CLIP_GAP_MS` of the pause between them."""
        gap_ms = max(0, min(MAX_CLIP_GAP_MS, round((later.began_s - self.ended_s) * 1000)))
        gap: Iterable[bytes] = [SILENCE_FRAME] * (gap_ms // FRAME_MS)
        return replace(
            later,
            packets=(*self.packets, *gap, *later.packets),
            speech_ms=self.speech_ms + later.speech_ms,
            began_s=self.began_s,
        )


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """A turn begins: there is more speech than a click or breath would make.

    Attributes:
        began_s: When its first packet arrived.
    """

    user_id: int
    began_s: float
    at_s: float


@dataclass(frozen=True, slots=True)
class SpeechContinued:
    """The speaker is still speaking. Counts their sound, so it is true on a busy machine, too.

    Attributes:
        speech_ms: How much of the turn so far is speech.
    """

    user_id: int
    speech_ms: int
    at_s: float


@dataclass(frozen=True, slots=True)
class SpeechPartial:
    """What the speaker has said so far; they may be in the middle of a word. Decides nothing.

    Attributes:
        clip: All of the turn so far. If the turn then pauses without another word, the pause has
            the same clip.
        is_silent: They have just fallen silent, so it may be the whole turn.
    """

    clip: Clip
    at_s: float
    is_silent: bool = False

    @property
    def user_id(self) -> int:
        """Who speaks."""
        return self.clip.user_id


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """The speaker pauses and the turn may be over. Recognition can start now, speculatively.

    Attributes:
        clip: All of the turn so far.
    """

    clip: Clip
    at_s: float

    @property
    def user_id(self) -> int:
        """Who pauses."""
        return self.clip.user_id


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The speaker continues after a pause: the turn was not over."""

    user_id: int
    at_s: float


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The turn is over.

    Attributes:
        clip: The whole turn: the clip of the last `SpeechPaused`, if no speech followed that.
        completeness: How sure the turn detector is that the turn is complete, from 0 to 1; None
            when time alone decided.
        waited_ms: How much of the time since the last packet was waited on purpose.
    """

    clip: Clip
    at_s: float
    completeness: float | None
    waited_ms: int

    @property
    def user_id(self) -> int:
        """Who spoke."""
        return self.clip.user_id


SpeechEvent: TypeAlias = (
    SpeechBegan | SpeechContinued | SpeechPartial | SpeechPaused | SpeechResumed | TurnEnded
)
