"""When a turn is over: how soon its end is found, and how often somebody is cut off."""

# mypy: ignore-errors

import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from audio.segmenter import SpeechSegmenter
from audio.speech_events import SpeechPaused, TurnEnded
from audio.turn_end import TurnEndFeatures
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from bot.voice_agent.options.thinking_sound import ThinkingSoundOptions
from bot.voice_agent.word_completeness import judge_words
from tests.bench import turn_set
from tests.bench.conversation import Score, score
from tests.bench.peers import SILENCE_S, PeerMissing, pipecat
from tests.bench.quality.findings import Chart, Section, Unit
from tests.bench.quality.language import NAMES
from tests.bench.turn_ears import Ears, Simulated
from tests.bench.turn_set import OwnTurn
from tests.fakes.discord_speech import pull, say

EAR_S = 0.15
"""From a pause to its words: they are recognized from 64 ms of silence on, 128 ms before it."""
NOTHING, HEARD, SAID = "nothing", "as recognized", "as said"
"""Which words are known at a pause."""


class ByHand:
    """The waits before they were learned."""

    def wait_ms(self, features: TurnEndFeatures) -> int:
        if features.completeness is None:
            return 1000
        points = (0.0, 0.2, 0.7, 0.93, 0.97)
        return int(np.interp(features.completeness, points, (2000, 1400, 700, 440, 192)))

    def looks_over(self, _features: TurnEndFeatures) -> bool:
        return False


class Fixed:
    """The same silence after everything."""

    def wait_ms(self, _features: TurnEndFeatures) -> int:
        return round(SILENCE_S * 1000)

    def looks_over(self, _features: TurnEndFeatures) -> bool:
        return False


NOW = DEFAULT_OPTIONS
BEFORE = VoiceAgentOptions(
    endpointing=replace(NOW.endpointing, waits=ByHand()),
    thinking_sound=ThinkingSoundOptions(
        surely_over_after_s=0.0, listening_after_s=0.3, thinking_after_s=1.5
    ),
)
FIXED = VoiceAgentOptions(
    endpointing=replace(NOW.endpointing, waits=Fixed()),
    preemptive_generation=False,
    thinking_sound=ThinkingSoundOptions(surely_over_after_s=1e6, max_surely_over_s=1e6),
)
"""What stands beside us: a silence, then the question, and no cue."""


def open_ears(weights: Callable[[str], Path]) -> Ears:
    """The ears; what they hear twice is recognized once."""
    ears = Ears(lru_cache(weights))
    ears.hear = lru_cache(maxsize=None)(ears.hear)
    return ears


def checked_turns(weights: Callable[[str], Path]) -> list[OwnTurn]:
    """The turns that the waits were not learned from."""
    return [*turn_set.own_turns(turn_set.Voices(weights), "check"), *turn_set.recorded("check")]


def stream(turn: OwnTurn, ears: Ears, options: VoiceAgentOptions):
    """The segmenter, and the frames of a turn; Smart Turn takes as long as it really takes."""
    detector = Simulated(ears.detector)
    segmenter = SpeechSegmenter(vad=ears.vad, detector=detector, options=options.endpointing)
    conversation = turn.conversation()
    for now_s, frames in pull(1, say(conversation.samples), start_s=0.0, delay_s=0.0):
        detector.advance(now_s)
        yield segmenter, now_s, frames


def said(turn: OwnTurn, pause: int) -> str:
    """What was really said up to a pause."""
    return "".join(turn.text.split("|")[: pause + 1]).strip().removesuffix(",")


def ends(turn: OwnTurn, ears: Ears, options: VoiceAgentOptions, known: str) -> list[float]:
    """When the turn was found to be over."""
    found, due, pause = [], [], -1
    for segmenter, now_s, frames in stream(turn, ears, options):
        while due and due[0][0] <= now_s:
            _, ended_s, words = due.pop(0)
            segmenter.transcribed(1, ended_s, words)
        for event in segmenter.tick(frames, now_s):
            if isinstance(event, TurnEnded):
                found.append(event.at_s)
            elif isinstance(event, SpeechPaused) and known != NOTHING:
                clip, pause = event.clip, pause + 1
                text = said(turn, pause) if known == SAID else ears.hear(clip.file(), turn.language)
                due.append((now_s + EAR_S, clip.ended_s, judge_words(text, turn.language)))
    return found


WAYS = {
    "skydeck, words as recognized": (NOW, HEARD),
    "skydeck, words as said": (NOW, SAID),
    f"{SILENCE_S} s of silence": (FIXED, NOTHING),
}
PIPECAT = "pipecat"
PARTS = ("median", "mean", "p95")


def measure(weights: Callable[[str], Path]) -> Section:
    """Find the ends of turns by each way, and by pipecat's."""
    own = [one for one in checked_turns(weights) if one.kind == "turn" and one.text]
    ears, remarks = open_ears(weights), []
    found = {
        name: [ends(one, ears, options, known) for one in own]
        for name, (options, known) in WAYS.items()
    }
    ears.close()
    try:
        with tempfile.TemporaryDirectory() as folder:
            theirs = pipecat([one.conversation() for one in own], Path(folder))
        found[PIPECAT] = theirs["ends"]
    except PeerMissing as e:
        remarks.append(f"Pipecat's row is missing: {e}.")
    scores = {
        name: {code: by_language(own, decided, code) for code in NAMES}
        for name, decided in found.items()
    }
    return section(own, scores, remarks)


def by_language(own: Sequence[OwnTurn], decided: Sequence[Sequence[float]], code: str) -> Score:
    """The score of one language's turns."""
    pairs = [pair for pair in zip(own, decided, strict=True) if pair[0].language == code]
    return score([one.conversation() for one, _ in pairs], [found for _, found in pairs])


def section(own, scores, remarks) -> Section:
    counts = [sum(one.language == code for one in own) for code in NAMES]
    delays = {
        name: [one for code in NAMES for one in spread_ms(by[code])] for name, by in scores.items()
    }
    return Section(
        title="Ends of turns",
        about=(
            "From the last voice of a turn to its end being decided, and in how many turns an "
            "end was decided while the speaker was to go on. The turns are short questions, "
            "hesitations, and several sentences with pauses of 0.3 to 1.3 s; the waits were "
            "learned from others. The words as said are what a better recognizer would hear: "
            "eSpeak's Spanish is recognized far worse than people's."
        ),
        inputs=(
            f"{len(own)} turns of {len({one.voice for one in own})} voices "
            "(`tests/bench/turn_set.toml`, the half to check)"
        ),
        peer=(
            f"{SILENCE_S} s of silence, as Python bots for Discord wait; and pipecat 1.14's "
            "analyzers with its own parameters, which do not wait for words here"
        ),
        charts=[
            Chart(
                title="Delay of the end", unit=Unit.MS, rows=delays,
                groups=[f"{name}, {part}" for name in NAMES.values() for part in PARTS],
            ),
            Chart(
                title="Turns cut off", unit="", groups=[*NAMES.values()], of=counts,
                rows={n: [by[code].spoilt for code in NAMES] for n, by in scores.items()},
            ),
        ],
        remarks=remarks,
        is_timed=True,  # what Smart Turn takes is part of it
    )  # fmt: skip


def spread_ms(found: Score) -> tuple[float | None, ...]:
    """`PARTS` of the delays. They are short or long, and the median jumps where half are short."""
    if len(found.delays_s) < 2:
        return (None,) * len(PARTS)
    worst = statistics.quantiles(found.delays_s, n=20)[-1]
    median, mean = statistics.median(found.delays_s), statistics.mean(found.delays_s)
    return median * 1000, mean * 1000, worst * 1000
