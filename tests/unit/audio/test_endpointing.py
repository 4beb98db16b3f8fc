"""The endpointer alone: what it decides, whatever it hears."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.endpointing import (
    Began,
    Continued,
    Ended,
    Endpointer,
    EndpointingOptions,
    Partial,
    Paused,
    Resumed,
    TurnDetectionRequested,
)
from audio.turn_end import TurnEndFeatures, Words
from bot.voice_agent.options import DEFAULT_OPTIONS

DEFAULTS = replace(DEFAULT_OPTIONS.endpointing, partial_silence_ms=0, partial_every_ms=0)
PARTIALS = DEFAULT_OPTIONS.endpointing

MS = 32
SPEECH, NOISE = 0.9, 0.05


class SoundWaits:
    """By sound alone: 2000, 1000 and 300 ms at 0, 0.5 and 0.9, and on straight lines between."""

    def wait_ms(self, features: TurnEndFeatures) -> int:
        if features.words is Words.DANGLING:
            return 1500
        if features.completeness is None:
            return 1000
        return int(np.interp(features.completeness, (0.0, 0.5, 0.9), (2000, 1000, 300)))

    def looks_over(self, features: TurnEndFeatures) -> bool:
        return (features.completeness or 0.0) > 0.5


OPTIONS = replace(DEFAULTS, waits=SoundWaits())


def hear(endpointer: Endpointer, ms: int, probability: float = SPEECH) -> list:
    return [m for _ in range(ms // MS) for m in endpointer.hear(MS, probability)]


def idle(endpointer: Endpointer, ms: int) -> list:
    return [m for _ in range(ms // 20) for m in endpointer.idle(20)]


def speaking(options: EndpointingOptions = OPTIONS) -> Endpointer:
    endpointer = Endpointer(options)
    hear(endpointer, 640)
    return endpointer


def detect(endpointer: Endpointer, decisions: list, completeness: float) -> list:
    (pause,) = [
        decision.pause for decision in decisions if isinstance(decision, TurnDetectionRequested)
    ]
    return endpointer.detected(pause, completeness)


def test_speech_begins_after_enough_of_it_and_says_since_when() -> None:
    endpointer = Endpointer(OPTIONS)
    assert hear(endpointer, 160) == []
    assert hear(endpointer, MS) == [Began(192)]
    assert endpointer.in_turn


def test_a_click_or_a_short_cough_is_no_speech() -> None:
    endpointer = Endpointer(OPTIONS)
    for _ in range(50):
        assert hear(endpointer, 128) + hear(endpointer, 320, NOISE) == []


def test_the_detector_is_asked_before_the_pause_is_sure() -> None:
    endpointer = speaking()
    assert hear(endpointer, 96, NOISE) == []
    assert hear(endpointer, MS, NOISE) == [TurnDetectionRequested(1)]
    assert hear(endpointer, 64, NOISE) == [Paused()]


def test_a_silence_too_short_for_a_pause_makes_one_partial() -> None:
    endpointer = speaking(PARTIALS)
    assert hear(endpointer, 32, NOISE) == []
    assert hear(endpointer, 32, NOISE) == [Partial()]
    assert hear(endpointer, 32, NOISE) == []
    hear(endpointer, 32)
    assert hear(endpointer, 64, NOISE) == [Partial()]


def test_speech_without_a_silence_makes_partials_now_and_then() -> None:
    endpointer = speaking(PARTIALS)
    found = hear(endpointer, 4 * PARTIALS.partial_every_ms)
    assert [m for m in found if m == Partial()] == [Partial()] * 4


def test_whoever_speaks_on_is_said_to_by_the_length_of_their_sound() -> None:
    endpointer = Endpointer(OPTIONS)
    found = [m.speech_ms for m in hear(endpointer, 1_600) if isinstance(m, Continued)]
    assert found == list(range(224, 1_600, 224))  # the first window past each 200 ms
    assert not any(isinstance(m, Continued) for m in hear(endpointer, 1_600, NOISE))


def test_a_client_that_falls_silent_pauses_without_a_partial() -> None:
    endpointer = speaking(PARTIALS)
    assert endpointer.idle(100) == [TurnDetectionRequested(1), Paused()]


def test_what_sounds_complete_ends_soon() -> None:
    endpointer = speaking()
    detect(endpointer, hear(endpointer, 128, NOISE), 0.95)
    assert hear(endpointer, 160, NOISE) == [Paused()]
    assert hear(endpointer, MS, NOISE) == [Ended(0.95, 300)]


def test_what_sounds_unfinished_is_waited_for() -> None:
    endpointer = speaking()
    detect(endpointer, hear(endpointer, 128, NOISE), 0.0)
    assert hear(endpointer, 1824, NOISE) == [Paused()]
    assert hear(endpointer, 64, NOISE) == [Ended(0.0, 2000)]


def test_without_an_answer_time_decides() -> None:
    endpointer = speaking()
    assert hear(endpointer, 1024, NOISE)[-1] == Ended(None, 1000)


def test_a_late_answer_ends_a_pause_that_is_long_enough() -> None:
    endpointer = speaking()
    decisions = hear(endpointer, 640, NOISE)
    assert detect(endpointer, decisions, 0.97) == [Ended(0.97, 300)]


def test_an_answer_to_an_earlier_pause_is_ignored() -> None:
    endpointer = speaking()
    first = hear(endpointer, 320, NOISE)
    hear(endpointer, 320)
    hear(endpointer, 640, NOISE)
    assert detect(endpointer, first, 0.97) == []


def test_speech_in_a_pause_goes_on_with_the_turn() -> None:
    endpointer = speaking()
    detect(endpointer, hear(endpointer, 320, NOISE), 0.0)
    assert hear(endpointer, 96) == [Resumed()]
    assert endpointer.speech_ms == 640 + 96


def test_a_click_in_a_pause_does_not() -> None:
    endpointer = speaking()
    detect(endpointer, hear(endpointer, 320, NOISE), 0.0)
    assert hear(endpointer, 64) + hear(endpointer, 320, NOISE) == []


def test_no_turn_ends_while_speech_may_be_beginning() -> None:
    endpointer = speaking()
    detect(endpointer, hear(endpointer, 256, NOISE), 0.95)
    assert hear(endpointer, 64) == []
    assert hear(endpointer, MS) == [Resumed()]


def test_a_client_gone_silent_is_a_pause_at_once() -> None:
    endpointer = speaking()
    hear(endpointer, 64, NOISE)
    assert endpointer.idle(20) == [TurnDetectionRequested(1), Paused()]
    assert endpointer.detected(1, 0.95) == []
    assert idle(endpointer, 220) == [Ended(0.95, 300)]


def test_packets_that_stop_in_mid_speech_are_no_pause_yet() -> None:
    endpointer = speaking()
    assert [m for _ in range(5) for m in endpointer.idle(20, explicit_dtx=False)] == []
    assert Paused() not in hear(endpointer, 96)  # they come again
    decisions = [m for _ in range(10) for m in endpointer.idle(20, explicit_dtx=False)]
    assert decisions == [TurnDetectionRequested(1), Paused()]
    assert endpointer.detected(1, 0.99) == []
    decisions = [m for _ in range(10) for m in endpointer.idle(20, explicit_dtx=False)]
    assert decisions == [Ended(0.99, OPTIONS.packet_stall_ms)]


def test_packets_that_stop_after_silence_are_a_pause() -> None:
    endpointer = speaking()
    hear(endpointer, 128, NOISE)
    assert endpointer.idle(20, explicit_dtx=False) == [Paused()]


def test_an_endless_turn_ends_at_its_next_pause_or_is_cut() -> None:
    options = replace(OPTIONS, soft_max_turn_ms=3_200, max_turn_ms=6_400)
    endpointer = speaking(options)
    hear(endpointer, 3_200)
    assert hear(endpointer, 192, NOISE)[1:] == [Paused(), Ended(None, options.pause_ms)]
    hear(endpointer, 640)
    cut = [m for m in hear(endpointer, 6_400) if not isinstance(m, Continued)]
    assert cut[:2] == [Paused(), Ended(None, 0)]
    assert endpointer.in_turn  # the next one


@pytest.mark.parametrize("words", list(Words))
@pytest.mark.parametrize("went_on", [0, 1, 5])
def test_waits_fall_as_completeness_rises(words, went_on) -> None:
    features = [
        TurnEndFeatures(completeness=p / 100, words=words, speech_ms=2000, went_on=went_on)
        for p in range(101)
    ]
    waits = [DEFAULTS.waits.wait_ms(one) for one in features]
    assert waits == sorted(waits, reverse=True)
    assert 192 <= min(waits) <= max(waits) <= 2500


@pytest.mark.parametrize("completeness", [None, 0.0, 0.3, 0.9, 0.99, 1.0])
def test_whole_words_shorten_the_wait_and_dangling_ones_lengthen_it(completeness) -> None:
    waits = [
        DEFAULTS.waits.wait_ms(
            TurnEndFeatures(completeness=completeness, words=words, speech_ms=2000)
        )
        for words in (Words.WHOLE, Words.OPEN, Words.DANGLING)
    ]
    assert waits == sorted(waits)


def test_a_few_words_and_a_story_are_waited_for_longer_than_a_statement() -> None:
    def wait_ms(speech_ms: int, words: Words) -> int:
        features = TurnEndFeatures(completeness=0.9, words=words, speech_ms=speech_ms)
        return DEFAULTS.waits.wait_ms(features)

    fragment, statement, story = (wait_ms(ms, Words.OPEN) for ms in (800, 2_800, 12_000))
    assert statement < fragment
    assert statement < story
    assert wait_ms(800, Words.WHOLE) == wait_ms(12_000, Words.WHOLE)


def test_words_that_dangle_keep_a_turn_open() -> None:
    endpointer = speaking()
    detect(endpointer, hear(endpointer, 192, NOISE), 0.95)
    assert endpointer.transcribed(Words.DANGLING) == []
    assert hear(endpointer, 1280, NOISE) == []
    assert hear(endpointer, 64, NOISE) == [Ended(0.95, 1500)]


def test_words_that_come_late_end_a_pause_that_is_long_enough() -> None:
    endpointer = speaking()
    detect(endpointer, hear(endpointer, 192, NOISE), 0.0)
    hear(endpointer, 1600, NOISE)
    assert endpointer.transcribed(Words.DANGLING) == [Ended(0.0, 1500)]


def test_words_of_an_earlier_pause_are_forgotten() -> None:
    endpointer = speaking()
    detect(endpointer, hear(endpointer, 192, NOISE), 0.95)
    endpointer.transcribed(Words.DANGLING)
    assert hear(endpointer, 96) == [Resumed()]
    assert endpointer.transcribed(Words.DANGLING) == []
    assert endpointer.features.words is Words.UNKNOWN


def test_who_goes_on_after_what_looked_like_an_end_is_remembered_for_this_turn() -> None:
    endpointer = speaking()
    detect(endpointer, hear(endpointer, 192, NOISE), 0.8)
    hear(endpointer, 96)
    assert endpointer.features.went_on == 1  # within the turn
    detect(endpointer, hear(endpointer, 128, NOISE), 0.95)
    hear(endpointer, 640, NOISE)
    assert not endpointer.in_turn
    hear(endpointer, 320)
    assert endpointer.features.went_on == 2  # after its end
    assert endpointer.features.speech_ms == 640 + 96 + 320
    hear(endpointer, 6400, NOISE)
    hear(endpointer, 320)
    assert endpointer.features.went_on == 0  # a turn of its own


def test_who_is_cut_has_not_gone_on_after_an_end() -> None:
    endpointer = speaking(replace(OPTIONS, max_turn_ms=6_400))
    decisions = hear(endpointer, 6_400 + 640)
    assert sum(isinstance(decision, Ended) for decision in decisions) == 1
    assert endpointer.in_turn
    assert endpointer.features.went_on == 0
    assert endpointer.features.speech_ms > 6_400  # yet it is one long turn


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hear"), st.floats(0, 1)),
        st.tuples(st.just("speech"), st.integers(1, 40)),
        st.tuples(st.just("noise"), st.integers(1, 40)),
        st.tuples(st.just("idle"), st.integers(1, 4000)),
        st.tuples(st.just("stall"), st.integers(1, 600)),
        st.tuples(st.just("detected"), st.floats(0, 1)),
    ),
    max_size=60,
)


def play(endpointer: Endpointer, steps: list) -> list:
    decisions: list = []
    for kind, value in steps:
        match kind:
            case "hear":
                decisions += endpointer.hear(MS, value)
            case "speech":
                decisions += hear(endpointer, value * MS)
            case "noise":
                decisions += hear(endpointer, value * MS, NOISE)
            case "idle":
                decisions += endpointer.idle(value)
            case "stall":
                decisions += endpointer.idle(value, explicit_dtx=False)
            case "detected":
                asked = [
                    decision.pause
                    for decision in decisions
                    if isinstance(decision, TurnDetectionRequested)
                ]
                decisions += endpointer.detected(asked[-1], value) if asked else []
    return decisions


FOLLOWS = {
    None: {Began},
    Began: {Paused},
    Paused: {Resumed, Ended},
    Resumed: {Paused},
    Ended: {Began},
}


@given(STEPS)
def test_marks_are_well_formed(steps: list) -> None:
    last = None
    for decision in play(
        Endpointer(replace(PARTIALS, soft_max_turn_ms=2_000, max_turn_ms=4_000)), steps
    ):
        if isinstance(decision, TurnDetectionRequested):
            continue
        if isinstance(decision, Partial | Continued):
            assert last in (Began, Resumed), "only while they speak"
            continue
        assert type(decision) in FOLLOWS[last]
        last = type(decision)


@given(STEPS)
def test_every_turn_ends_when_nothing_more_comes(steps: list) -> None:
    endpointer = Endpointer(OPTIONS)
    play(endpointer, steps)
    idle(endpointer, 2600)
    assert not endpointer.in_turn
