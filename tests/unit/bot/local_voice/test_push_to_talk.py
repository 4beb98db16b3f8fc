"""The talk key: one rule for every terminal."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.local_voice.push_to_talk import Act, TalkKey


@dataclass
class Hand:
    """Presses a key; each step says when, in seconds."""

    key: TalkKey

    def does(self, *steps: tuple[str, float]) -> list[tuple[Act, float]]:
        acts = []
        for what, at_s in steps:
            act = getattr(self.key, what)(at_s)
            if act is not None:
                acts.append((act, at_s))
        return acts


@pytest.fixture
def key() -> Hand:
    return Hand(TalkKey())


def test_held_where_the_terminal_tells_a_release(key):
    acts = key.does(("down", 10.0), ("up", 12.0))
    assert acts == [(Act.START, 10.0), (Act.END, 12.0)]


def test_tapped_it_goes_on_until_the_next_press(key):
    acts = key.does(("down", 10.0), ("up", 10.1), ("tick", 11), ("down", 14.0), ("up", 14.1))
    assert acts == [(Act.START, 10.0), (Act.END, 14.0)]


def test_a_release_just_after_250_ms_ends(key):
    assert key.does(("down", 1.0), ("up", 1.26)) == [(Act.START, 1.0), (Act.END, 1.26)]


def test_without_releases_the_next_press_ends(key):
    acts = key.does(("down", 10.0), ("down", 14.0), ("down", 16.0), ("down", 19.0))
    assert acts == [(Act.START, 10.0), (Act.END, 14.0), (Act.START, 16.0), (Act.END, 19.0)]


@pytest.mark.parametrize("pause", [0.25, 0.5, 0.66])
def test_held_where_the_terminal_only_repeats_it(key, pause):
    repeats = [("down", 10.0 + pause + n * 0.04) for n in range(50)]
    last = repeats[-1][1]
    acts = key.does(("down", 10.0), *repeats, ("tick", last + 0.1), ("tick", last + 0.25))
    assert acts == [
        (Act.START, 10.0),
        (Act.END, 10.0 + pause),  # it may have been the next press …
        (Act.RESUME, 10.0 + pause + 0.04),  # … and was not
        (Act.END, last + 0.25),
    ]
    assert not key.key.is_talking


def test_slow_repeats_are_no_new_turns_after_the_end(key):
    key.does(("down", 10.0), ("down", 10.5), ("down", 10.54), ("tick", 10.8))
    assert key.does(("down", 10.85)) == [(Act.START, 10.85)]


def test_a_bouncing_key_is_pressed_once(key):
    assert key.does(("down", 10.0), ("down", 10.03)) == [(Act.START, 10.0)]
    assert key.key.is_talking


def test_a_release_alone_means_nothing(key):
    assert key.does(("up", 3.0), ("tick", 4.0)) == []


def test_after_a_reset_the_next_press_starts(key):
    key.does(("down", 10.0))
    key.key.reset()
    assert key.does(("up", 11.0), ("down", 12.0)) == [(Act.START, 12.0)]


@dataclass
class Typing:
    """A person at a keyboard whose terminal repeats a held key, and a line that delays it."""

    key: TalkKey
    delay_s: float = 0.5
    period_s: float = 0.03
    held_up: Callable[[float], float] = lambda at_s: at_s
    acts: list[tuple[Act, float]] = field(default_factory=list)
    _line: list[float] = field(default_factory=list)

    def holds(self, from_s: float, to_s: float) -> None:
        sent, at_s = [from_s], from_s + self.delay_s
        while at_s < to_s:
            sent.append(at_s)
            at_s += self.period_s
        self._line += [max(at, self.held_up(at)) for at in sent]

    def taps(self, at_s: float) -> None:
        self._line.append(self.held_up(at_s))

    def see(self, until_s: float) -> list[Act]:
        """Let the key see everything until a time, with the ticks of the controller."""
        events = sorted(
            [(at_s, "down") for at_s in sorted(self._line)]
            + [(n * 0.05, "tick") for n in range(int(until_s / 0.05))]
        )
        for at_s, what in events:
            act = getattr(self.key, what)(at_s)
            if act is not None:
                self.acts.append((act, at_s))
        self._line.clear()
        return [act for act, _ in self.acts]


PERIODS = [0.02, 0.033, 0.05, 0.09, 0.12, 0.15, 0.2, 0.25, 0.33, 0.4, 0.5]


@pytest.mark.parametrize("period_s", PERIODS)
@pytest.mark.parametrize("delay_s", [0.25, 0.5, 0.66, 1.0])
def test_one_hold_is_one_turn_however_fast_the_key_repeats(delay_s, period_s):
    if period_s > delay_s:
        return  # no keyboard does that
    hand = Typing(TalkKey(), delay_s, period_s)
    hand.holds(1.0, 6.0)
    assert hand.see(8.5) == [Act.START, Act.END, Act.RESUME, Act.END]
    assert 6.0 - period_s < hand.acts[-1][1] < 6.0 + 2.5 * period_s + 0.3
    assert not hand.key.is_talking


@pytest.mark.parametrize("period_s", PERIODS)
def test_from_the_second_hold_on_the_first_repeat_is_known(period_s):
    hand = Typing(TalkKey(), 0.5, period_s)
    for begin_s in (1.0, 10.0, 20.0):
        hand.holds(begin_s, begin_s + 4)
    assert hand.see(26.0) == [Act.START, Act.END, Act.RESUME, Act.END] + 2 * [Act.START, Act.END]


@pytest.mark.parametrize("batch_s", [0.1, 0.2, 0.25, 0.3, 0.4, 0.5])
@pytest.mark.parametrize("period_s", [0.03, 0.09, 0.15])
def test_one_hold_is_one_turn_over_a_line_that_hands_keys_over_in_batches(period_s, batch_s):
    hand = Typing(TalkKey(), 0.5, period_s, lambda at_s: math.ceil(at_s / batch_s) * batch_s)
    hand.holds(1.0, 6.0)
    acts = hand.see(9.0)
    assert (acts.count(Act.START), acts[-1]) == (1, Act.END)
    assert len(acts) <= 4
    assert not hand.key.is_talking


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(PERIODS[:7]))
def test_over_a_line_of_any_jitter_the_microphone_closes_and_the_line_is_learned(seed, period_s):
    random = Random(seed)
    hand = Typing(TalkKey(), 0.5, period_s, lambda at_s: at_s + 0.3 * random.random())
    hand.holds(1.0, 5.0)
    hand.see(9.0)
    assert not hand.key.is_talking
    hand.acts.clear()
    hand.holds(11.0, 15.0)
    acts = hand.see(20.0)
    assert (acts.count(Act.START), acts[-1]) == (1, Act.END)


def test_a_line_that_stalls_closes_the_microphone_and_is_learned():
    stalls = lambda at_s: 4.0 if 2.0 < at_s < 4.0 else at_s  # noqa: E731
    hand = Typing(TalkKey(), 0.5, 0.03, stalls)
    hand.holds(1.0, 6.0)
    hand.see(9.0)
    assert not hand.key.is_talking


def test_taps_stay_taps_once_a_rhythm_is_known():
    hand = Typing(TalkKey(), 0.5, 0.03)
    hand.holds(1.0, 4.0)
    for at_s in (10.0, 14.0, 15.0, 18.0):
        hand.taps(at_s)
    assert hand.see(22.0)[4:] == [Act.START, Act.END, Act.START, Act.END]


def test_taps_of_a_short_word_stay_taps():
    acts = Hand(TalkKey()).does(("down", 1.0), ("down", 1.8), ("down", 3.0), ("down", 3.9))
    assert [act for act, _ in acts] == [Act.START, Act.END, Act.START, Act.END]


def test_a_terminal_that_reports_each_repeat_as_a_release_and_a_press():
    key = Hand(TalkKey())
    steps = [("down", 1.0)]
    for n in range(60):
        steps += [("up", 1.5 + n * 0.03), ("down", 1.5 + n * 0.03 + 0.001)]
    acts = key.does(*steps, ("up", 4.0))
    assert [act for act, _ in acts].count(Act.START) == 1
    assert acts[-1] == (Act.END, 4.0)
    assert not key.key.is_talking


@pytest.mark.parametrize("period_s", [0.03, 0.15, 0.4])
def test_a_key_that_is_held_after_its_turn_was_stopped_begins_none(period_s):
    hand = Typing(TalkKey(), 0.5, period_s)
    hand.holds(1.0, 4.0)
    hand.see(4.0)
    hand.key.reset()
    hand.acts.clear()
    hand._line = [4.0 + n * period_s for n in range(20)]
    assert hand.see(4.0 + 20 * period_s) == []
    assert [act for act, _ in Hand(hand.key).does(("down", 30.0))] == [Act.START]


@given(st.lists(st.tuples(st.sampled_from(["down", "up", "tick"]), st.floats(0, 2)), max_size=60))
def test_acts_alternate_whatever_the_key_does(steps):
    key, now_s, is_talking = TalkKey(), 0.0, False
    for what, after_s in steps:
        now_s += after_s
        act = getattr(key, what)(now_s)
        if act is not None:
            assert is_talking == (act is Act.END)
            is_talking = act is not Act.END
        assert key.is_talking == is_talking
