"""Watches calls: as figures, and as a span each. See `bot.service_calls.client.Watcher`."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from bot.clock import Clock
from bot.contract import Request
from bot.errors import SkydeckError
from bot.money import Call, Charge
from bot.observability.metrics import Metrics
from bot.runpod.models import JobState, Update
from bot.spans import (
    CURRENT_TRACE,
    TRACEPARENT,
    Kind,
    Span,
    SpanSink,
    Value,
    is_trace_id,
    new_span_id,
    new_trace_id,
    root_of,
    traceparent,
)

MODULES: Final = 64
"""How many modules have a label of their own; the rest are `other`."""
_STAMPED: Final = 4096
"""How many calls can be stamped and not yet be over; the oldest is forgotten then."""


def ending(error: BaseException | None) -> str:
    """How a call ended, in a word of a small set."""
    match error:
        case None:
            return "completed"
        case SkydeckError():
            return error.code
        case GeneratorExit() | asyncio.CancelledError():
            return "left"
        case _:
            return "internal"


@dataclass(slots=True)
class _Course:
    began: float
    state: JobState = JobState.SUBMITTING
    has_spoken: bool = False
    delay_ms: float | None = None
    execution_ms: float | None = None


class CallFigures:
    """Counts calls and how long they take."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._courses: dict[str, _Course] = {}
        self._modules: set[str] = set()

    def stamp(self, request: Request) -> Request:
        """Nothing to add."""
        return request

    def began(self, call: Call) -> None:
        """A call is about to be made."""
        self._courses[call.call_id] = course = _Course(self._clock.now())
        self._metrics.under_way.labels(call.service, course.state).inc()

    def told(self, call: Call, update: Update) -> None:
        """There is something new of it."""
        course = self._courses.get(call.call_id)
        if course is None:
            return
        if update.state is not course.state:
            self._metrics.under_way.labels(call.service, course.state).dec()
            self._metrics.under_way.labels(call.service, update.state).inc()
            course.state = update.state
        if update.response is not None and not course.has_spoken:
            course.has_spoken = True
            self._metrics.first_s.labels(call.service).observe(self._clock.now() - course.began)
        course.delay_ms = course.delay_ms if update.delay_ms is None else update.delay_ms
        course.execution_ms = (
            course.execution_ms if update.execution_ms is None else update.execution_ms
        )

    def ended(self, call: Call, error: BaseException | None, charge: Charge | None) -> None:
        """It is over."""
        course = self._courses.pop(call.call_id, None)
        if course is None:
            return
        metrics, service = self._metrics, call.service
        metrics.under_way.labels(service, course.state).dec()
        metrics.calls.labels(service, self._module(call.module), ending(error)).inc()
        metrics.call_s.labels(service).observe(self._clock.now() - course.began)
        if course.delay_ms is not None:
            metrics.queue_s.labels(service).observe(course.delay_ms / 1000)
        if course.execution_ms is not None:
            metrics.execution_s.labels(service).observe(course.execution_ms / 1000)
        if charge is not None:
            metrics.cost.labels(service).inc(charge.micro_usd / 1e6)

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


class CallSpans:
    """Gives each call a place in a trace; tells its span when it is over.

    Args:
        sink: Takes the spans; None: contracts get their `trace_id`, and that is all.
        clock: When.
    """

    def __init__(self, sink: SpanSink | None, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._open: OrderedDict[str, _Open] = OrderedDict()

    def stamp(self, request: Request) -> Request:
        """The contract with its trace; one that has a trace already is a part of that."""
        given = request.trace_id
        trace_id = given if given is not None and is_trace_id(given) else new_trace_id()
        CURRENT_TRACE.set(trace_id)
        if self._sink is None:
            return request if given else request.model_copy(update={"trace_id": trace_id})
        is_part = trace_id == given
        span_id = new_span_id() if is_part else root_of(trace_id)
        parent_id = root_of(trace_id) if is_part else None
        now = self._clock.wall()
        self._open[request.contract_id or ""] = _Open(trace_id, span_id, parent_id, now)
        if len(self._open) > _STAMPED:
            self._open.popitem(last=False)
        more = {TRACEPARENT: traceparent(trace_id, span_id)}
        return request.model_copy(update={"trace_id": given or trace_id, **more})

    def began(self, call: Call) -> None:
        """A call is about to be made; its span begins now."""
        if span := self._open.get(call.call_id):
            span.begins_s = self._clock.wall()

    def told(self, call: Call, update: Update) -> None:
        """A change of state is an event of the span."""
        span = self._open.get(call.call_id)
        if span is None:
            return
        if update.state is not span.state:
            span.state = update.state
            span.events.append((update.state.value, self._clock.wall()))
        for name in ("job_id", "worker_id", "delay_ms", "execution_ms"):
            if (value := getattr(update, name)) is not None:
                span.attributes[f"skydeck.{name}"] = value

    def ended(self, call: Call, error: BaseException | None, charge: Charge | None) -> None:
        """It is over, and told."""
        span = self._open.pop(call.call_id, None)
        if span is None or self._sink is None:
            return
        if charge is not None:
            span.attributes["skydeck.cost_usd"] = charge.micro_usd / 1e6
        end = ending(error)
        name = call.service.value.lower()
        self._sink(
            Span(
                name=f"{name} {call.module}",
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
