"""Submitting a job once: a try is repeated only when the service certainly did not take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from bot.contract import Request
from bot.contract.failure import read_failure
from bot.contract.job import (
    MIB,
    RUN_LIMIT_BYTES,
    RUNSYNC_LIMIT_BYTES,
    ContractInput,
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
from bot.runpod.execution_timeout import policy_for
from bot.runpod.flow.context import FlowContext, is_ok
from bot.runpod.models import Flow, HttpRequest, HttpResponse, Reply, TransportErrorKind
from bot.runpod.reply_errors import body_words, final_error, too_many_values
from bot.runpod.results.parsing import reading_report
from bot.runpod.retry import MAX_CONNECTS, SUBMISSIONS, TRANSIENT, rate_limit_pause_s
from bot.steps import at_once

_MAX_HOLD_S: Final = 90
"""RunPod allows up to 300 s, but the edge in front of it answers 524 after about 100 s."""
_GRACE_S: Final = 10.0
"""How much longer than the caller to wait for the answer: it has the job's id, and without that the
job can be neither cancelled nor found."""
_MIN_UPLOAD_BYTES_S: Final = 125_000
_ANSWER_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitBody:
    """A body within RunPod's limit.

    Attributes:
        content: Compact JSON.
        held: It goes to `/runsync`, which answers when the job has ended; else to `/run`.
    """

    content: bytes = field(repr=False)
    held: bool


def encode(request: Request, *, deadline_s: float, held: bool) -> SubmitBody:
    """Make the body of a submission.

    Raises:
        TooLarge: It exceeds RunPod's limit.
        BadInput: It contains text that is not valid Unicode.
    """
    policy = policy_for(deadline_s)
    submission = Submission(input=ContractInput(contract=request), policy=policy)
    try:
        content = submission.model_dump_json().encode()
    except (PydanticSerializationError, ValidationError, UnicodeError):
        raise BadInput("The request cannot be written as JSON: it contains invalid text.") from None
    check_size(len(content), held=held)
    return SubmitBody(content=content, held=held)


def check_size(size: int, *, held: bool) -> None:
    """Refuse a body that is too large for RunPod.

    Raises:
        TooLarge: It names the size and the limit.
    """
    limit, name = (RUNSYNC_LIMIT_BYTES, "/runsync") if held else (RUN_LIMIT_BYTES, "/run")
    if size > limit:
        raise TooLarge(
            f"The request is {size / MIB:.1f} MiB as JSON ({size:,} bytes); "
            f"RunPod's {name} takes at most {limit // MIB} MiB.",
            hint="Send a shorter recording or text, or compress the audio (Opus).",
        )


def submit(context: FlowContext, body: SubmitBody) -> Flow[JobReport]:
    """Submit a job.

    Returns:
        The first report, which has an id or says that the job has ended.

    Raises:
        KeyRefused, EndpointNotFound, TooLarge, ServiceFailed: The service refuses it.
        RateLimited, ServiceUnreachable: It could not be submitted; it is not running.
        SubmissionUnknown: It may be running; it was not submitted again.
    """
    unsent = rate_limits = 0
    while True:
        reply = yield from context.ask(_request(context, body))
        if _was_unsent(reply):
            unsent += 1
            if unsent >= MAX_CONNECTS or context.left_s == 0:
                raise final_error(reply)
            yield from context.wait(SUBMISSIONS.delay_s(unsent, context.rng))
        elif isinstance(reply, HttpResponse) and reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            rate_limits += 1
            pause_s = rate_limit_pause_s(reply, rate_limits, left_s=context.left_s, rng=context.rng)
            if pause_s is None:
                raise _rate_limited(reply)
            yield from context.wait(pause_s)
        else:
            return (yield from _accepted(context, reply))


def _was_unsent(reply: Reply) -> bool:
    return not isinstance(reply, HttpResponse) and reply.kind is TransportErrorKind.UNSENT


def _request(context: FlowContext, body: SubmitBody) -> HttpRequest:
    upload_s = len(body.content) / _MIN_UPLOAD_BYTES_S
    if not body.held:
        return HttpRequest(
            method="POST",
            path="run",
            body=body.content,
            timeout_s=min(_ANSWER_S, context.left_s) + _GRACE_S + upload_s,
            must_land=True,
        )
    wait_s = min(max(context.left_s, 1.0), _MAX_HOLD_S)
    return HttpRequest(
        method="POST",
        path=f"runsync?wait={int(wait_s * 1000)}",
        body=body.content,
        timeout_s=wait_s + _GRACE_S + upload_s,
    )


def _accepted(context: FlowContext, reply: Reply) -> Flow[JobReport]:
    if not isinstance(reply, HttpResponse):
        if reply.kind is TransportErrorKind.OVERSIZED:
            raise final_error(reply)
        raise _unknown(f"the answer was lost ({reply.reason})")
    if not is_ok(reply):
        raise _refusal(reply)
    try:
        report = yield from context.run(reading_report(reply.body))
    except TooManyValues:
        raise too_many_values() from None
    if report is not None and (report.id or report.is_terminal):
        return report
    raise _no_id(reply)


def _refusal(reply: HttpResponse) -> SkydeckError:
    said = body_words(reply.body)
    if reply.status in TRANSIENT or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unknown(f"the service answered HTTP {reply.status}")
    if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (
        reply.status == HTTPStatus.BAD_REQUEST and "exceeded max body size" in said
    ):
        return TooLarge(
            f"RunPod refuses the request as too large{': ' + said if said else ''}.",
            hint="Send a shorter recording or text.",
        )
    return final_error(reply)


def _no_id(reply: HttpResponse) -> SkydeckError:
    """HTTP 200 with neither id nor status, which is how RunPod reports some of its errors."""
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
        f"The service takes no more jobs for now (HTTP 429{': ' + said if said else ''}).",
        hint="Try again in a minute, or raise the endpoint's number of workers.",
    )


def _unknown(why: str) -> SubmissionUnknown:
    return SubmissionUnknown(
        f"It is not known whether the service took the job: {why}.",
        hint="It may be running, and cost money once; it was not submitted again.",
    )


def job_path(operation: str, job_id: str) -> str:
    """The path of an operation on a job; the id is untrusted text."""
    return f"{operation}/{quote(job_id, safe='')}"
