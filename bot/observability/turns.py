"""Records spoken turns: as metrics, and as a trace that begins with the last packet received."""

from bot.clock import Clock
from bot.observability.metrics import Metrics
from bot.spans import Span, SpanSink, new_span_id, root_of
from bot.voice_agent.overlaps import Overlap
from bot.voice_agent.turn_latency import TurnTrace


class TurnRecorder:
    """Records turns once their answer has begun to play.

    Args:
        metrics: Where to record them.
        sink: Takes spans; None: there are no traces.
    """

    def __init__(self, metrics: Metrics, sink: SpanSink | None, clock: Clock) -> None:
        self._metrics = metrics
        self._sink = sink
        self._clock = clock

    def __call__(self, turn: TurnTrace) -> None:
        """Record a turn."""
        if turn.last_packet is None or turn.end_of_turn is None or turn.total_ms is None:
            return  # it was typed, so it had no end to detect
        metrics = self._metrics
        metrics.turn_s.observe(turn.total_ms / 1000)
        metrics.end_of_turn_s.observe(turn.end_of_turn - turn.last_packet)
        if turn.first_audio is not None:
            metrics.first_audio_s.observe(max(0.0, turn.first_audio - turn.end_of_turn))
        for phase in turn.split():
            metrics.phase_s.labels(phase.name, phase.owner).observe(phase.lasts_ms / 1000)
        if self._sink is not None and turn.trace_id:
            self._trace(self._sink, turn, turn.last_packet, turn.total_ms)

    def overlapped(self, how: Overlap) -> None:
        """Count how speech over an answer ended."""
        self._metrics.overlaps.labels(how).inc()

    def _trace(self, sink: SpanSink, turn: TurnTrace, last_packet: float, total_ms: float) -> None:
        begins = last_packet + self._clock.wall() - self._clock.now()
        root = root_of(turn.trace_id)
        sink(
            Span(
                name="turn",
                trace_id=turn.trace_id,
                span_id=root,
                parent_id=None,
                begins_s=begins,
                ends_s=begins + total_ms / 1000,
            )
        )
        for phase in turn.split():
            start = begins + phase.begins_ms / 1000
            sink(
                Span(
                    name=f"turn {phase.name}",
                    trace_id=turn.trace_id,
                    span_id=new_span_id(),
                    parent_id=root,
                    begins_s=start,
                    ends_s=start + phase.lasts_ms / 1000,
                    attributes={"skydeck.owner": phase.owner.value},
                )
            )
