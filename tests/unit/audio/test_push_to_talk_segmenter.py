"""Push to talk: nothing is clipped, and silence ends nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.push_to_talk_segmenter import MAX_TURN_MS, PushToTalkSegmenter
from audio.silence_frames import SILENCE_FRAME
from audio.speech_events import (
    DtxStarted,
    LostSpeech,
    SpeechBegan,
    SpeechContinued,
    SpeechPacket,
    SpeechPartial,
    TurnEnded,
)

ME = 1


class Mic:
    """A microphone that never rests: each packet's bytes say when it was captured, in ms."""

    def __init__(self, segmenter: PushToTalkSegmenter):
        self.segmenter = segmenter
        self.ms = 0
        self.events = []

    def runs(self, to_ms: int, *, deaf: bool = False):
        while self.ms < to_ms:
            self.ms += 20
            frames = [] if deaf else [packet(self.ms)]
            self.events += self.segmenter.tick(frames, self.ms / 1000)

    @property
    def clip(self):
        (ended,) = [event for event in self.events if isinstance(event, TurnEnded)]
        return ended.clip


def packet(ms: int) -> SpeechPacket:
    return SpeechPacket(ME, ms * 48, b"\xf8" + ms.to_bytes(4, "big"), ms / 1000)


def times(clip) -> list[int]:
    return [int.from_bytes(p[1:], "big") for p in clip.packets]


@pytest.fixture
def mic() -> Mic:
    return Mic(PushToTalkSegmenter(ME))


def test_what_was_said_before_the_key_and_after_it_is_kept(mic):
    mic.runs(5_000)
    mic.segmenter.press(5.0)
    mic.runs(7_000)
    mic.segmenter.release(7.0)
    mic.runs(8_000)
    assert times(mic.clip) == list(range(4_720, 7_201, 20))
    assert isinstance(mic.events[0], SpeechBegan)
    assert mic.events[-1].waited_ms == 200
    assert (mic.clip.began_s, mic.clip.ended_s, mic.clip.channels) == (5.0, 7.0, 1)


def test_now_and_then_it_brings_what_was_said_so_far(mic):
    mic.runs(1_000)
    mic.segmenter.press(1.0)
    mic.runs(3_500)
    mic.segmenter.release(3.5)
    mic.runs(6_000)
    partials = [times(e.clip) for e in mic.events if isinstance(e, SpeechPartial)]
    assert len(partials) == 2
    assert all(times(mic.clip)[: len(partial)] == partial for partial in partials)


def test_silence_never_ends_it(mic):
    mic.segmenter.press(0.0)
    for _ in range(100):
        mic.events += mic.segmenter.tick(
            [LostSpeech(ME, 0, 960), DtxStarted(ME, 0, 0.0)], mic.ms / 1000
        )
    assert [type(event) for event in mic.events] == [SpeechBegan]


def test_the_tail_is_waited_for_and_no_longer(mic):
    mic.runs(1_000)
    mic.segmenter.press(1.0)
    mic.runs(2_000)
    mic.segmenter.release(2.0)
    mic.runs(2_180)
    assert not any(isinstance(event, TurnEnded) for event in mic.events)
    mic.runs(2_200)
    assert mic.clip


def test_a_press_in_the_tail_goes_on_with_the_same_turn(mic):
    mic.segmenter.press(0.0)
    mic.runs(1_000)
    mic.segmenter.release(1.0)
    mic.runs(1_100)
    mic.segmenter.press(1.1)
    mic.runs(3_000)
    mic.segmenter.release(3.0)
    mic.runs(4_000)
    assert times(mic.clip)[-1] == 3_200


def test_a_release_processed_late_keeps_nothing_after_its_tail(mic):
    mic.segmenter.press(0.0)
    mic.runs(2_000)
    mic.segmenter.release(1.0)
    mic.runs(2_040)
    assert times(mic.clip)[-1] in (1_200, 1_220)


def test_a_microphone_that_dies_ends_it_with_what_there_is(mic):
    mic.runs(1_000)
    mic.segmenter.press(1.0)
    mic.runs(1_500)
    mic.segmenter.release(1.6)
    mic.runs(2_400, deaf=True)
    assert times(mic.clip)[-1] == 1_500


def test_a_microphone_that_never_spoke_still_ends_its_turn(mic):
    mic.segmenter.press(1.0)
    mic.runs(1_500, deaf=True)
    mic.segmenter.release(1.5)
    mic.runs(3_000, deaf=True)
    assert mic.clip.packets == (SILENCE_FRAME,)
    assert mic.clip.file()


def test_two_minutes_are_the_most(mic):
    mic.segmenter.press(0.0)
    mic.runs(MAX_TURN_MS + 1_000)
    assert mic.clip.duration_ms == MAX_TURN_MS
    assert mic.segmenter.has_overrun()
    assert not mic.segmenter.has_overrun()
    spoken_ms = [event.speech_ms for event in mic.events if isinstance(event, SpeechContinued)]
    assert spoken_ms == list(range(200, MAX_TURN_MS, 200))


def test_what_is_cancelled_is_gone(mic):
    mic.runs(1_000)
    mic.segmenter.press(1.0)
    mic.runs(1_600)
    mic.segmenter.cancel()
    mic.runs(3_000)
    assert {type(event) for event in mic.events} == {SpeechBegan, SpeechContinued}
    assert not mic.segmenter.is_open


def test_what_was_kept_for_a_press_may_come_after_it(mic):
    """The line encodes what came before a press only when there is one."""
    mic.segmenter.press(5.0)
    mic.events += mic.segmenter.tick([packet(ms) for ms in range(4_520, 5_020, 20)], 5.02)
    mic.ms = 5_000
    mic.runs(6_000)
    mic.segmenter.release(6.0)
    mic.runs(7_000)
    assert times(mic.clip)[0] == 4_720


@given(
    st.lists(st.tuples(st.sampled_from(["press", "release", "cancel", "run"]), st.integers(0, 900)))
)
def test_each_turn_begins_once_and_ends_once(steps):
    mic = Mic(PushToTalkSegmenter(ME))
    for what, ms in steps:
        if what == "run":
            mic.runs(mic.ms + ms)
        elif what == "cancel":
            mic.segmenter.cancel()
        else:
            getattr(mic.segmenter, what)(mic.ms / 1000)
    mic.runs(mic.ms + 2_000)
    begun = sum(isinstance(event, SpeechBegan) for event in mic.events)
    ended = sum(isinstance(event, TurnEnded) for event in mic.events)
    assert ended <= begun
    for event in mic.events:
        if isinstance(event, TurnEnded):
            made = times(event.clip)
            assert made == sorted(set(made)) or event.clip.packets == (SILENCE_FRAME,)
