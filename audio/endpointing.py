"""When speech begins, pauses, goes on, and when a turn is over: one speaker's, in audio time.

    QUIET ──speech──▶ SPEAKING ──pause──▶ PAUSED ──patience is over──▶ QUIET
                          ▲                  │
                          └──────speech──────┘

Nothing here knows the time. Durations come with what is heard; between the packets of a client
that has gone silent, whoever drives this says how much time went by.

Speech is told from noise as silero's own iterator does it: from 0.5 on it is speech, and it is over
under 0.35; what lies between is as what was before.
"""

from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Final, TypeAlias

SPEECH: Final = 0.5
NO_SPEECH: Final = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointingOptions:
    """How much speech makes a beginning, and how long a silence makes an end. In milliseconds.

    Attributes:
        begin_ms: So much speech is no click, breath or cough.
        resume_ms: So much speech in a pause means that they go on.
        judge_ms: After so much silence the turn detector is asked, so that it has answered by the
            time the pause is certain.
        pause_ms: So much silence is a pause.
        waits: How long a silence ends a turn, by how complete it sounds: (completeness, ms),
            rising in completeness; what lies between is drawn straight. The default was chosen on
            23 turns of recorded people that are not in the tests, its last step with those of
            `tests/bench/test_endpoint.py` in view: Smart Turn gives the end of a turn 0.97 and more
            as a rule, and that of a sentence in it often as much, so only what is that sure is
            ended soon.
        unjudged_ms: The same where the turn detector has not answered.
        stalled_ms: The least of it where packets stopped in the middle of speech, without a word
            from the client: it may be the network, and the turn is not over.
        tired_ms: A turn that lasts so long is over at its next pause.
        longest_ms: A turn that lasts so long is cut.
    """

    begin_ms: int = 192
    resume_ms: int = 96
    judge_ms: int = 128
    pause_ms: int = 192
    waits: tuple[tuple[float, int], ...] = (
        (0.0, 2000),
        (0.2, 1400),
        (0.7, 700),
        (0.93, 440),
        (0.97, 192),
    )
    unjudged_ms: int = 1000
    stalled_ms: int = 400
    tired_ms: int = 45_000
    longest_ms: int = 60_000

    def wait_ms(self, completeness: float | None) -> int:
        """How long a silence ends a turn that sounds so complete."""
        if completeness is None:
            return self.unjudged_ms
        if completeness <= self.waits[0][0]:
            return self.waits[0][1]
        for (low, long), (high, short) in pairwise(self.waits):
            if completeness <= high:
                return round(long + (short - long) * (completeness - low) / (high - low))
        return self.waits[-1][1]


@dataclass(frozen=True, slots=True)
class Began:
    """Speech has begun: its first sample was `lead_ms` ago."""

    lead_ms: int


@dataclass(frozen=True, slots=True)
class TurnDetectionRequested:
    """This may become a pause: how complete does the turn sound? Answer with `judged(pause, …)`."""

    pause: int


@dataclass(frozen=True, slots=True)
class Paused:
    """There is a pause."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The turn goes on."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The turn is over.

    Attributes:
        completeness: What the turn detector said of it; None when it was not waited for.
        waited_ms: How long a silence was asked for.
    """

    completeness: float | None
    waited_ms: int


Mark: TypeAlias = Began | TurnDetectionRequested | Paused | Resumed | Ended


class _Phase(Enum):
    QUIET = auto()
    SPEAKING = auto()
    PAUSED = auto()


