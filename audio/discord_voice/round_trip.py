"""Which of discord.py's latencies are measurements. Pure.

discord.py notes when it sent a heartbeat only afterwards. Where the acknowledgement is quicker, it
is compared with the heartbeat before. What comes out is the heartbeats' interval: 41 s at the
gateway, 14 s in voice.
"""

from typing import Final

_MAX_S: Final = 10.0
"""Slower than that, discord.py itself warns that it cannot keep up."""


def measured_ms(latency_s: float) -> float | None:
    """A round trip in milliseconds; None: nothing has been measured yet."""
    return latency_s * 1000 if 0 <= latency_s <= _MAX_S else None
