"""Observes calls: as metrics, and as a span each. See `bot.service_calls.call.CallObserver`."""

from dataclasses import dataclass, field
from typing import Final

from bot.clock import Clock
from bot.contract import Request
from bot.errors import SkydeckError
from bot.observability.metrics import Metrics
from bot.runpod.models import JobState, Update
from bot.service_calls.call import CallObserver, ServiceCall
from bot.spans import (
    CURRENT_TRACE,
    REQUEST,
    TRACEPARENT,
    Kind,
    Span,
    SpanSink,
    Value,
    is_trace_id,
    new_span_id,
    new_trace_id,
    read_traceparent,
    root_of,
    traceparent,
)

MODULES: Final = 64
"""How many modules get a label of their own; the rest are `other`."""


def ending(call: ServiceCall) -> str:
    """How a call ended: "completed", "left", "internal", or an error's code."""
    if call.is_left:
        return "left"
    match call.error:
        case None:
            return "completed"
        case SkydeckError() as error:
            return error.code
        case _:
            return "internal"


@dataclass(slots=True)
class _Progress:
    began_s: float
    state: JobState = JobState.SUBMITTING
    has_response: bool = False


class CallMetrics(CallObserver):
    """Counts calls, how long they take and what they cost."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._progress: dict[ServiceCall, _Progress] = {}
        self._modules: set[str] = set()

    async def started(self, call: ServiceCall) -> None:
        """Count the call as in progress."""
        service = call.info.service
        self._progress[call] = progress = _Progress(self._clock.now())
        self._metrics.under_way.labels(service, progress.state).inc()

    def refused(self, call: ServiceCall, error: SkydeckError) -> None:
        """Count it as ended: a budget or a circuit breaker did not let it be sent."""
        service, module = call.info.service, self._module(call.info.module)
        self._metrics.calls.labels(service, module, error.code).inc()

    def updated(self, call: ServiceCall, update: Update) -> None:
        """Note its state, and its first response."""
        progress, service = self._progress[call], call.info.service
        if update.state is not progress.state:
            self._metrics.under_way.labels(service, progress.state).dec()
            self._metrics.under_way.labels(service, update.state).inc()
            progress.state = update.state
        if update.response is not None and not progress.has_response:
            progress.has_response = True
            self._metrics.first_s.labels(service).observe(self._clock.now() - progress.began_s)

    def ended(self, call: ServiceCall) -> None:
        """Count it as ended, with its times and its cost."""
        progress = self._progress.pop(call)
        metrics, service, meter = self._metrics, call.info.service, call.meter
        metrics.under_way.labels(service, progress.state).dec()
        metrics.calls.labels(service, self._module(call.info.module), ending(call)).inc()
        metrics.call_s.labels(service).observe(self._clock.now() - progress.began_s)
        if meter.delay_ms is not None:
            metrics.queue_s.labels(service).observe(meter.delay_ms / 1000)
        if meter.execution_ms is not None:
            metrics.execution_s.labels(service).observe(meter.execution_ms / 1000)
        if call.charge is not None:
            metrics.cost.labels(service).inc(call.charge.micro_usd / 1e6)

    def _module(self, name: str) -> str:
        if name not in self._modules and len(self._modules) >= MODULES:
            return "other"
        self._modules.add(name)
        return name


@dataclass(slots=True)
class _Open:
    trace_id: str
    span_id: str
    parent_id: str | None
    begins_s: float
    state: JobState | None = None
    events: list[tuple[str, float]] = field(default_factory=list)
    attributes: dict[str, Value] = field(default_factory=dict)


class CallSpans(CallObserver):
    """Gives each call a place in a trace, and records its span when it has ended.

    Args:
        sink: Takes the spans; None: contracts only get a `trace_id`.
        clock: Gives the wall time of each span.
    """

    def __init__(self, sink: SpanSink | None, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._open: dict[ServiceCall, _Open] = {}

    def inject_traceparent(self, request: Request) -> Request:
        """Add the trace to a contract; one that has a trace already becomes a part of that."""
        given, asked = request.trace_id, REQUEST.get()
        is_given = given is not None and is_trace_id(given)
        new = new_trace_id() if asked is None else asked.trace_id
        trace_id = given if given is not None and is_given else new
        CURRENT_TRACE.set(trace_id)
        if self._sink is None:
            return request if given else request.model_copy(update={"trace_id": trace_id})
        is_root = not is_given and (asked is None or not asked.has_root)
        if asked is not None and is_root:
            asked.has_root = True
        span_id = root_of(trace_id) if is_root else new_span_id()
        more = {TRACEPARENT: traceparent(trace_id, span_id)}
        return request.model_copy(update={"trace_id": given or trace_id, **more})

    async def started(self, call: ServiceCall) -> None:
        """Begin the call's span, if its contract names one."""
        extra = call.request.model_extra if call.request is not None else None
        ids = read_traceparent((extra or {}).get(TRACEPARENT))
        if ids is not None:
            trace_id, span_id = ids
            root = root_of(trace_id)
            parent_id = None if span_id == root else root
            self._open[call] = _Open(trace_id, span_id, parent_id, self._clock.wall())

    def updated(self, call: ServiceCall, update: Update) -> None:
        """Record a change of state as an event of the span."""
        span = self._open.get(call)
        if span is None:
            return
        if update.state is not span.state:
            span.state = update.state
            span.events.append((update.state.value, self._clock.wall()))
        for name in ("job_id", "worker_id", "delay_ms", "execution_ms"):
            if (value := getattr(update, name)) is not None:
                span.attributes[f"skydeck.{name}"] = value

    def ended(self, call: ServiceCall) -> None:
        """Hand the span to the sink."""
        span = self._open.pop(call, None)
        if span is None or self._sink is None:
            return
        if call.charge is not None:
            span.attributes["skydeck.cost_usd"] = call.charge.micro_usd / 1e6
        end = ending(call)
        name = call.info.service.value.lower()
        self._sink(
            Span(
                name=f"{name} {call.info.module}",
                trace_id=span.trace_id,
                span_id=span.span_id,
                parent_id=span.parent_id,
                begins_s=span.begins_s,
                ends_s=self._clock.wall(),
                kind=Kind.CLIENT,
                attributes={"peer.service": name, "skydeck.ending": end, **span.attributes},
                events=tuple(span.events),
                error="" if end in {"completed", "left"} else end,
            )
        )
