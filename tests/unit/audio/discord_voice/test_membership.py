"""Of what is told that the bot is in no channel, only what it did not bring about is a kick."""

# mypy: ignore-errors

from audio.discord_voice.membership import Membership, Where


def joined():
    membership = Membership()
    membership.join()
    membership.told_in()
    membership.settled()
    return membership


def test_a_kick_is_told_once_and_leaves_nothing_to_ask_for():
    membership = joined()
    assert membership.told_out()
    assert not membership.told_out()
    assert not membership.leave()


def test_its_own_leaving_is_no_kick():
    membership = joined()
    assert membership.leave()
    assert not membership.leave(), "it is asked for once"
    membership.told_in()  # a mute that was under way
    assert membership.where is Where.LEAVING
    assert not membership.told_out()
    assert membership.where is Where.OUT


def test_the_leaving_of_the_line_before_is_no_kick():
    membership = Membership()
    assert not membership.told_out()
    membership.join()
    assert not membership.told_out()
    assert membership.where is Where.JOINING
    membership.told_in()
    assert membership.told_out()


def test_the_echo_of_a_reconnect_is_no_kick_even_after_a_mute_that_was_under_way():
    membership = joined()
    membership.leave()
    membership.join()
    membership.told_in()
    assert not membership.told_out()
    membership.told_in()
    assert membership.where is Where.IN


def test_an_echo_that_never_comes_hides_no_kick():
    membership = joined()
    membership.leave()
    membership.join()
    membership.told_in()
    membership.settled()
    assert membership.told_out()


def test_dragged_while_it_is_out_it_is_in():
    membership = joined()
    membership.leave()
    membership.told_out()
    membership.told_in()
    assert membership.where is Where.IN
    assert membership.leave()
