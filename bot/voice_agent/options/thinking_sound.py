"""The cues that play while somebody waits for an answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.voice_agent.events import Cue


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingSoundOptions:
    """The cues that play while somebody waits for an answer: once their turn is surely over.

    Whoever speaks at length makes pauses that sound like an end. A cue there disturbs more than it
    tells, so cues are counted from when the silence is longer than such a pause.

    Attributes:
        surely_over_after_s: Seconds of silence after which a turn that has ended is surely over.
            It doubles each time that the person went on with this turn after its end.
        max_surely_over_s: Seconds. It does not grow beyond this.
        listening_after_s: Seconds from then until the first cue; a faster answer has none.
        thinking_after_s: Seconds from then until the cue that the answer takes a while.
        min_repeat_s: Seconds between that cue and the next. The gap doubles each time, so that a
            cold start of a minute is not a minute of chimes.
        chimes: Each cue's notes: frequency in Hz (0: silence) and duration in milliseconds.
    """

    surely_over_after_s: float = 0.8
    max_surely_over_s: float = 5.0
    listening_after_s: float = 0.8
    thinking_after_s: float = 2.5
    min_repeat_s: float = 4.0
    chimes: Mapping[Cue, tuple[tuple[float, int], ...]] = field(
        default_factory=lambda: {
            Cue.LISTENING: ((660.0, 60),),
            Cue.THINKING: ((440.0, 70), (0.0, 60), (440.0, 70)),
            Cue.WAITING: ((330.0, 120), (0.0, 80), (440.0, 120)),
            Cue.FAILED: ((330.0, 120), (220.0, 180)),
        }
    )
