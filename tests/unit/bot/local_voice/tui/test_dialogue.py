"""Entries as text."""

import pytest

from bot.local_voice.tui.dialogue import entry_text
from bot.local_voice.view import Entry, Kind, View

VIEW = View("You", "Alfred", "here")


def lines(entry: Entry, width: int = 40, view: View = VIEW) -> list[str]:
    return str(entry_text(entry, view, width)).splitlines()


def test_words_stand_beside_names():
    entry = Entry(1, Kind.TURN, "How far is it to the moon, and back again?", "Far.\n  Really.")
    assert lines(entry) == [
        "You     How far is it to the moon, and",
        "        back again?",
        "Alfred  Far.",
        "          Really.",
    ]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (Entry(1, Kind.TURN), ["You     …"]),
        (Entry(1, Kind.TURN, is_over=True), []),
        (Entry(1, Kind.TURN, "Hm", was_cut=True), ["You     Hm", "Alfred  stopped"]),
        (Entry(1, Kind.TURN, "Hm", "So", was_cut=True), ["You     Hm", "Alfred  So — stopped"]),
        (Entry(1, Kind.TASK, "/b x", "", "round 1"), ["You     /b x", "        round 1"]),
        (Entry(1, Kind.TASK, "/b x", "y"), ["You     /b x", "→       y"]),
        (Entry(1, Kind.NOTE, answered="So it is."), ["Note    So it is."]),
        (Entry(1, Kind.ERROR, answered="No key."), ["Error   No key."]),
    ],
)
def test_every_kind(entry, told):
    assert lines(entry) == told


def test_on_a_narrow_screen_words_stand_below_names():
    assert lines(Entry(1, Kind.TURN, "How?", "So."), 20) == ["You", "How?", "Alfred", "So."]


@pytest.mark.parametrize("width", [1, 10, 39, 40, 100])
def test_it_is_never_wider_than_there_is_room(width):
    view = View("日本" * 20, "x" * 60, "here")
    entry = Entry(1, Kind.TURN, "日本語" * 50, "word " * 100, "round 1 of 4")
    text = entry_text(entry, view, width)
    # A character of two cells does not fit into one.
    assert all(line.cell_length <= max(2, width) for line in text.split("\n"))
