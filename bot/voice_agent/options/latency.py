"""How often the agent checks, and how much of its latency it keeps. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyOptions:
    """How often the agent checks, and how much of its latency it keeps.

    Attributes:
        hear_interval_s: Seconds between two checks of received packets, and of the playout while
            something plays. Half of what a Discord packet lasts; a packet waits this long at most.
        rest_interval_s: Seconds between two checks while nobody speaks; a packet ends such a rest.
        tick_interval_s: Seconds between two ticks of the turn manager, while anything waits.
        max_traces: The number of turns whose latency is kept, for `/voice status`.
        max_open_traces: The number of requests that are timed at once; the oldest is dropped first.
    """

    hear_interval_s: float = 0.01
    rest_interval_s: float = 2.0
    tick_interval_s: float = 0.1
    max_traces: int = 200
    max_open_traces: int = 64
