"""The talk key: one rule for every terminal."""

from dataclasses import dataclass

import pytest

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
