"""How a long recording is cut for the recogniser: pure."""

from hypothesis import given
from hypothesis import strategies as st

from bot.workers.penny.asr import windows

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
