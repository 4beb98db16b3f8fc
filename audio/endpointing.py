"""When one speaker's speech begins, pauses and resumes, and when a turn ends; in audio time.

    QUIET ──speech──▶ SPEAKING ──pause──▶ PAUSED ──delay is over──▶ QUIET
                          ▲                  │
                          └──────speech──────┘

The endpointer has no clock. Durations come with the audio; while a client sends nothing, the
caller says how much time went by. So its decisions carry neither clip nor time: the segmenter adds
both when it turns them into speech events.

Speech is distinguished from noise as in silero's own iterator: it starts at a probability of 0.5
and ends below 0.35; anything between continues what was before.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeAlias

from audio.turn_end import TurnEndFeatures, Waits, Words

SPEECH: Final = 0.5
NO_SPEECH: Final = 0.35

CONTINUED_EVERY_MS: Final = 200
"""How much speech passes from one `Continued` to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointingOptions:
    """How much speech begins a turn, and how much silence ends one. In milliseconds.

    The values that skydeck uses stand in `bot.voice_agent.options.endpointing`.

    Attributes:
        min_speech_ms: Shorter sounds are treated as clicks, breaths or coughs.
        min_resume_ms: This much speech during a pause resumes the turn.
        detect_after_ms: This much silence asks the turn detector, so that its answer is there when
            the pause is certain.
        pause_ms: This much silence is a pause.
        waits: How long a silence ends a turn, by its sound, its words and its length.
        same_turn_ms: Who speaks again within this time after their last voice had not finished.
        packet_stall_ms: The minimum when packets stopped in mid-speech without any notice from
            the client: the network may be at fault and the turn not over.
        soft_max_turn_ms: A turn this long ends at its next pause.
        max_turn_ms: A turn this long is cut.
        partial_silence_ms: This much silence, shorter than a pause, makes a partial; 0: none does.
        partial_every_ms: This much of a turn without a partial makes one; 0: none does.
    """

    min_speech_ms: int
    min_resume_ms: int
    detect_after_ms: int
    pause_ms: int
    waits: Waits
    same_turn_ms: int
    packet_stall_ms: int
    soft_max_turn_ms: int
    max_turn_ms: int
    partial_silence_ms: int = 0
    partial_every_ms: int = 0


@dataclass(frozen=True, slots=True)
class Began:
    """Speech began `lead_ms` ago."""

    lead_ms: int


@dataclass(frozen=True, slots=True)
class TurnDetectionRequested:
    """This may become a pause: ask how complete the turn sounds, and answer with `detected`."""

    pause: int


@dataclass(frozen=True, slots=True)
class Continued:
    """The speaker still speaks; the turn has `speech_ms` of speech now."""

    speech_ms: int


@dataclass(frozen=True, slots=True)
class Partial:
    """A good moment to look at what was said so far; decides nothing."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The speaker pauses."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The turn continues."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The turn is over.

    Attributes:
        completeness: The turn detector's answer; None when it had not answered.
        waited_ms: The silence that ended the turn.
    """

    completeness: float | None
    waited_ms: int


Decision: TypeAlias = (
    Began | Continued | TurnDetectionRequested | Partial | Paused | Resumed | Ended
)


class _Phase(Enum):
    QUIET = auto()
    SPEAKING = auto()
    PAUSED = auto()


