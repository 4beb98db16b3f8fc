"""A microphone's gate decides frame by frame what a clip's knows beforehand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from local_discord.voice.clips import SILENCE_FRAMES, Microphone, _held_open
from local_discord.voice.gate import Gate, Passed

LOUD_DB, SOFT_DB = -20.0, -80.0
OPEN = Microphone()
PUSH_TO_TALK = Microphone(threshold_db=None)


def sent(gate: Gate[int], loud: list[bool]) -> list[Passed[int]]:
    """All that leaves, `frame` being the number of the frame."""
    return [
        one
        for number, is_loud in enumerate(loud)
        for one in gate.take(number, LOUD_DB if is_loud else SOFT_DB)
    ]


def test_it_opens_60_ms_early_and_closes_240_ms_late_with_five_frames_of_silence():
    passed = sent(Gate(OPEN), [False] * 10 + [True] * 5 + [False] * 40)
    frames = [one.frame for one in passed]
    assert frames == [*range(7, 10 + 5 + 12), *[None] * SILENCE_FRAMES]
    assert [one.ago for one in passed[:4]] == [3, 2, 1, 0]
    assert [one.frame for one in passed if one.voiced] == list(range(10, 15))


def test_push_to_talk_sends_whatever_comes_and_closes_when_it_is_let_go():
    gate: Gate[int] = Gate(PUSH_TO_TALK)
    assert [one.frame for one in sent(gate, [False, True, False])] == [0, 1, 2]
    assert gate.is_open
    assert gate.close() == SILENCE_FRAMES
    assert gate.close() == 0


def test_closed_within_its_silence_it_owes_the_rest():
    gate: Gate[int] = Gate(OPEN)
    sent(gate, [True] + [False] * 14)  # twelve go out after speech, then two of silence
    assert gate.close() == SILENCE_FRAMES - 2
    assert gate.take(99, LOUD_DB) == [Passed(0, 99, voiced=True)]


@given(st.lists(st.booleans(), max_size=120))
def test_it_sends_what_a_clip_sends_but_for_what_was_silence_already(loud: list[bool]):
    padded = [*loud, *[False] * (OPEN.trailing + SILENCE_FRAMES)]
    gate: Gate[int] = Gate(OPEN)
    frames, silences = set(), set()
    for number, is_loud in enumerate(padded):
        for one in gate.take(number, LOUD_DB if is_loud else SOFT_DB):
            if one.frame is None:
                silences.add(number)
            else:
                assert one.frame == number - one.ago
                assert one.frame not in frames | silences
                frames.add(one.frame)
    held_open = set(np.flatnonzero(_held_open(np.array(padded, bool), OPEN)).tolist())
    assert frames <= held_open
    assert held_open - frames <= silences
    assert not gate.is_open
