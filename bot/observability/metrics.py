"""Every Prometheus metric, in one registry per instance.

Labels come from small closed sets: never a person, a server, or text that somebody chose.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_CALL_S: Final = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 900, 3600)
_TURN_S: Final = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 30)
_LAG_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    """The metrics, in seconds and US dollars."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.calls = Counter(
            "skydeck_calls",
            "Calls to a service that have ended, by how they ended.",
            ("service", "module", "ending"),
            registry=registry,
        )
        self.under_way = Gauge(
            "skydeck_calls_under_way",
            "Calls by their job's state; queued and waiting_for_worker are the queue.",
            ("service", "state"),
            registry=registry,
        )
        self.call_s = _histogram(registry, "call_seconds", "A call, from contract to answer.")
        self.queue_s = _histogram(registry, "call_queue_seconds", "The wait for a worker.")
        self.execution_s = _histogram(registry, "call_execution_seconds", "The worker's time.")
        self.first_s = _histogram(
            registry, "call_first_partial_seconds", "From a call's start to its first partial."
        )
        self.cost = Counter(
            "skydeck_cost_usd", "The cost of calls.", ("service",), registry=registry
        )
        self.spent_today = Gauge(
            "skydeck_spent_today_usd",
            "What all calls have cost since midnight UTC, of all processes on this database.",
            registry=registry,
        )
        self.budget_today = Gauge(
            "skydeck_budget_today_usd",
            "Everybody's budget for today together; 0: there is none.",
            registry=registry,
        )
        self.turn_s = Histogram(
            "skydeck_turn_seconds",
            "From a question's last packet to the answer's first.",
            buckets=_TURN_S,
            registry=registry,
        )
        self.phase_s = Histogram(
            "skydeck_turn_phase_seconds",
            "That time, split into phases by owner.",
            ("phase", "owner"),
            buckets=_TURN_S,
            registry=registry,
        )
        self.end_of_turn_s = Histogram(
            "skydeck_turn_end_of_turn_seconds",
            "From a question's last packet until its end is detected.",
            buckets=_TURN_S,
            registry=registry,
        )
        self.first_audio_s = Histogram(
            "skydeck_turn_first_audio_seconds",
            "From the end of a question until the answer's first audio arrives.",
            buckets=_TURN_S,
            registry=registry,
        )
        self.overlaps = Counter(
            "skydeck_turn_overlaps",
            "Speech over an answer: backchannel, interruption, or talk_over (ours over theirs).",
            ("kind",),
            registry=registry,
        )
        self.lag_s = Histogram(
            "skydeck_event_loop_lag_seconds",
            "How late the event loop wakes sleeping tasks.",
            buckets=_LAG_S,
            registry=registry,
        )

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


def _histogram(registry: CollectorRegistry, name: str, help_: str) -> Histogram:
    return Histogram(f"skydeck_{name}", help_, ("service",), buckets=_CALL_S, registry=registry)
