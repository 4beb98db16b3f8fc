"""Records spans of a service's jobs: one within the caller's span, and one for each stage in it."""

from collections.abc import AsyncGenerator, Mapping

from bot.clock import Clock
from bot.contract import Request, Response, Service
from bot.errors import SkydeckError
from bot.spans import TRACEPARENT, Kind, Span, SpanSink, Value, new_span_id, read_traceparent
from bot.workers.protocols import Delivery, Handler

UNEXPECTED = "internal"
LEFT = "cancelled"


class TracedHandler:
    """Wraps a handler and records a span of each job."""

    def __init__(self, handler: Handler, sink: SpanSink, clock: Clock) -> None:
        self.service: Service = handler.service
        self.delivery: Delivery = handler.delivery
        self._handler = handler
        self._sink = sink
        self._clock = clock

    async def handle(self, request: Request) -> AsyncGenerator[Response, None]:
        """Work on a job; without a caller's span none is recorded."""
        parent = read_traceparent((request.model_extra or {}).get(TRACEPARENT))
        began, error, marks = self._clock.wall(), LEFT, dict[str, float]()
        attributes: dict[str, Value] = {"skydeck.module": request.target.module}
        responses = self._handler.handle(request)
        try:
            async for response in responses:
                marks.update(response.timings_ms or {})
                if not response.is_partial:
                    attributes |= usage_of(response)
                    error = ""  # the caller leaves after the last response
                yield response
            error = ""
        except SkydeckError as e:
            error = e.code
            raise
        except Exception:
            error = UNEXPECTED
            raise
        finally:
            if parent is not None:
                self._record(request, parent, began, marks, attributes, error)
            await responses.aclose()

    async def warm_up(self) -> None:
        """Warm up the handler."""
        await self._handler.warm_up()

    async def close(self) -> None:
        """Close the handler."""
        await self._handler.close()

    def _record(
        self,
        request: Request,
        parent: tuple[str, str],
        began: float,
        marks: Mapping[str, float],
        attributes: Mapping[str, Value],
        error: str,
    ) -> None:
        trace_id, parent_id = parent
        own, name = new_span_id(), self.service.value.lower()
        self._sink(
            Span(
                name=f"{name} {request.target.module}",
                trace_id=trace_id,
                span_id=own,
                parent_id=parent_id,
                begins_s=began,
                ends_s=self._clock.wall(),
                kind=Kind.SERVER,
                attributes=attributes,
                error=error,
            )
        )
        before = 0.0
        # Marks are times in ms since the job's start: each stage begins at the mark before it.
        for mark, at_ms in sorted(marks.items(), key=lambda item: item[1]):
            self._sink(
                Span(
                    name=f"{name} {mark}",
                    trace_id=trace_id,
                    span_id=new_span_id(),
                    parent_id=own,
                    begins_s=began + before / 1000,
                    ends_s=began + at_ms / 1000,
                )
            )
            before = at_ms


def usage_of(response: Response) -> dict[str, Value]:
    """The usage of an answer, under OpenTelemetry's GenAI names."""
    usage = response.usage
    if usage is None:
        return {}
    found = {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "skydeck.cost_usd": usage.cost_usd,
    }
    return {name: value for name, value in found.items() if value is not None}
