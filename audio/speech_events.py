"""What is heard of people, as events: speech begins, pauses, goes on, and a turn ends.

All times are seconds of the monotonic clock at which the packets arrived.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from audio import ogg
from audio.constants import FRAME_MS, SILENCE_FRAME

DISCORD_PRE_SKIP = 0
"""Discord's clients speak in the middle of a stream: there is no encoder start to throw away."""


@dataclass(frozen=True, slots=True)
class Clip:
    """The packets of one turn, as the speaker's client made them.

    Attributes:
        user_id: Who spoke.
        packets: Opus, 20 ms each; a lost or a silent one is `SILENCE_FRAME`.
        speech_ms: How much of it is speech, in milliseconds.
        began_s: When the first packet of speech came.
        ended_s: When the last packet of speech came.
        channels: How many the packets have; Discord's clients send stereo.
    """

    user_id: int
    packets: tuple[bytes, ...]
    speech_ms: int
    began_s: float
    ended_s: float
    channels: int = 2

    @property
    def duration_ms(self) -> int:
        """How long it plays."""
        return len(self.packets) * FRAME_MS

    def file(self) -> bytes:
        """The same packets as an Ogg Opus file.

        Raises:
            AudioError: One of them is not an Opus packet.
        """
        return ogg.mux(ogg.OpusStream(self.packets, self.channels, DISCORD_PRE_SKIP))

    def then(self, later: Self, *, most_gap_ms: int = 600) -> Self:
        """Both as one clip, with the pause between them, shortened to `most_gap_ms`."""
        gap_ms = max(0, min(most_gap_ms, round((later.began_s - self.ended_s) * 1000)))
        gap: Iterable[bytes] = [SILENCE_FRAME] * (gap_ms // FRAME_MS)
        return replace(
            later,
            packets=(*self.packets, *gap, *later.packets),
            speech_ms=self.speech_ms + later.speech_ms,
            began_s=self.began_s,
        )


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Somebody speaks: enough of it that it is no click or breath.

    Attributes:
        user_id: Who.
        began_s: When its first packet came.
        at_s: When that was decided.
    """

    user_id: int
    began_s: float
    at_s: float


@dataclass(frozen=True, slots=True)
class SpeechPaused:
    """They pause; the turn may be over. Recognition can begin now, and be thrown away.

    Attributes:
        clip: All of the turn so far.
        at_s: When that was decided.
    """

    clip: Clip
    at_s: float

    @property
    def user_id(self) -> int:
        """Who."""
        return self.clip.user_id


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """They go on after a pause: the turn was not over.

    Attributes:
        user_id: Who.
        at_s: When that was decided.
    """

    user_id: int
    at_s: float


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """They are done.

    Attributes:
        clip: The whole turn. The same packets as in the last `SpeechPaused`, if one came since
            they last spoke.
        at_s: When that was decided.
        completeness: How sure the turn detector is that the turn is complete, from 0 to 1; None
            when it was decided by time alone.
        waited_ms: How much of the time since the last packet was a deliberate wait.
    """

    clip: Clip
    at_s: float
    completeness: float | None
    waited_ms: int

    @property
    def user_id(self) -> int:
        """Who."""
        return self.clip.user_id


SpeechEvent: TypeAlias = SpeechBegan | SpeechPaused | SpeechResumed | TurnEnded
