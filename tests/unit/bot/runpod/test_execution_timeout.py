"""What RunPod is told of a deadline, and how it tells that one has passed."""

import pytest

from bot.runpod.execution_timeout import is_exceeded, policy_for


@pytest.mark.parametrize(
    ("deadline_s", "execution_ms", "ttl_ms"),
    [
        (120, 120_000, 180_000),
        (0.5, 5_000, 60_500),
        (604_800, 604_800_000, 604_800_000),
        (10_000_000, 604_800_000, 604_800_000),
    ],
)
def test_runpod_is_told_of_the_deadline_within_its_ranges(deadline_s, execution_ms, ttl_ms):
    policy = policy_for(deadline_s)
    assert (policy.executionTimeout, policy.ttl) == (execution_ms, ttl_ms)


def test_runpods_words_are_recognised_whatever_stands_around_them():
    assert is_exceeded("Job failed: executionTimeout exceeded (600 s)")
    assert not is_exceeded("The model ran out of time.")
