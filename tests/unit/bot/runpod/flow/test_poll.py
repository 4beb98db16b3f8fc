"""The pauses between polls."""

import pytest

from bot.runpod.flow.poll import poll_interval_s


@pytest.mark.parametrize(
    ("age_s", "in_flight", "wait_s"),
    [
        (0, 1, 0.02),
        (0.5, 1, 0.02),
        (5, 1, 0.2),
        (50, 1, 2),
        (5000, 1, 2),
        (0, 64, 0.64),
        (50, 64, 2),
    ],
)
def test_polls_are_a_twenty_fifth_of_the_age_and_share_the_limit(age_s, in_flight, wait_s):
    assert poll_interval_s(age_s, in_flight) == pytest.approx(wait_s)
