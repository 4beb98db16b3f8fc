"""Pictures made of characters."""

import pytest

from bot.i18n import words_for
from bot.local_voice.tui import charts
from bot.voice_agent.latency_phase import Owner, Phase
from tests.fakes.talk_controller import PHASES

ENGLISH = words_for("en")


def test_a_voice_rises_from_the_ground():
    low, high = charts.QUIET_DBFS, 0.0
    assert charts.trace([low, high], 3, 1) == ["▁▁█"]
    assert charts.trace([high, low, (low - 8) / 2], 3, 2) == ["█  ", "█▁█"]
    assert charts.trace([], 3, 2) == ["   ", "▁▁▁"]


@pytest.mark.parametrize("level", [-100.0, charts.QUIET_DBFS, charts.QUIET_DBFS + 1])
def test_a_quiet_room_needs_no_drawing(level):
    assert charts.trace([level] * 5, 5, 2) == charts.trace([], 5, 2)


@pytest.mark.parametrize("frame", list(charts.Frame))
def test_a_badge_is_as_wide_as_it_is_to_be(frame):
    lines = charts.badge("● NOT LISTENING", 24, frame)
    assert [len(line) for line in lines] == [24, 24, 24]


@pytest.mark.parametrize("draw", [charts.waterfall, charts.timeline])
@pytest.mark.parametrize("width", [3, 30, 40, 78, 200])
@pytest.mark.parametrize("last_ms", [0.5, 22, 60_000])
def test_pictures_of_a_turn_fit(draw, width, last_ms):
    lines = draw((*PHASES[:-1], Phase("playing", Owner.OURS, 792, last_ms)), width, ENGLISH)
    assert lines
    assert all(len(line) <= width for line in lines)


def test_each_phase_is_where_it_was():
    lines = charts.waterfall(PHASES, 60, ENGLISH)
    assert lines[0] == "answered in 0.81 s"
    starts = [len(line[12:]) - len(line[12:].lstrip()) for line in lines[1:-1]]
    assert starts == sorted(starts)
    assert lines[-2].endswith("22 ms")
    assert lines[-1].startswith("█ skydeck")


def test_the_longest_phases_are_told_where_not_all_fit():
    bar, made_of, legend = charts.timeline(PHASES, 200, ENGLISH)
    assert bar.count("│") == len(PHASES) + 1
    assert "the service" in legend
    assert made_of.startswith("listening 200 · deciding 12 · recognizing 180 · thinking 310")
    assert charts.timeline(PHASES, 40, ENGLISH)[1] == "listening 200 · thinking 310 ms"


def test_no_turn_has_no_picture():
    assert charts.waterfall((), 60, ENGLISH) == charts.timeline((), 60, ENGLISH) == []
    assert charts.timeline((Phase("playing", Owner.OURS, 0, 0.2),), 60, ENGLISH) == []


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, "░░░░"), (0.5, "██░░"), (0.4, "█▌░░"), (1, "████"), (7, "████")]
)
def test_a_bar_is_as_long_as_its_share(share, drawn):
    assert charts.bar(share, 4) == drawn
