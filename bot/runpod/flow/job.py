"""The flow of one job, from its submission to its result. No I/O: see `bot.runpod.models`.

::

    submit ─► POST /run ─────┬─ STREAM ─► GET /stream … ─► GET /status ─┐
           └► POST /runsync ─┤                                          ├─► Outcome
    collect ─────────────────┴─ RUN, RUNSYNC ─► GET /status … ──────────┘
                                      deadline ─► POST /cancel ─► Outcome

A flow never raises: its `Outcome` carries the error. A submission is repeated only when the service
certainly did not take it; a poll is repeated until the deadline, or until the service has been out
of reach for over a minute.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from bot.choices import Mode
from bot.contract import Response, Status
from bot.contract.job import JobReport, JobStatus
from bot.errors import (
    MORE_TIME,
    DeadlineExceeded,
    JobCancelled,
    JobExpired,
    OutputLost,
    ServiceFailed,
    ServiceUnreachable,
    SkydeckError,
)
from bot.large_json import SMALL_BYTES
from bot.runpod.failed_job import failed_output, job_error, output_error
from bot.runpod.flow.context import FlowContext
from bot.runpod.flow.poll import Follower
from bot.runpod.flow.stream import stream_to_end
from bot.runpod.flow.submit import SubmitBody, job_path
from bot.runpod.flow.submit import submit as submit_once
from bot.runpod.models import Flow, HttpRequest, HttpResponse, JobState, Outcome, Reply, Update
from bot.runpod.results.parsing import read_report
from bot.runpod.results.people_text import without_thoughts
from bot.runpod.retry import CANCELS, MAX_CANCELS, TRANSIENT, Rng, retry_after_s
from bot.sanitize import clean_excerpt

_CANCEL_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTerms:
    """How to follow a job.

    Attributes:
        mode: By `/stream` or by `/status`.
        deadline_s: From the start of the flow.
        rng: For jitter.
        in_flight: Counts the jobs in flight at this endpoint, including this one.
        secrets: Removed from every answer, even when cut across several of them.
    """

    mode: Mode
    deadline_s: float
    rng: Rng
    in_flight: Callable[[], int] = lambda: 1
    secrets: tuple[str, ...] = field(default=(), repr=False)


def submit(terms: JobTerms, body: SubmitBody, *, now: float) -> Flow[Outcome]:
    """Submit a job and follow it.

    Args:
        terms: How to follow it.
        body: See `bot.runpod.flow.submit.encode`.
        now: The time in seconds; later, every value sent to the flow carries it.
    """
    context = FlowContext(now=now, deadline=now + terms.deadline_s, rng=terms.rng)
    yield from context.emit(Update(state=JobState.SUBMITTING))
    try:
        report = yield from submit_once(context, body)
    except SkydeckError as e:
        return Outcome(None, e)
    follower = _follower(context, report.id or "", terms, fresh=True)
    return (yield from _follow(follower, context, terms, report))


def collect(terms: JobTerms, job_id: str, *, now: float) -> Flow[Outcome]:
    """Follow a job that was submitted earlier.

    Partials that another process has already taken from its stream are read from its output, if
    the worker aggregates them.
    """
    context = FlowContext(now=now, deadline=now + terms.deadline_s, rng=terms.rng)
    follower = _follower(context, job_id, terms, fresh=False)
    return (yield from _follow(follower, context, terms, None))


def cancel(job_id: str, *, rng: Rng, now: float) -> Flow[bool]:
    """Cancel a job.

    Returns:
        Whether the service confirmed it, or does not know the job (any more).
    """
    context = FlowContext(now=now, deadline=float("inf"), rng=rng)
    request = HttpRequest(
        method="POST", path=job_path("cancel", job_id), timeout_s=_CANCEL_TIMEOUT_S
    )
    for attempt in range(1, MAX_CANCELS + 1):
        reply = yield from context.ask(request)
        if isinstance(reply, HttpResponse) and reply.status not in TRANSIENT:
            return reply.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        if attempt < MAX_CANCELS:
            yield from context.wait(retry_after_s(reply) or CANCELS.delay_s(attempt, rng))
    return False


def accepted_id(reply: Reply) -> str | None:
    """The id of the job in an answer to `/run`, if it has one."""
    if not isinstance(reply, HttpResponse):
        return None
    report = read_report(reply.body) if len(reply.body) <= SMALL_BYTES else None
    return None if report is None else report.id


def _follower(context: FlowContext, job_id: str, terms: JobTerms, *, fresh: bool) -> Follower:
    return Follower(context, job_id, fresh=fresh, in_flight=terms.in_flight, secrets=terms.secrets)


def _follow(
    follower: Follower, context: FlowContext, terms: JobTerms, first: JobReport | None
) -> Flow[Outcome]:
    outcome = yield from _followed(follower, context, terms, first)
    yield from follower.emit_rest()
    return outcome


def _followed(
    follower: Follower, context: FlowContext, terms: JobTerms, first: JobReport | None
) -> Flow[Outcome]:
    try:
        report = yield from _to_end(follower, context, terms.mode, first)
        return (yield from _conclude(follower, report))
    except DeadlineExceeded:
        cancelled = yield from cancel(follower.job_id, rng=terms.rng, now=context.now)
        return Outcome(
            follower.update(JobState.CANCELLED if cancelled else JobState.EXPIRED),
            _too_late(terms.deadline_s, cancelled=cancelled),
        )
    except JobExpired as e:
        return Outcome(follower.update(JobState.EXPIRED), e)
    except OutputLost as e:
        if not follower.report.is_terminal and follower.job_id:
            yield from cancel(follower.job_id, rng=terms.rng, now=context.now)
        return Outcome(follower.update(JobState.FAILED), e)
    except (ServiceUnreachable, ServiceFailed) as e:
        return Outcome(None, _left_alone(e, follower.job_id))


def _too_late(deadline_s: float, *, cancelled: bool) -> DeadlineExceeded:
    fate = (
        "the job was cancelled" if cancelled else "it could not be cancelled and will end by itself"
    )
    return DeadlineExceeded(
        f"No result within {deadline_s:g} s; {fate}.",
        hint=MORE_TIME,
    )


def _left_alone(error: SkydeckError, job_id: str) -> SkydeckError:
    """The job may still run, so it is not cancelled, and the error names it."""
    error.hint = (
        f"{error.hint} The job {clean_excerpt(job_id, limit=80)} may still be running.".strip()
    )
    return error


def _to_end(
    follower: Follower, context: FlowContext, mode: Mode, first: JobReport | None
) -> Flow[JobReport]:
    if first is not None:
        follower.report = first
        if first.is_terminal:
            return first
        yield from follower.accept(first)
    if mode is Mode.STREAM:
        yield from stream_to_end(follower, context)
        if follower.outputs.final is not None:
            report = yield from follower.ask_for_report()
            return report or JobReport(id=follower.job_id, status=JobStatus.COMPLETED)
    return (yield from follower.poll_to_end())


def _conclude(follower: Follower, report: JobReport) -> Flow[Outcome]:
    match report.status:
        case JobStatus.COMPLETED:
            return (yield from _completed(follower, report))
        case JobStatus.FAILED:
            if (output := failed_output(report)) is not None:
                return _final(follower, output)
            return Outcome(follower.update(JobState.FAILED), job_error(report.error))
        case JobStatus.CANCELLED:
            return Outcome(follower.update(JobState.CANCELLED), _was_cancelled())
        case _:
            return Outcome(
                follower.update(JobState.EXPIRED),
                JobExpired(
                    "The job timed out: no worker took it in time, or its worker went silent.",
                    hint="`skydeck health` shows whether the endpoint has workers.",
                ),
            )


def _completed(follower: Follower, report: JobReport) -> Flow[Outcome]:
    if not report.has_output and follower.outputs.final is None and follower.job_id:
        report = yield from follower.poll_for_output()
    yield from follower.emit_partials(follower.outputs.finish(report.output))
    final = follower.outputs.result
    if final is None:
        raise OutputLost(
            "The job completed, but its output never arrived.",
            hint="RunPod drops outputs that are too large (about 20 MB); ask for less at a time.",
        )
    return _final(follower, final)


def _final(follower: Follower, final: Response) -> Outcome:
    final = without_thoughts(final)
    match final.status:
        case Status.FAILED:
            return Outcome(follower.update(JobState.FAILED, final), output_error(final))
        case Status.CANCELLED:
            return Outcome(follower.update(JobState.CANCELLED, final), _was_cancelled())
        case _:
            return Outcome(follower.update(JobState.COMPLETED, final))


def _was_cancelled() -> JobCancelled:
    return JobCancelled("The job was cancelled.")
