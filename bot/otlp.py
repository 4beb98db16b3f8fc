"""Exports spans to an OpenTelemetry collector by OTLP over HTTP. The library is an extra."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec

from bot.errors import BadSettings
from bot.extras import extra_command
from bot.spans import Span, SpanSink


@contextlib.contextmanager
def exporting(endpoint: str | None, *, service: str) -> Iterator[SpanSink | None]:
    """Export spans while the block runs, and the rest at its end; yields the sink for them.

    A thread sends them in batches; if the collector is down, only spans are lost.

    Args:
        endpoint: The collector's base URL, without `/v1/traces`. None: there is no sink.
        service: Our name in the traces.

    Raises:
        BadSettings: The library is not installed.
    """
    if endpoint is None:
        yield None
        return
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        raise BadSettings("SKYDECK_OTLP_ENDPOINT needs OpenTelemetry.", hint=extra_command("otel"))
    # The library is an extra, and slow to import.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import Event, ReadableSpan  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.trace import (  # noqa: PLC0415
        SpanContext,
        SpanKind,
        Status,
        StatusCode,
        TraceFlags,
    )

    resource = Resource.create({"service.name": service})
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    processor = BatchSpanProcessor(exporter)

    def context(trace_id: str, span_id: str) -> SpanContext:
        sampled = TraceFlags(TraceFlags.SAMPLED)
        return SpanContext(int(trace_id, 16), int(span_id, 16), False, sampled)

    def put(span: Span) -> None:
        parent = None if span.parent_id is None else context(span.trace_id, span.parent_id)
        status = Status(StatusCode.ERROR, span.error) if span.error else Status()
        attributes = dict(span.attributes)
        if span.error:
            attributes["error.type"] = span.error
        processor.on_end(
            ReadableSpan(
                name=span.name,
                context=context(span.trace_id, span.span_id),
                parent=parent,
                resource=resource,
                attributes=attributes,
                events=[Event(name, timestamp=_ns(at_s)) for name, at_s in span.events],
                kind=SpanKind[span.kind.name],
                status=status,
                start_time=_ns(span.begins_s),
                end_time=_ns(span.ends_s),
            )
        )

    try:
        yield put
    finally:
        processor.shutdown()  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def exporting_aside(endpoint: str | None, *, service: str) -> AsyncIterator[SpanSink | None]:
    """The same as `exporting`; it sends the last spans without blocking the event loop."""
    stack = contextlib.ExitStack()
    sink = stack.enter_context(exporting(endpoint, service=service))
    try:
        yield sink
    finally:
        await asyncio.to_thread(stack.close)


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
