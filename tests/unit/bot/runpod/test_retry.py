"""The retry policy: plain arithmetic."""

import pytest

from bot.runpod.models import HttpResponse, TransportErrorKind, TransportFailure
from bot.runpod.retry import (
    MAX_FAULTS,
    MAX_RATE_LIMITS,
    MAX_REFUSALS,
    Backoff,
    FaultBudget,
    rate_limit_pause_s,
    retry_after_s,
)


def test_backoff_doubles_up_to_its_most_and_is_half_jitter():
    backoff = Backoff(first_s=1, max_s=5)
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
    assert retry_after_s(HttpResponse(status=429, now=0.0, headers=headers)) == seconds


@pytest.mark.parametrize(
    ("asked", "rate_limits", "left_s", "pause_s"),
    [
        (None, 1, 20, 0.5),
        (None, 3, 20, 2),
        ("7", 1, 20, 7),
        ("7", 1, 7, None),
        ("0", MAX_RATE_LIMITS - 1, 20, 15),
        ("0", MAX_RATE_LIMITS, 20, None),
    ],
)
def test_a_submission_answered_by_429_waits_and_then_gives_up(asked, rate_limits, left_s, pause_s):
    reply = HttpResponse(status=429, now=0.0, headers={"retry-after": asked} if asked else {})
    assert rate_limit_pause_s(reply, rate_limits, left_s=left_s, rng=lambda: 1.0) == pause_s


def test_a_reply_that_never_came_asks_for_no_delay():
    assert retry_after_s(BROKEN) is None


BROKEN = TransportFailure(kind=TransportErrorKind.BROKEN, reason="reset", now=0.0)
OVERSIZED = TransportFailure(kind=TransportErrorKind.OVERSIZED, reason="too large", now=0.0)


@pytest.mark.parametrize(
    ("reply", "tries"),
    [
        (BROKEN, MAX_FAULTS),
        (HttpResponse(status=502, now=0.0), MAX_FAULTS),
        (HttpResponse(status=429, now=0.0), MAX_FAULTS),
        (HttpResponse(status=200, now=0.0, body=b"<html>"), MAX_FAULTS),
        (HttpResponse(status=403, now=0.0), MAX_REFUSALS),
        (OVERSIZED, 1),
    ],
)
def test_how_often_a_poll_is_repeated(reply, tries):
    budget = FaultBudget()
    for _ in range(2):
        delays = [budget.delay_s(reply, lambda: 0.5) for _ in range(tries)]
        assert delays.index(None) == tries - 1
        budget.reset()
    assert budget.had_fault


def test_a_fault_waits_as_long_as_the_service_asks():
    reply = HttpResponse(status=429, now=0.0, headers={"retry-after": "7"})
    assert FaultBudget().delay_s(reply, lambda: 0.5) == 7
