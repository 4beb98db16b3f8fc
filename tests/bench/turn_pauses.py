"""The pauses of own turns as the ears find them: what sound and words tell, and what followed.

    python -m tests.bench.turn_pauses learn FILE.json      (or check)

Every model is the product's own; only the waits are so long that no turn ends before its end.
"""

# mypy: ignore-errors

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from audio.segmenter import SpeechSegmenter
from audio.speech_events import SpeechPaused, SpeechResumed
from audio.turn_detector import TurnDetector
from bot.voice_agent.options import DEFAULT_OPTIONS
from tests.bench import turn_set
from tests.bench.turn_ears import Ears
from tests.bench.turn_set import OwnTurn
from tests.fakes.discord_speech import pull, say


class NeverOver:
    """Waits that no pause outlasts."""

    def wait_ms(self, _features) -> int:
        return 10**7

    def looks_over(self, _features) -> bool:
        return False


NEVER_ENDING = replace(
    DEFAULT_OPTIONS.endpointing, waits=NeverOver(), soft_max_turn_ms=10**7, max_turn_ms=10**7
)


@dataclass
class Pause:
    """One pause in a turn, or the silence after it.

    Attributes:
        completeness: Smart Turn's answer.
        text: What was recognised of the turn so far.
        ear_s: What recognising it took.
        speech_ms: How much of the turn was speech.
        lasts_s: From the last voice until they went on; None at the end of the turn.
    """

    completeness: float | None
    text: str
    ear_s: float
    speech_ms: int
    lasts_s: float | None = None


class Asked:
    """A turn detector that answers at once and keeps its last answer."""

    def __init__(self, detector: TurnDetector) -> None:
        self._detector = detector
        self.last: float | None = None

    def ask(self, samples) -> Future[float]:
        answer: Future[float] = Future()
        self.last = self._detector.completeness(samples)
        answer.set_result(self.last)
        return answer


def pauses(ears: Ears, turn: OwnTurn) -> list[Pause]:
    """The pauses of a turn, and the silence after it."""
    asked = Asked(ears.detector)
    segmenter = SpeechSegmenter(vad=ears.vad, detector=asked, options=NEVER_ENDING)
    conversation = turn.conversation()
    found: list[tuple[Pause, float]] = []
    sent = say(conversation.samples, np.ones(len(conversation.voiced), bool))
    for now_s, frames in pull(1, sent, start_s=0.0, delay_s=0.0):
        for event in segmenter.tick(frames, now_s):
            if isinstance(event, SpeechPaused):
                clip = event.clip
                started = time.perf_counter()
                text = ears.hear(clip.file(), turn.language)
                took = time.perf_counter() - started
                found.append((Pause(asked.last, text, took, clip.speech_ms), clip.ended_s))
            elif isinstance(event, SpeechResumed) and found:
                pause, ended_s = found[-1]
                pause.lasts_s = round(event.at_s - 0.1 - ended_s, 3)
    segmenter.close()
    return [pause for pause, _ in found]


def gather(weights: Callable[[str], Path], half: str) -> Iterator[dict]:
    """The pauses of each turn of a half."""
    ears = Ears(weights)
    turns = [*turn_set.own_turns(turn_set.Voices(weights), half), *turn_set.recorded(half)]
    for turn in turns:
        found = [asdict(pause) for pause in pauses(ears, turn)]
        row = {"voice": turn.voice, "language": turn.language, "kind": turn.kind}
        yield {**row, "text": turn.text, "pauses": found}
    ears.detector.close()


if __name__ == "__main__":
    from bot.models.store import ModelStore
    from bot.settings import Settings

    store = ModelStore(Settings(_env_file=None).skydeck_weights_dir)
    folders: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in folders:
            folders[name] = store.ensure([name])[name]
        return folders[name]

    rows = []
    for row in gather(folder, sys.argv[1]):
        rows.append(row)
        Path(sys.argv[2]).write_text(json.dumps(rows, ensure_ascii=False, indent=1))
