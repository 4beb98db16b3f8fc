"""A short campaign in the suite: a few kills and a clock that jumps, always with the same dice."""

import pytest

from tests.chaos import kills, outages
from tests.chaos.verdict import verdict

SEED = 20261129


@pytest.mark.timeout(900)
async def test_killed_a_few_times(tmp_path):
    seen = await kills.sqlite(tmp_path / "scene", SEED, kills=5)
    assert len(seen.questions) > 5
    assert [str(violation) for violation in verdict(seen)] == []


@pytest.mark.timeout(900)
async def test_killed_in_another_hour(tmp_path):
    seen = await outages.killed_in_other_hours(tmp_path / "scene", SEED, between_s=2.0)
    assert [str(violation) for violation in verdict(seen)] == []
