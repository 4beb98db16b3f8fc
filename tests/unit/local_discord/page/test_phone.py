"""How fast a page may send its microphone's frames."""

from audio.constants import FRAME_S
from local_discord.page.phone import BURST, _Ahead


def test_a_burst_is_let_through_and_then_no_more_than_time_passes():
    ahead = _Ahead(100.0)
    passed = sum(ahead.may(100.0) for _ in range(10 * BURST))
    assert BURST <= passed <= BURST + 1
    passed = sum(ahead.may(100.0 + number * FRAME_S / 4) for number in range(400))
    assert 99 <= passed <= 101  # two seconds


def test_who_was_silent_for_an_hour_has_no_more_than_a_burst():
    ahead = _Ahead(0.0)
    assert sum(ahead.may(3600.0) for _ in range(10 * BURST)) <= BURST + 1
