"""When a turn is over, by sound and words: own turns of many voices, and running speech.

    make bench                                        everything, pipecat beside it if it is there
    python -m pytest -m bench tests/bench/test_turn_end.py -s

The turns are those to check of `turn_set.py`: eight voices, half of them Spanish, whose sentences
and voices the waits were not learned from. The words come as the product's recogniser hears them,
`EAR_S` after a pause is found; and once more as they were really said, because eSpeak's Spanish is
recognised far worse than people's. Before: the waits by sound alone that were set by hand.
`test_endpoint.py` says how to get pipecat.
"""

# mypy: ignore-errors

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from audio.segmenter import SpeechSegmenter
from audio.speech_events import SpeechPaused, TurnEnded
from audio.turn_end import TurnEndFeatures
from bot.voice_agent.events import (
    PeopleChanged,
    Play,
    PlayCue,
    Played,
    ReplyChunk,
    SendRequest,
    Ticked,
    Transcribed,
)
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from bot.voice_agent.options.thinking_sound import ThinkingSoundOptions
from bot.voice_agent.turn_manager import TurnManager
from bot.voice_agent.word_completeness import judge_words
from tests.bench import turn_set
from tests.bench.conversation import score
from tests.bench.test_endpoint import Simulated, pipecat
from tests.bench.turn_pauses import Ears
from tests.fakes.discord_speech import pull, say

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

EAR_S = 0.15
"""From a pause to its words: they are recognised from 64 ms of silence on, 128 ms before it."""
ANSWER_S = 0.6
"""From a request to the answer's first sound, on a machine quicker than most."""


class ByHand:
    """The waits before they were learned."""

    def wait_ms(self, features: TurnEndFeatures) -> int:
        if features.completeness is None:
            return 1000
        points = (0.0, 0.2, 0.7, 0.93, 0.97)
        return int(np.interp(features.completeness, points, (2000, 1400, 700, 440, 192)))

    def looks_over(self, _features: TurnEndFeatures) -> bool:
        return False


NOW = DEFAULT_OPTIONS
BEFORE = VoiceAgentOptions(
    endpointing=replace(NOW.endpointing, waits=ByHand()),
    thinking_sound=ThinkingSoundOptions(
        surely_over_after_s=0.0, listening_after_s=0.3, thinking_after_s=1.5
    ),
)


@pytest.fixture(scope="module")
def ears(weights):
    ears = Ears(lru_cache(weights))
    ears.hear = lru_cache(maxsize=None)(ears.hear)
    yield ears
    ears.detector.close()


@pytest.fixture(scope="module")
def turns(weights):
    return [*turn_set.own_turns(turn_set.Voices(weights), "check"), *turn_set.recorded("check")]


def stream(turn, ears, options):
    """The segmenter, and the frames of a turn; Smart Turn takes as long as it really takes."""
    detector = Simulated(ears.detector)
    segmenter = SpeechSegmenter(vad=ears.vad, detector=detector, options=options.endpointing)
    conversation = turn.conversation()
    for now_s, frames in pull(1, say(conversation.samples), start_s=0.0, delay_s=0.0):
        detector.advance(now_s)
        yield segmenter, now_s, frames


def said(turn, pause: int) -> str:
    """What was really said up to a pause."""
    return "".join(turn.text.split("|")[: pause + 1]).strip().removesuffix(",")


def ends(turn, ears, options, known: str) -> list[float]:
    """When the turn was found to be over."""
    found, due, pause = [], [], -1
    for segmenter, now_s, frames in stream(turn, ears, options):
        while due and due[0][0] <= now_s:
            _, ended_s, words = due.pop(0)
            segmenter.transcribed(1, ended_s, words)
        for event in segmenter.tick(frames, now_s):
            if isinstance(event, TurnEnded):
                found.append(event.at_s)
            elif isinstance(event, SpeechPaused) and known != "nothing":
                clip, pause = event.clip, pause + 1
                text = (
                    said(turn, pause)
                    if known == "as said"
                    else ears.hear(clip.file(), turn.language)
                )
                due.append((now_s + EAR_S, clip.ended_s, judge_words(text, turn.language)))
    return found


def test_end_of_turn_by_sound_and_words(turns, ears, tmp_path, capsys) -> None:
    own = [turn for turn in turns if turn.kind == "turn" and turn.text]
    conversations = [turn.conversation() for turn in own]
    rows = {
        "before, sound alone": (BEFORE, "nothing"),
        "now, sound alone": (NOW, "nothing"),
        "now, words as recognised": (NOW, "as recognised"),
        "now, words as said": (NOW, "as said"),
    }
    scores = {}
    with capsys.disabled():
        print(f"\n{len(own)} turns of {len({turn.voice for turn in own})} voices")
        for name, (options, known) in rows.items():
            found = [ends(turn, ears, options, known) for turn in own]
            scores[name] = score(conversations, found)
            print(scores[name].line(name), flush=True)
    assert scores["now, words as recognised"].spoilt < scores["before, sound alone"].spoilt
    theirs = score(conversations, pipecat(conversations, tmp_path)["ends"])
    with capsys.disabled():
        print(theirs.line("pipecat, its own wiring"))
    assert scores["now, words as said"].spoilt <= theirs.spoilt


def sounds(turn, ears, options) -> list[float]:
    """When a sound began, in a call of one person alone with the assistant."""
    manager = TurnManager(assistant_names=("Alfred",), options=options)
    manager.handle(PeopleChanged({1: "Ana"}, 0, 0.0))
    begun, due, ticked = [], [], 0.0
    for segmenter, now_s, frames in stream(turn, ears, options):
        facts = [fact for at_s, fact in due if at_s <= now_s]
        due = [(at_s, fact) for at_s, fact in due if at_s > now_s]
        if now_s - ticked >= options.latency.tick_interval_s:
            ticked = now_s
            facts.append(Ticked(now_s))
        facts += segmenter.tick(frames, now_s)
        while facts:
            for command in manager.handle(facts.pop(0)):
                match command:
                    case SendRequest(request_id, _, clip) if clip is not None:
                        text = ears.hear(clip.file(), turn.language)
                        heard = Transcribed(request_id, text, turn.language, now_s + EAR_S)
                        answer = ReplyChunk(request_id, "Yes.", (b"x",) * 50, "Yes.", now_s)
                        due += [(now_s + EAR_S, heard)]
                        due += [(now_s + ANSWER_S, replace(answer, at_s=now_s + ANSWER_S))]
                    case Play(request_id):
                        begun.append(now_s)
                        facts.append(Played(request_id, 1, False, now_s))
                    case PlayCue():
                        begun.append(now_s)
    return begun


def test_sound_begun_while_somebody_still_speaks(turns, ears, capsys) -> None:
    running = [turn for turn in turns if turn.kind == "running"]
    counted = {}
    for name, options in (("before", BEFORE), ("now", NOW)):
        counted[name] = []
        for turn in running:
            ((began_s, ended_s),) = turn.conversation().turns
            early = [at_s for at_s in sounds(turn, ears, options) if began_s < at_s < ended_s]
            counted[name].append((len(early), ended_s - began_s))
    with capsys.disabled():
        print("\nSounds begun while somebody was still to go on, in running speech")
        for name, rows in counted.items():
            minutes = sum(length_s for _, length_s in rows) / 60
            total = sum(count for count, _ in rows)
            print(f"  {name:7} {total} in {minutes:.1f} minutes: {total / minutes:.1f} a minute")
    assert sum(n for n, _ in counted["now"]) <= sum(n for n, _ in counted["before"])
