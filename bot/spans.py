"""Spans as plain values. Pure.

The ids are W3C's and OpenTelemetry's, but only `bot.otlp` imports that library. The root span of a
trace has the first half of the trace's id as its own id, so a span can be its child without waiting
for the root, which is recorded last. OpenTelemetry's API cannot choose ids: that takes its SDK with
an id generator. Both would replace some 95 lines here and in `bot.otlp` by some 80, become required
dependencies, and double the time that this module takes to import.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias

Value: TypeAlias = str | int | float | bool

TRACEPARENT: Final = "traceparent"
"""The contract's field for the caller's span, in W3C's form."""

CURRENT_TRACE: ContextVar[str] = ContextVar("skydeck_trace", default="")
"""The trace that this task belongs to; for log lines."""


@dataclass(slots=True)
class PersonsRequest:
    """What a person asks for, from the moment it arrives; its tasks inherit it.

    Attributes:
        trace_id: The trace of all calls that are made for it.
        has_root: Whether one of them is the trace's root.
    """

    trace_id: str
    has_root: bool = False


REQUEST: ContextVar[PersonsRequest | None] = ContextVar("skydeck_request", default=None)
"""The request that this task works on; None: nobody's."""


@contextmanager
def persons_request() -> Iterator[str]:
    """Give what begins in the block a trace of its own: its calls and its log lines have the id."""
    trace_id = new_trace_id()
    request, trace = REQUEST.set(PersonsRequest(trace_id)), CURRENT_TRACE.set(trace_id)
    try:
        yield trace_id
    finally:
        REQUEST.reset(request)
        CURRENT_TRACE.reset(trace)


_TRACE = re.compile(r"[0-9a-f]{32}")
_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class Kind(Enum):
    """Which side of a call a span describes."""

    INTERNAL = "internal"
    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span that has ended.

    Attributes:
        name: From a small set.
        trace_id: 32 hex digits.
        span_id: 16 hex digits.
        parent_id: None: it is the root.
        begins_s: Seconds since the Unix epoch.
        ends_s: Seconds since the Unix epoch.
        attributes: Never words that people said.
        events: Names and times in seconds since the Unix epoch.
        error: The code of the error that ended it; empty: it succeeded.
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
"""Takes spans that have ended. It may neither wait nor raise."""


def new_trace_id() -> str:
    """An id for a new trace."""
    return secrets.token_hex(16)


def new_span_id() -> str:
    """An id for a new span."""
    return secrets.token_hex(8)


def root_of(trace_id: str) -> str:
    """The id of a trace's root span."""
    return trace_id[:16]


def is_trace_id(text: object) -> bool:
    """Whether this is a valid trace id."""
    return isinstance(text, str) and _TRACE.fullmatch(text) is not None and int(text, 16) > 0


def traceparent(trace_id: str, span_id: str) -> str:
    """W3C's header for a span of a sampled trace."""
    return f"00-{trace_id}-{span_id}-01"


def read_traceparent(text: object) -> tuple[str, str] | None:
    """The trace id and the span id in a `traceparent`; None if it is not valid."""
    found = _PARENT.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else (found[1], found[2])
