"""Handing a job in: once. A try is repeated only when it is certain that none was taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from bot.contract import Request
from bot.contract.job import (
    MIB,
    RUN_LIMIT_BYTES,
    RUNSYNC_LIMIT_BYTES,
    ContractInput,
    JobPolicy,
    JobReport,
    Submission,
)
from bot.errors import (
    BadInput,
    RateLimited,
    ServiceFailed,
    SkydeckError,
    SubmissionUnknown,
    TooLarge,
)
from bot.large_json import SMALL_BYTES, TooManyValues, read_json
from bot.runpod.flow.context import FlowContext
from bot.runpod.models import Flow, HttpRequest, HttpResponse, Reply, TransportErrorKind
from bot.runpod.patience import (
    BAD_REQUEST,
    CONTENT_TOO_LARGE,
    OK,
    SERVER_ERROR,
    TOO_MANY_REQUESTS,
    final_error,
    holds_too_much,
)
from bot.runpod.results.parsing import body_words, read_failure, reading_report
from bot.runpod.retry import SUBMISSIONS, TRANSIENT, retry_after_s
from bot.steps import at_once

_MAX_CONNECTS: Final = 4
_MAX_REFUSALS: Final = 8
_MAX_WAIT_S: Final = 90
"""RunPod takes up to 300 s, but the edge in front of it answers 524 at about 100 s."""
_GRACE_S: Final = 10.0
"""An answer with the job's id is waited for that much longer than the caller would: without it
the job could be neither cancelled nor found."""
_SLOWEST_UPLOAD_BYTES_S: Final = 125_000
_ANSWER_S: Final = 20.0

_MINUTE_MS: Final = 60_000
_MIN_EXECUTION_MS, _MIN_TTL_MS, _MAX_MS = 5_000, 10_000, 604_800_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitBody:
    """A body that is within the limit, and how it is sent.

    Attributes:
        content: Compact JSON.
        held: By `/runsync`, which holds the answer; else by `/run`.
    """

    content: bytes = field(repr=False)
    held: bool


def encode(request: Request, *, deadline_s: float, held: bool) -> SubmitBody:
    """Make the body of a submission.

    RunPod is told of the deadline too, so that a job whose caller has died ends by itself. It may
    live a minute longer than the deadline: expiry deletes results as well, and a result that came
    at the last moment still has to be fetched.

    Raises:
        TooLarge: It is over RunPod's limit; nothing was sent.
        BadInput: It holds text that is not Unicode.
    """
    milliseconds = int(deadline_s * 1000)
    policy = JobPolicy(
        executionTimeout=_clamp(milliseconds, _MIN_EXECUTION_MS),
        ttl=_clamp(milliseconds + _MINUTE_MS, _MIN_TTL_MS),
    )
    submission = Submission(input=ContractInput(contract=request), policy=policy)
    try:
        content = submission.model_dump_json().encode()
    except (PydanticSerializationError, ValidationError, UnicodeError):
        raise BadInput("The request cannot be written as JSON: it holds broken text.") from None
    check_size(len(content), held=held)
    return SubmitBody(content=content, held=held)


def _clamp(milliseconds: int, least: int) -> int:
    return min(max(milliseconds, least), _MAX_MS)


def check_size(size: int, *, held: bool) -> None:
    """Refuse a body that RunPod would refuse.

    Raises:
        TooLarge: With the size and the limit.
    """
    limit, name = (RUNSYNC_LIMIT_BYTES, "/runsync") if held else (RUN_LIMIT_BYTES, "/run")
    if size > limit:
        raise TooLarge(
            f"The request is {size / MIB:.1f} MiB as JSON ({size:,} bytes); "
            f"RunPod's {name} takes at most {limit // MIB} MiB.",
            hint="Send a shorter recording or text, or compress the audio (Opus).",
        )


def submit(line: FlowContext, body: SubmitBody) -> Flow[JobReport]:
    """Hand a job in.

    Returns:
        The first report, which has an id, or an end of the job.

    Raises:
        KeyRefused, EndpointNotFound, TooLarge, ServiceFailed: The service will not take it.
        RateLimited, ServiceUnreachable: It could not be handed in; it is not running.
        SubmissionUnknown: It may be running; it was not handed in again.
    """
    unsent = refusals = 0
    while True:
        reply = yield from line.ask(_request(line, body))
        if _was_unsent(reply):
            unsent += 1
            if unsent >= _MAX_CONNECTS or line.left_s == 0:
                raise final_error(reply)
            yield from line.rest(SUBMISSIONS.delay_s(unsent, line.dice))
        elif isinstance(reply, HttpResponse) and reply.status == TOO_MANY_REQUESTS:
            refusals += 1
            asked_for = retry_after_s(reply.headers) or 0.0
            pause = max(asked_for, SUBMISSIONS.delay_s(refusals, line.dice))
            if refusals >= _MAX_REFUSALS or pause >= line.left_s:
                raise _rate_limited(reply)
            yield from line.rest(pause)
        else:
            return (yield from _accepted(line, reply))


def _was_unsent(reply: Reply) -> bool:
    return not isinstance(reply, HttpResponse) and reply.kind is TransportErrorKind.UNSENT


def _request(line: FlowContext, body: SubmitBody) -> HttpRequest:
    upload_s = len(body.content) / _SLOWEST_UPLOAD_BYTES_S
    if not body.held:
        return HttpRequest(
            method="POST",
            path="run",
            body=body.content,
            timeout_s=min(_ANSWER_S, line.left_s) + _GRACE_S + upload_s,
            must_land=True,
        )
    wait_s = min(max(line.left_s, 1.0), _MAX_WAIT_S)
    return HttpRequest(
        method="POST",
        path=f"runsync?wait={int(wait_s * 1000)}",
        body=body.content,
        timeout_s=wait_s + _GRACE_S + upload_s,
    )


def _accepted(line: FlowContext, reply: Reply) -> Flow[JobReport]:
    if not isinstance(reply, HttpResponse):
        if reply.kind is TransportErrorKind.OVERSIZED:
            raise final_error(reply)
        raise _unknown(f"the answer got lost ({reply.reason})")
    if reply.status != OK:
        raise _refusal(reply)
    try:
        report = yield from line.work(reading_report(reply.body))
    except TooManyValues:
        raise holds_too_much() from None
    if report is not None and (report.id or report.is_terminal):
        return report
    raise _no_id(reply)


def _refusal(reply: HttpResponse) -> SkydeckError:
    said = body_words(reply.body)
    if reply.status in TRANSIENT or reply.status >= SERVER_ERROR:
        return _unknown(f"the service answered HTTP {reply.status}")
    if reply.status == CONTENT_TOO_LARGE or (
        reply.status == BAD_REQUEST and "exceeded max body size" in said
    ):
        return TooLarge(
            f"RunPod refuses the request as too large{': ' + said if said else ''}.",
            hint="Send a shorter recording or text.",
        )
    return final_error(reply)


def _no_id(reply: HttpResponse) -> SkydeckError:
    """HTTP 200 with neither id nor status: RunPod's way to report some errors of its own."""
    try:
        value = at_once(read_json(reply.body)) if len(reply.body) <= SMALL_BYTES else None
    except ValueError:
        value = None
    if isinstance(value, Mapping) and value.get("error"):
        said = read_failure(value["error"]).message
        return ServiceFailed(f"The service did not take the job: {said}")
    return _unknown("the service's answer cannot be read")


def _rate_limited(reply: HttpResponse) -> RateLimited:
    said = body_words(reply.body)
    return RateLimited(
        f"The service takes no more jobs now (HTTP 429{': ' + said if said else ''}).",
        hint="Try again in a minute, or raise the endpoint's number of workers.",
    )


def _unknown(why: str) -> SubmissionUnknown:
    return SubmissionUnknown(
        f"It is not known whether the job was taken: {why}.",
        hint="It may be running, and cost money once; it was not handed in again by itself.",
    )


def job_path(operation: str, job_id: str) -> str:
    """The path of an operation on a job; the id is foreign text."""
    return f"{operation}/{quote(job_id, safe='')}"
