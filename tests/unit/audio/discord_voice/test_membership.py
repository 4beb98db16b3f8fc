"""Of what is told that the bot is in no channel, only what it did not bring about is a kick."""

# mypy: ignore-errors

from audio.discord_voice.membership import Membership, Where


def joined():
    membership = Membership()
    membership.join()
    membership.seen_in()
    membership.connected()
    return membership


def test_a_kick_is_told_once_and_leaves_nothing_to_ask_for():
    membership = joined()
    assert membership.seen_out()
    assert not membership.seen_out()
    assert not membership.leave()


def test_its_own_leaving_is_no_kick():
    membership = joined()
    assert membership.leave()
    assert not membership.leave(), "it is asked for once"
    membership.seen_in()  # a mute that was under way
    assert membership.where is Where.LEAVING
    assert not membership.seen_out()
    assert membership.where is Where.OUT


def test_the_leaving_of_the_line_before_is_no_kick():
    membership = Membership()
    assert not membership.seen_out()
    membership.join()
    assert not membership.seen_out()
    assert membership.where is Where.JOINING
    membership.seen_in()
    assert membership.seen_out()


def test_the_echo_of_a_reconnect_is_no_kick_even_after_a_mute_that_was_under_way():
    membership = joined()
    membership.leave()
    membership.join()
    membership.seen_in()
    assert not membership.seen_out()
    membership.seen_in()
    assert membership.where is Where.IN


def test_an_echo_that_never_comes_hides_no_kick():
    membership = joined()
    membership.leave()
    membership.join()
    membership.seen_in()
    membership.connected()
    assert membership.seen_out()


def test_dragged_while_it_is_out_it_is_in():
    membership = joined()
    membership.leave()
    membership.seen_out()
    membership.seen_in()
    assert membership.where is Where.IN
    assert membership.leave()
