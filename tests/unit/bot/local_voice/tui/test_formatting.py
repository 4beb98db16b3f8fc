"""What the app says."""

from dataclasses import replace

import pytest

from bot.local_voice.tui import formatting
from bot.local_voice.view import Doing, Entry, Kind, TalkMode, View

REST = View("You", "Alfred", "this machine", doing=Doing.READY, can_hear=True)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_state_has_words_and_a_sign_of_its_own(language):
    told = [
        formatting.state(View("You", "Alfred", "here", doing=doing, interface=language))
        for doing in Doing
    ]
    assert len({state.split()[0] for state in told}) == len(Doing)
    assert all(state.split()[1].isupper() for state in told)
    assert all(len(state) <= 18 for state in told), "the badge has room for no more"


def test_the_level_of_a_microphone_that_does_not_count_is_not_shown():
    entries = (Entry(1, Kind.TURN, "Hi."),)
    loud = View("You\x1b", "Alfred", "here", doing=Doing.READY, level_dbfs=-3, entries=entries)
    assert (
        formatting.shown(loud).level_dbfs
        == formatting.shown(replace(loud, level_dbfs=-50)).level_dbfs
    )
    assert formatting.shown(loud).person == "You"


def test_before_the_first_entry_the_level_counts_in_coarse_steps():
    levels = {
        formatting.shown(replace(REST, level_dbfs=-50 + at / 10)).level_dbfs for at in range(100)
    }
    assert levels == {-51, -48, -45, -42, -39}


@pytest.mark.parametrize("width", [200, 78, 58, 40, 20])
@pytest.mark.parametrize("is_typing", [True, False])
def test_as_many_keys_as_fit(width, is_typing):
    keys = formatting.keys(REST, width, is_typing=is_typing)
    assert sum(key.width for key in keys) <= width
    assert keys[0].name == ("Enter" if is_typing else "Space")
    if width >= 40:
        assert "quit" in {key.action for key in keys}


def test_the_space_bar_does_what_the_line_of_keys_says():
    hands_free = View("You", "Alfred", "here", mode=TalkMode.HANDS_FREE, doing=Doing.PAUSED)
    assert formatting.keys(REST, 80, is_typing=False)[0].does == "talk"
    assert formatting.keys(hands_free, 80, is_typing=False)[0].does == "listen"


def test_what_could_trick_a_terminal_is_not_shown():
    assert formatting.clean("a\x1b[31mb\x07\u202ec\x9b\nd\te🧑‍🚀") == "abc\nd   e🧑‍🚀"
    assert formatting.clean("plain") == "plain"
