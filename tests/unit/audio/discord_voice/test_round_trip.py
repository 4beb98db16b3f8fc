"""Which of discord.py's latencies count."""

import math

import pytest

from audio.discord_voice.round_trip import measured_ms


@pytest.mark.parametrize(
    ("latency_s", "ms"),
    [(0.04, 40.0), (0.0, 0.0), (9.5, 9500.0), (13.75, None), (41.25, None), (math.inf, None),
     (math.nan, None), (-0.1, None)],
)  # fmt: skip
def test_what_is_a_measurement(latency_s: float, ms: float | None) -> None:
    assert measured_ms(latency_s) == ms
