"""What the app says."""

import pytest

from bot.conversation.trace import Owner, Phase
from bot.talk.app import words
from tests.fakes.talk_desk import PHASES


@pytest.mark.parametrize(("dbfs", "bar"), [(-60, "···"), (-90, "···"), (0, "███"), (-20, "██·")])
def test_the_meter(dbfs, bar):
    assert words.meter(dbfs, 3) == bar


@pytest.mark.parametrize("draw", [words.waterfall, words.bar])
@pytest.mark.parametrize("width", [30, 40, 78, 200])
def test_pictures_of_a_turn_fit(draw, width):
    lines = draw(PHASES, width)
    assert lines
    assert all(len(line) <= width for line in lines)


def test_each_phase_is_where_it_was():
    lines = words.waterfall(PHASES, 60)
    starts = [len(line[12:]) - len(line[12:].lstrip()) for line in lines[:-1]]
    assert starts == sorted(starts)
    assert lines[-1].split()[-2:] == ["814", "ms"]
    assert "thinking 310" in words.bar(PHASES, 78)[1]


def test_no_turn_has_no_picture():
    assert words.waterfall((), 60) == words.bar((), 60) == []
    assert words.bar((Phase("playing", Owner.OURS, 0, 0.2),), 60) == []


def test_what_could_trick_a_terminal_is_not_shown():
    assert words.clean("a\x1b[31mb\x07\u202ec\x9b\nd\te🧑‍🚀") == "a[31mbc\nd\te🧑🚀"
