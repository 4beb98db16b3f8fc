"""Runs one job: a contract in, a contract out. The same on a laptop and under RunPod's SDK."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Any

from pydantic import ValidationError

from bot.clock import Clock
from bot.contract import Request, Response, Service, ServiceError, Status, Usage
from bot.errors import BadInput, DeadlineExceeded, JobFailed, SkydeckError
from bot.sanitize import clean_excerpt
from bot.spans import CURRENT_TRACE, TRACEPARENT, is_trace_id, read_traceparent
from bot.workers.protocols import Handler

log = logging.getLogger(__name__)

_SHAPE_HINT = 'Send {"input": {"contract": {…}}}.'


async def run(
    handler: Handler, job_input: object, *, clock: Clock
) -> AsyncGenerator[dict[str, Any], None]:
    """Run one job and yield its responses as they go on the wire.

    `sequence` numbers the partials from 0. Whatever happens, the last response, and only the last,
    is not a partial: it is completed, or failed with an `error` of code, message and retryable. It
    carries `usage.compute_seconds` (unless the service counted its own) and `timings_ms.total`:
    how long the handler took, in seconds and in milliseconds.

    Cancelling the task that iterates, or closing this generator, cancels the handler.

    Args:
        handler: The service.
        job_input: RunPod's `input`: an object that holds `contract`.
        clock: Measures the job, and counts `policy.deadline_ms` from the first step.
    """
    started = clock.now()
    answer: dict[str, Any] = {}
    try:
        request = read_request(handler.service, job_input)
        CURRENT_TRACE.set(_trace_of(request))
        async with contextlib.aclosing(_respond(handler, request, clock)) as responses:
            async for response in responses:
                if response.is_partial:
                    yield response.to_wire()
                else:
                    answer = _add_usage(response, clock.now() - started).to_wire()
    except Exception as e:  # noqa: BLE001  (the job's end is always a response)
        failure = Response(status=Status.FAILED, error=to_service_error(e))
        answer = _add_usage(failure, clock.now() - started).to_wire()
    _log_end(handler.service, answer, clock.now() - started)
    yield answer


def _trace_of(request: Request) -> str:
    """The id of the caller's request, which this task's log lines have; empty: it sent none."""
    parent = read_traceparent((request.model_extra or {}).get(TRACEPARENT))
    given = request.trace_id or ""
    return parent[0] if parent else given if is_trace_id(given) else ""


def _log_end(service: Service, answer: dict[str, Any], took_s: float) -> None:
    error = answer.get("error")
    how = f"failed: {error.get('code')}" if isinstance(error, dict) else "completed"
    log.info("the job of %s %s after %.1f s", service.value.lower(), how, took_s)


def read_request(service: Service, job_input: object) -> Request:
    """Read the contract from a job's input.

    Raises:
        BadInput: It is not a contract, or it addresses another service. The message is one line
            that names the field and never quotes its value.
    """
    if not isinstance(job_input, dict) or "contract" not in job_input:
        raise BadInput("The input holds no contract.", hint=_SHAPE_HINT)
    try:
        request = Request.model_validate(job_input["contract"])
    except ValidationError as e:
        problem = e.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(["contract", *map(str, problem["loc"])])
        words = str(problem["msg"]).removeprefix("Value error, ")
        raise BadInput(clean_excerpt(f"{field}: {words}.")) from None
    if request.target.service is not service:
        raise BadInput(
            f"This is {service}; the contract is addressed to {request.target.service}.",
            hint="Call the endpoint of that service.",
        )
    return request


def to_service_error(error: Exception) -> ServiceError:
    """Convert an exception to the contract's error.

    Our own errors keep their message. An unexpected one shows its type alone, since its text may
    hold anything; the log has the traceback.
    """
    match error:
        case JobFailed():
            code = error.service_code or error.code
            retryable = error.service_retryable or error.retryable
        case SkydeckError():
            code, retryable = error.code, error.retryable
        case _:
            log.error("A service failed unexpectedly.", exc_info=error)
            return ServiceError(
                code="internal",
                message=f"The service failed unexpectedly ({type(error).__name__}).",
                retryable=False,
            )
    return ServiceError(code=code, message=clean_excerpt(str(error)), retryable=retryable)


async def _respond(
    handler: Handler, request: Request, clock: Clock
) -> AsyncGenerator[Response, None]:
    """Yield numbered partials, then the first response that is not one; then close the handler."""
    limit_ms = request.policy.deadline_ms if request.policy else None
    ends = None if limit_ms is None else clock.now() + limit_ms / 1000
    async with contextlib.aclosing(handler.handle(request)) as responses:
        sequence = 0
        while True:
            try:
                # Limit each step, not the loop: between two steps the caller has the time.
                async with asyncio.timeout(None if ends is None else ends - clock.now()) as limit:
                    response = await anext(responses, None)
            except TimeoutError:
                if not limit.expired():
                    raise
                raise DeadlineExceeded(f"It took longer than the {limit_ms} ms allowed.") from None
            if response is None:
                raise RuntimeError(f"{handler.service} ended without a complete response")
            if not response.is_partial:
                yield response
                return
            yield response.model_copy(update={"sequence": sequence})
            sequence += 1


def _add_usage(last: Response, seconds: float) -> Response:
    """Add the time that the job took, and an error to a failure without one."""
    usage = last.usage or Usage()
    if usage.compute_seconds is None:
        usage = usage.model_copy(update={"compute_seconds": round(seconds, 3)})
    timings = {**(last.timings_ms or {}), "total": round(seconds * 1000, 1)}
    update: dict[str, Any] = {"usage": usage, "timings_ms": timings}
    if last.status == Status.FAILED and last.error is None:
        update["error"] = ServiceError(code="service_failed", message="The service failed.")
    return last.model_copy(update=update)
