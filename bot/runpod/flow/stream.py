"""Following a job by `/stream`: chunks as they are made, each handed out only once."""

from typing import Final

from bot.contract.job import TERMINAL, JobStatus, StreamReport
from bot.large_json import TooManyValues
from bot.runpod.flow.context import FlowContext
from bot.runpod.flow.poll import Follower, is_ok
from bot.runpod.flow.submit import job_path
from bot.runpod.models import Flow, HttpRequest, HttpResponse, JobState, Reply
from bot.runpod.patience import FORBIDDEN, OK, TOO_MANY_REQUESTS, UNAUTHORIZED, holds_too_much
from bot.runpod.results.parsing import reading_stream
from bot.runpod.retry import TRANSIENT

_MARGIN_S: Final = 10.0
_MAX_HOLD_S: Final = 15.0
"""How long an empty answer is to be held; nothing between us minds a quarter of a minute."""
_MIN_HOLD_S: Final = 1.0
"""RunPod's own minimum."""


def stream_to_end(follower: Follower, line: FlowContext) -> Flow[None]:
    """Take chunks until the service says that the job has ended, or that there is no stream.

    Once the final response is here, neither a fault nor the deadline is worth an error.

    Raises:
        ServiceUnreachable, KeyRefused: After many faults in a row.
        DeadlineExceeded: The caller has no more patience.
    """
    while True:
        yield from follower.look_for_workers()
        asked_at, hold_s = line.now, _hold_s(follower, line)
        reply = yield from line.ask(
            HttpRequest(
                method="GET",
                path=f"{job_path('stream', follower.job_id)}?wait={int(hold_s * 1000)}",
                timeout_s=hold_s + _MARGIN_S,
            )
        )
        report = yield from _report_of(line, reply)
        if report is None:
            if _has_no_stream(reply) or follower.outputs.final is not None:
                return
            yield from follower.patience.bear(reply)
            continue
        follower.patience.restore()
        follower.note_size(len(reply.body) if is_ok(reply) else 0)
        yield from _take_chunks(follower, report)
        if (yield from _has_ended(follower, line, report, held_s=line.now - asked_at)):
            return


def _report_of(line: FlowContext, reply: Reply) -> Flow[StreamReport | None]:
    if not is_ok(reply):
        return None
    try:
        return (yield from line.work(reading_stream(reply.body)))
    except TooManyValues:
        raise holds_too_much() from None


def _hold_s(follower: Follower, line: FlowContext) -> float:
    """Until the deadline at most; while the job is queued, until its health is to be asked."""
    until = line.left_s
    if follower.state is not JobState.RUNNING:
        until = min(until, follower.health_at - line.now)
    return min(max(until, _MIN_HOLD_S), _MAX_HOLD_S)


def _take_chunks(follower: Follower, report: StreamReport) -> Flow[None]:
    if report.status not in TERMINAL:
        status = JobStatus.IN_PROGRESS if report.stream else report.status
        yield from follower.note_status(status)
    yield from follower.tell_partials(follower.outputs.take(report.stream))


def _has_ended(
    follower: Follower, line: FlowContext, report: StreamReport, *, held_s: float
) -> Flow[bool]:
    if report.status in TERMINAL:
        return True
    if follower.outputs.final is not None and line.left_s == 0:
        return True
    line.check_deadline()
    if report.stream:
        return False
    if report.status is None:  # the bare array of RunPod's reference does not say
        status = yield from follower.status()
        if status.is_terminal:
            return True
        yield from follower.take(status)
    if held_s < _MIN_HOLD_S / 2:  # a server that ignores `wait` would be asked in a tight loop
        yield from follower.rest()
    return False


def _has_no_stream(reply: Reply) -> bool:
    """Whether `/stream` is refused in a way that `/status` can explain, or do without."""
    return (
        isinstance(reply, HttpResponse)
        and reply.status != OK
        and reply.status not in TRANSIENT
        and reply.status not in (TOO_MANY_REQUESTS, UNAUTHORIZED, FORBIDDEN)
    )
