"""How a long recording is cut for the recogniser: pure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workers.penny import speech_windows
from bot.workers.penny.speech_windows import cut_windows, windows

SECOND = 16_000


def spans(*seconds: tuple[float, float]) -> list[tuple[int, int]]:
    return [(int(a * SECOND), int(b * SECOND)) for a, b in seconds]


def test_no_speech_no_window() -> None:
    assert windows([], 10 * SECOND) == []


def test_a_short_clip_is_one_window_whole() -> None:
    assert windows(spans((1, 2), (4, 6)), 20 * SECOND) == [((0, 20 * SECOND), 3.0)]


def test_a_long_clip_is_cut_at_a_pause_once_there_is_enough() -> None:
    found = windows(spans((0, 5), (5.1, 8), (9, 12), (12.2, 20)), 40 * SECOND)
    assert [(round(a / SECOND, 1), round(b / SECOND, 1)) for (a, b), _ in found] == [
        (0.0, 8.2),
        (8.8, 20.2),
    ]


def test_a_window_never_gets_too_long() -> None:
    found = windows(spans(*((n, n + 0.9) for n in range(60))), 60 * SECOND)
    assert all(b - a <= 15.4 * SECOND for (a, b), _ in found)


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.1, 14)), min_size=1, max_size=40))
def test_every_stretch_of_speech_is_in_a_window(gaps: list[tuple[float, float]]) -> None:
    speech, at = [], 0.0
    for pause, length in gaps:
        speech.append((at + pause, at + pause + length))
        at += pause + length
    found = windows(spans(*speech), int((at + 1) * SECOND))
    for start, end in spans(*speech):
        assert any(a <= start and end <= b for (a, b), _ in found)
    assert [w for w, _ in found] == sorted(w for w, _ in found)


def loud(clip: np.ndarray) -> list[tuple[int, int]]:
    """Where a clip is not silent: what the voice detector finds, without the model."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], clip != 0, [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


TENTH = SECOND // 10


def cut(speech: list[tuple[int, int]], stretch: int) -> tuple[np.ndarray, list]:
    """A recording of pauses and words (in tenths of a second), and the windows it is cut into."""
    words = [np.concatenate([np.zeros(gap), np.ones(length)]) for gap, length in speech]
    clip = np.repeat(np.concatenate(words), TENTH).astype(np.float32)
    step = stretch * TENTH
    pieces = [clip[at : at + step] for at in range(0, len(clip), step)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(speech_windows, "detect_speech", loud)
        return clip, list(cut_windows(iter(pieces)))


def talks(least_pause: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    one = st.tuples(st.integers(least_pause, 30), st.integers(2, 130))
    return st.lists(one, min_size=1, max_size=60)


@settings(deadline=None, max_examples=50)
@given(talks(least_pause=2), st.sampled_from([200, 301, 450]))
def test_a_recording_in_stretches_has_the_windows_of_one_that_is_whole(talk, stretch: int) -> None:
    clip, found = cut(talk, stretch)
    whole = windows(loud(clip), len(clip), is_part=len(clip) > stretch * TENTH)
    assert [(round(at * SECOND), seconds) for _, at, seconds, _ in found] == [
        (start, seconds) for (start, _), seconds in whole
    ]
    for (window, *_), ((start, end), _) in zip(found, whole, strict=True):
        assert np.array_equal(window, clip[start:end])


@settings(deadline=None, max_examples=50)
@given(talks(least_pause=0), st.sampled_from([200, 301]))
def test_nothing_is_lost_where_stretches_meet(talk, stretch: int) -> None:
    """Words without a pause between them are one; the detector ends it after 14 s."""
    clip, found = cut([(gap, length % 40 + 2) for gap, length in talk], stretch)
    heard = np.zeros(len(clip), bool)
    for window, at, *_ in found:
        heard[round(at * SECOND) :][: len(window)] = True
    assert heard[clip > 0].all()


def test_only_a_short_clip_is_all_there_is() -> None:
    clip = np.concatenate([np.ones(SECOND), np.zeros(SECOND)]).astype(np.float32)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(speech_windows, "detect_speech", loud)
        assert [is_all for *_, is_all in cut_windows(iter([clip]))] == [True]
        assert [is_all for *_, is_all in cut_windows(iter([clip] * 40))][-1] is False
        assert list(cut_windows(iter([]))) == []