class Endpointer:
    """Finds the turns of one speaker."""

    def __init__(self, options: EndpointingOptions) -> None:
        self._options = options
        self._phase = _Phase.QUIET
        self._speech_ms = 0
        self._length_ms = 0
        self._quiet_ms = 1  # it does not start within speech
        self._evidence_ms = 0  # speech heard outside a turn or in a pause; silence takes it back
        self._onset_ms = 0  # how long ago that evidence began
        self._pause = 0
        self._is_detecting = False
        self._completeness: float | None = None
        self._words = Words.UNKNOWN
        self._earlier_ms = 0  # speech before an end after which they went on
        self._went_on = 0
        self._is_stalled = False
        self._since_partial_ms = 0
        self._reported_ms = 0  # of its speech

    @property
    def in_turn(self) -> bool:
        """Whether a turn is in progress."""
        return self._phase is not _Phase.QUIET

    @property
    def quiet_ms(self) -> int:
        """How long it has been silent; 0 while there is speech."""
        return self._quiet_ms

    @property
    def speech_ms(self) -> int:
        """How much of the turn is speech."""
        return self._speech_ms

    def hear(self, ms: int, probability: float) -> list[Decision]:
        """Process a window of audio.

        Args:
            ms: Its length.
            probability: How likely it is speech.
        """
        self._is_stalled = False
        return self._elapse(ms, speech=self._is_speech(probability))

    def idle(self, ms: int, *, explicit_dtx: bool = True) -> list[Decision]:
        """Process time in which no packets arrived.

        Args:
            ms: How much.
            explicit_dtx: The client announced its silence, which alone makes a pause. Otherwise it
                is a pause only if the last audio was silence, as it is before a client's DTX.
        """
        if self._phase is _Phase.SPEAKING and not explicit_dtx:
            self._is_stalled |= self._quiet_ms < self._options.detect_after_ms
        decisions = self._elapse(ms, speech=False)
        if self._phase is _Phase.SPEAKING and not self._is_stalled:
            # The client's word for it makes a pause at once, so there is no time for a partial.
            decisions = [d for d in decisions if not isinstance(d, Partial)]
            decisions += self._request_detection() + self._begin_pause()
        return decisions

    def detected(self, pause: int, completeness: float) -> list[Decision]:
        """Process the turn detector's answer; ignored if its pause is over."""
        if pause != self._pause or not self._is_detecting:
            return []
        self._completeness = completeness
        return self._end_if_due() if self._phase is _Phase.PAUSED else []

    def transcribed(self, words: Words) -> list[Decision]:
        """Process how complete the words are that were recognised up to this pause."""
        if self._quiet_ms == 0 or self._phase is _Phase.QUIET:
            return []
        self._words = words
        return self._end_if_due() if self._phase is _Phase.PAUSED else []

    @property
    def features(self) -> TurnEndFeatures:
        """What is known about the turn in this pause."""
        return TurnEndFeatures(
            completeness=self._completeness,
            words=self._words,
            speech_ms=self._earlier_ms + self._speech_ms,
            went_on=self._went_on,
        )

    def _is_speech(self, probability: float) -> bool:
        if NO_SPEECH <= probability < SPEECH:
            if self._phase is _Phase.SPEAKING:
                return self._quiet_ms == 0
            return self._evidence_ms > 0
        return probability >= SPEECH

    def _elapse(self, ms: int, *, speech: bool) -> list[Decision]:
        self._length_ms += ms
        self._since_partial_ms += ms
        if self._phase is _Phase.SPEAKING:
            return self._speaking(ms, speech=speech)
        self._gather_evidence(ms, speech=speech)
        if self._phase is _Phase.PAUSED:
            return self._paused()
        return self._quiet()

    def _gather_evidence(self, ms: int, *, speech: bool) -> None:
        self._quiet_ms += ms
        if speech:
            self._onset_ms = self._onset_ms + ms if self._evidence_ms else ms
            self._evidence_ms += ms
        else:
            self._onset_ms += ms
            self._evidence_ms = max(0, self._evidence_ms - ms)

    def _quiet(self) -> list[Decision]:
        if self._evidence_ms < self._options.min_speech_ms:
            return []
        lead_ms = self._onset_ms
        silence_ms = self._quiet_ms - lead_ms
        if silence_ms < self._options.same_turn_ms and self._speech_ms:
            self._went_on += silence_ms > 0  # after a cut, nothing had looked like an end
            self._earlier_ms += self._speech_ms
        else:
            self._went_on = self._earlier_ms = 0
        self._length_ms, self._speech_ms = lead_ms, 0
        self._since_partial_ms = self._reported_ms = 0
        self._enter_speech()
        return [Began(lead_ms)]

    def _speaking(self, ms: int, *, speech: bool) -> list[Decision]:
        if speech:
            self._speech_ms += ms
            self._quiet_ms = 0
            self._is_detecting = False
            self._words = Words.UNKNOWN
            if self._length_ms >= self._options.max_turn_ms:
                return self._cut()
            partial = self._partial(self._options.partial_every_ms, self._since_partial_ms)
            return [*self._continued(), *partial]
        before_ms, self._quiet_ms = self._quiet_ms, self._quiet_ms + ms
        decisions: list[Decision] = []
        is_brief = before_ms < self._options.partial_silence_ms and not self._is_stalled
        if is_brief and self._quiet_ms < self._options.pause_ms:
            decisions += self._partial(self._options.partial_silence_ms, self._quiet_ms)
        if self._quiet_ms >= self._options.detect_after_ms:
            decisions += self._request_detection()
        if self._quiet_ms >= self._options.pause_ms:
            decisions += self._begin_pause()
        return decisions

    def _continued(self) -> list[Decision]:
        if self._speech_ms - self._reported_ms < CONTINUED_EVERY_MS:
            return []
        self._reported_ms = self._speech_ms
        return [Continued(self._speech_ms)]

    def _partial(self, due_ms: int, reached_ms: int) -> list[Decision]:
        if not due_ms or reached_ms < due_ms:
            return []
        self._since_partial_ms = 0
        return [Partial()]

    def _paused(self) -> list[Decision]:
        if self._evidence_ms >= self._options.min_resume_ms:
            self._went_on += self._options.waits.looks_over(self.features)
            self._enter_speech()
            return [Resumed()]
        return self._end_if_due()

    def _enter_speech(self) -> None:
        self._phase = _Phase.SPEAKING
        self._speech_ms += self._evidence_ms
        self._quiet_ms = self._evidence_ms = self._onset_ms = 0
        self._is_detecting = False
        self._completeness = None
        self._words = Words.UNKNOWN

    def _request_detection(self) -> list[Decision]:
        if self._is_detecting:
            return []
        self._is_detecting = True
        self._completeness = None
        self._pause += 1
        return [TurnDetectionRequested(self._pause)]

    def _begin_pause(self) -> list[Decision]:
        self._phase = _Phase.PAUSED
        return [Paused(), *self._end_if_due()]

    def _end_if_due(self) -> list[Decision]:
        wait_ms = self._wait_ms()
        if self._quiet_ms < wait_ms or self._evidence_ms:
            return []
        return [self._end(wait_ms)]

    def _wait_ms(self) -> int:
        options = self._options
        if self._length_ms - self._quiet_ms >= options.soft_max_turn_ms:
            return options.pause_ms
        min_ms = options.packet_stall_ms if self._is_stalled else options.pause_ms
        return max(min_ms, options.waits.wait_ms(self.features))

    def _end(self, waited_ms: int) -> Ended:
        self._phase = _Phase.QUIET
        self._is_detecting = False
        return Ended(self._completeness, waited_ms)

    def _cut(self) -> list[Decision]:
        """End the turn in mid-speech; the speech that follows belongs to the next."""
        self._completeness = None
        return [Paused(), self._end(0)]