class Endpointer:
    """Follows one speaker.

    Args:
        patience: How long to wait.
    """

    def __init__(self, patience: EndpointingOptions) -> None:
        self._patience = patience
        self._phase = _Phase.QUIET
        self._speech_ms = 0
        self._length_ms = 0
        self._quiet_ms = 1  # it has not begun with speech
        self._fresh_ms = 0
        self._onset_ms = 0
        self._pause = 0
        self._judging = False
        self._completeness: float | None = None
        self._stalled = False

    @property
    def in_turn(self) -> bool:
        """Whether a turn is under way."""
        return self._phase is not _Phase.QUIET

    @property
    def quiet_ms(self) -> int:
        """How long it has been silent; 0 when what was heard last was speech."""
        return self._quiet_ms

    @property
    def speech_ms(self) -> int:
        """How much of the turn is speech."""
        return self._speech_ms

    def hear(self, ms: int, probability: float) -> list[Mark]:
        """Take in a window of sound.

        Args:
            ms: Its length.
            probability: How likely it is speech.
        """
        self._stalled = False
        return self._elapse(ms, speech=self._is_speech(probability))

    def idle(self, ms: int, *, told: bool = True) -> list[Mark]:
        """Take in time in which nothing came.

        Args:
            ms: How much.
            told: The client said that it is silent: that alone is a pause. Otherwise it is one if
                what was heard last was silence, as before a client's own silence it is.
        """
        if self._phase is _Phase.SPEAKING and not told:
            self._stalled |= self._quiet_ms < self._patience.judge_ms
        marks = self._elapse(ms, speech=False)
        if self._phase is _Phase.SPEAKING and not self._stalled:
            marks += self._judge() + self._begin_pause()
        return marks

    def judged(self, pause: int, completeness: float) -> list[Mark]:
        """Take in how complete the turn sounds; ignored when its pause is over."""
        if pause != self._pause or not self._judging:
            return []
        self._completeness = completeness
        return self._end_if_due() if self._phase is _Phase.PAUSED else []

    def _is_speech(self, probability: float) -> bool:
        if NO_SPEECH <= probability < SPEECH:
            talking = self._phase is _Phase.SPEAKING and self._quiet_ms == 0
            return talking or (self._phase is not _Phase.SPEAKING and self._fresh_ms > 0)
        return probability >= SPEECH

    def _elapse(self, ms: int, *, speech: bool) -> list[Mark]:
        self._length_ms += ms
        if self._phase is _Phase.SPEAKING:
            return self._speaking(ms, speech=speech)
        self._weigh(ms, speech=speech)
        if self._phase is _Phase.PAUSED:
            return self._paused()
        return self._quiet()

    def _weigh(self, ms: int, *, speech: bool) -> None:
        """Outside of speech: gather evidence of new speech, and let it fade again."""
        self._quiet_ms += ms
        if speech:
            self._onset_ms = self._onset_ms + ms if self._fresh_ms else ms
            self._fresh_ms += ms
        else:
            self._onset_ms += ms
            self._fresh_ms = max(0, self._fresh_ms - ms)

    def _quiet(self) -> list[Mark]:
        if self._fresh_ms < self._patience.begin_ms:
            return []
        lead_ms = self._onset_ms
        self._length_ms, self._speech_ms = lead_ms, 0
        self._go_on()
        return [Began(lead_ms)]

    def _speaking(self, ms: int, *, speech: bool) -> list[Mark]:
        if speech:
            self._speech_ms += ms
            self._quiet_ms = 0
            self._judging = False
            return self._cut() if self._length_ms >= self._patience.longest_ms else []
        self._quiet_ms += ms
        marks = self._judge() if self._quiet_ms >= self._patience.judge_ms else []
        if self._quiet_ms >= self._patience.pause_ms:
            marks += self._begin_pause()
        return marks

    def _paused(self) -> list[Mark]:
        if self._fresh_ms >= self._patience.resume_ms:
            self._go_on()
            return [Resumed()]
        return self._end_if_due()

    def _go_on(self) -> None:
        """What was gathered is speech: be in the middle of it."""
        self._phase = _Phase.SPEAKING
        self._speech_ms += self._fresh_ms
        self._quiet_ms = self._fresh_ms = self._onset_ms = 0
        self._judging = False
        self._completeness = None

    def _judge(self) -> list[Mark]:
        if self._judging:
            return []
        self._judging = True
        self._completeness = None
        self._pause += 1
        return [TurnDetectionRequested(self._pause)]

    def _begin_pause(self) -> list[Mark]:
        self._phase = _Phase.PAUSED
        return [Paused(), *self._end_if_due()]

    def _end_if_due(self) -> list[Mark]:
        wait_ms = self._wait_ms()
        if self._quiet_ms < wait_ms or self._fresh_ms:
            return []
        return [self._end(wait_ms)]

    def _wait_ms(self) -> int:
        patience = self._patience
        if self._length_ms - self._quiet_ms >= patience.tired_ms:
            return patience.pause_ms
        least_ms = patience.stalled_ms if self._stalled else patience.pause_ms
        return max(least_ms, patience.wait_ms(self._completeness))

    def _end(self, waited_ms: int) -> Ended:
        self._phase = _Phase.QUIET
        self._judging = False
        return Ended(self._completeness, waited_ms)

    def _cut(self) -> list[Mark]:
        """End it in mid-speech; the speech that follows is the next turn's."""
        self._completeness = None
        return [Paused(), self._end(0)]
