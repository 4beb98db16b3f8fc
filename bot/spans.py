"""Spans: what happened from when to when, as values that anybody can hand on. Pure.

The ids are W3C's and OpenTelemetry's; only `bot.otlp` knows that library. A trace's
root span has the first half of the trace's id as its own, so whoever knows the trace can be its
child, even before the root is over and told.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

Value: TypeAlias = str | int | float | bool

TRACEPARENT: Final = "traceparent"
"""The contract's field that names the caller's span, in W3C's form."""

CURRENT_TRACE: ContextVar[str] = ContextVar("skydeck_trace", default="")
"""The trace that this task works for; for log lines."""

_TRACE = re.compile(r"[0-9a-f]{32}")
_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class Kind(Enum):
    """Which side of a call a span is: ours, the caller's, the worker's."""

    INTERNAL = "internal"
    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that is over.

    Attributes:
        name: What; few different ones.
        trace_id: 32 hex digits.
        span_id: 16 hex digits.
        parent_id: The span that it is a part of; None: it is the root.
        begins_s: Seconds since the Unix epoch.
        ends_s: The same.
        kind: Which side of a call.
        attributes: What else is known; no words that people said.
        events: Moments within, in seconds since the Unix epoch.
        error: The code of what ended it; empty: all well.
    """

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    begins_s: float
    ends_s: float
    kind: Kind = Kind.INTERNAL
    attributes: Mapping[str, Value] = field(default_factory=dict)
    events: tuple[tuple[str, float], ...] = ()
    error: str = ""


SpanSink: TypeAlias = Callable[[Span], None]
"""Takes spans that are over. It may neither wait nor raise."""


def new_trace_id() -> str:
    """Of a new trace."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """Of a new span."""
    return secrets.token_hex(8)


def root_of(trace_id: str) -> str:
    """The id of a trace's root span."""
    return trace_id[:16]


def is_trace_id(text: object) -> bool:
    """Whether it can be a trace's id."""
    return isinstance(text, str) and _TRACE.fullmatch(text) is not None and int(text, 16) > 0


def traceparent(trace_id: str, span_id: str) -> str:
    """W3C's header for a span whose trace is recorded."""
    return f"00-{trace_id}-{span_id}-01"


def read_traceparent(text: object) -> tuple[str, str] | None:
    """The trace and the span that a `traceparent` names; None: it is none."""
    found = _PARENT.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else (found[1], found[2])
