"""Following a job by `/stream`, which gives each chunk as it is made, and only once."""

from http import HTTPStatus
from typing import Final

from bot.contract.job import TERMINAL, JobStatus, StreamReport
from bot.large_json import TooManyValues
from bot.runpod.flow.context import FlowContext, is_ok
from bot.runpod.flow.poll import Follower
from bot.runpod.flow.submit import job_path
from bot.runpod.models import Flow, HttpRequest, HttpResponse, JobState, Reply
from bot.runpod.reply_errors import too_many_values
from bot.runpod.results.parsing import reading_stream
from bot.runpod.retry import TRANSIENT

_MARGIN_S: Final = 10.0
_MAX_HOLD_S: Final = 15.0
"""How long to let the service hold an empty answer; no proxy times out so soon."""
_MIN_HOLD_S: Final = 1.0
"""RunPod's own minimum."""


def stream_to_end(follower: Follower, context: FlowContext) -> Flow[None]:
    """Take chunks until the service says that the job has ended, or that there is no stream.

    Once the final response has arrived, a fault or the deadline ends this without an error.

    Raises:
        ServiceUnreachable, KeyRefused: After many faults in a row.
        DeadlineExceeded: The deadline has passed.
    """
    while True:
        yield from follower.check_workers()
        asked_at, hold_s = context.now, _hold_s(follower, context)
        reply = yield from context.ask(
            HttpRequest(
                method="GET",
                path=f"{job_path('stream', follower.job_id)}?wait={int(hold_s * 1000)}",
                timeout_s=hold_s + _MARGIN_S,
            )
        )
        report = yield from _report_of(context, reply)
        if report is None:
            if _has_no_stream(reply) or follower.outputs.final is not None:
                return
            yield from follower.wait_after_fault(reply)
            continue
        follower.faults.reset()
        follower.note_size(len(reply.body) if is_ok(reply) else 0)
        yield from _take_chunks(follower, report)
        if (yield from _has_ended(follower, context, report, held_s=context.now - asked_at)):
            return


def _report_of(context: FlowContext, reply: Reply) -> Flow[StreamReport | None]:
    if not is_ok(reply):
        return None
    try:
        return (yield from context.run(reading_stream(reply.body)))
    except TooManyValues:
        raise too_many_values() from None


def _hold_s(follower: Follower, context: FlowContext) -> float:
    """Until the deadline, or while the job is queued until the next health check."""
    until = context.left_s
    if follower.state is not JobState.RUNNING:
        until = min(until, follower.health_at - context.now)
    return min(max(until, _MIN_HOLD_S), _MAX_HOLD_S)


def _take_chunks(follower: Follower, report: StreamReport) -> Flow[None]:
    if report.status not in TERMINAL:
        status = JobStatus.IN_PROGRESS if report.stream else report.status
        yield from follower.note_status(status)
    yield from follower.emit_partials(follower.outputs.take(report.stream))


def _has_ended(
    follower: Follower, context: FlowContext, report: StreamReport, *, held_s: float
) -> Flow[bool]:
    if report.status in TERMINAL:
        return True
    if follower.outputs.final is not None and context.left_s == 0:
        return True
    context.check_deadline()
    if report.stream:
        return False
    if report.status is None:  # RunPod's reference shows a bare array, without one
        status = yield from follower.status()
        if status.is_terminal:
            return True
        yield from follower.take(status)
    if held_s < _MIN_HOLD_S / 2:  # else a server that ignores `wait` is polled in a tight loop
        yield from follower.wait()
    return False


def _has_no_stream(reply: Reply) -> bool:
    """Whether `/stream` is refused in a way that `/status` can explain or replace."""
    return (
        isinstance(reply, HttpResponse)
        and reply.status != HTTPStatus.OK
        and reply.status not in TRANSIENT
        and reply.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    )
