"""Policy: plain arithmetic."""

import pytest

from bot.runpod.retry import Backoff, poll_interval_s, retry_after_s


def test_backoff_doubles_up_to_its_most_and_is_half_jitter():
    backoff = Backoff(first_s=1, most_s=5)
    assert [backoff.delay_s(n, lambda: 1.0) for n in (1, 2, 3, 4, 10_000)] == [1, 2, 4, 5, 5]
    assert backoff.delay_s(2, lambda: 0.0) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "86400"}, 60),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "²"}, None),
        (
            {
                "retry-after": "Mon, 23 Nov 2026 10:00:09 GMT",
                "date": "Mon, 23 Nov 2026 10:00:00 GMT",
            },
            9,
        ),
        (
            {
                "retry-after": "Mon, 23 Nov 2026 09:00:00 GMT",
                "date": "Mon, 23 Nov 2026 10:00:00 GMT",
            },
            0,
        ),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:09 GMT"}, None),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:09 GMT", "date": "23 Nov 2026 10:00:00"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after_s(headers) == seconds


@pytest.mark.parametrize(
    ("age_s", "crowd", "wait_s"),
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
def test_polls_are_a_twenty_fifth_of_the_age_and_share_the_limit(age_s, crowd, wait_s):
    assert poll_interval_s(age_s, crowd) == pytest.approx(wait_s)
