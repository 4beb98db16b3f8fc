"""Makes errors of RunPod's replies: of HTTP errors, and of jobs that FAILED. Pure."""

from http import HTTPStatus
from typing import Final

from bot.contract import Response
from bot.contract.failure import MAX_ERROR_TEXT_CHARS, read_failure
from bot.contract.foreign_status import failure_of
from bot.contract.job import MIB, JobReport
from bot.errors import (
    DeadlineExceeded,
    EndpointNotFound,
    JobFailed,
    KeyRefused,
    OutputLost,
    ServiceFailed,
    ServiceUnreachable,
    SkydeckError,
)
from bot.large_json import MAX_VALUES
from bot.runpod.models import HttpResponse, Reply, TransportErrorKind
from bot.runpod.retry import TRANSIENT
from bot.sanitize import clean_excerpt

REPLY_LIMIT_BYTES: Final = 32 * 1024 * 1024
"""Larger replies are not read; RunPod itself limits results to about 20 MB."""
_EXECUTION_TIMEOUT: Final = "executiontimeout exceeded"


def final_error(reply: Reply) -> SkydeckError:
    """The error for a reply that cannot be used."""
    if not isinstance(reply, HttpResponse):
        if reply.kind is TransportErrorKind.OVERSIZED:
            return OutputLost(
                f"The service's answer is over {REPLY_LIMIT_BYTES // MIB} MiB and was not read.",
                hint="Ask for less at a time.",
            )
        return ServiceUnreachable(
            f"The service cannot be reached: {reply.reason}.",
            hint="Check the network and RUNPOD_BASE_URL.",
        )
    match reply.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            # The reply is not quoted: it may quote the key.
            return KeyRefused(
                "The service does not accept the key.",
                hint="Check RUNPOD_API_KEY: it may be mistyped, revoked, or from another account.",
            )
        case HTTPStatus.NOT_FOUND:
            return EndpointNotFound(
                "The service does not know this endpoint.",
                hint="Check the endpoint id in the settings.",
            )
        case status if status < HTTPStatus.BAD_REQUEST:
            return ServiceUnreachable(
                f"The service gave an unexpected answer (HTTP {status}).",
                hint="Check that RUNPOD_BASE_URL points to a RunPod API.",
            )
        case status if status in TRANSIENT:
            return ServiceUnreachable(f"The service keeps answering HTTP {status}.")
        case status:
            said = body_words(reply.body)
            return ServiceFailed(
                f"The service refuses the request with HTTP {status}{': ' + said if said else '.'}"
            )


def too_many_values() -> OutputLost:
    """The error for a reply whose JSON exceeds the limits of `bot.large_json`."""
    return OutputLost(
        f"The service's answer has more than {MAX_VALUES:,} values, or a value that is too long; "
        "it was not read.",
        hint="Ask for less at a time.",
    )


def failed_output(report: JobReport) -> Response | None:
    """The output of a FAILED job if it describes the failure and the report's `error` does not."""
    if report.error or failure_of(report.output) is None:
        return None
    return Response.parse(report.output)


def output_error(output: Response) -> JobFailed:
    """The error of a job whose output says that it failed."""
    error = output.error
    return JobFailed(
        clean_excerpt(error.message if error else "")
        or "The service failed without giving a reason.",
        service_code=clean_excerpt(error.code, limit=64) if error else "",
        service_retryable=error.retryable if error else False,
    )


def job_error(error: object) -> DeadlineExceeded | JobFailed:
    """The error of a job that RunPod reports as FAILED, from the report's `error`."""
    failure = read_failure(error)
    if _EXECUTION_TIMEOUT in failure.message.lower():
        return DeadlineExceeded(
            "The job ran past its deadline, and RunPod stopped it.",
            hint="Allow more time, or ask for less.",
        )
    return JobFailed(
        failure.message or "The worker failed without giving a reason.",
        service_code=failure.code,
        service_retryable=failure.retryable,
    )


def body_words(body: bytes) -> str:
    """The message in an error answer; empty if there is none."""
    text = body[:MAX_ERROR_TEXT_CHARS].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return ""  # an HTML page of the edge
    return read_failure(text).message
