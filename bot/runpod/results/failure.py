"""Turns RunPod's FAILED, and the body of an error answer, into errors and words. Pure."""

from bot.contract import Response
from bot.contract.failure import MAX_ERROR_TEXT_CHARS, Failure, read_failure
from bot.contract.foreign_status import failure_of
from bot.contract.job import JobReport
from bot.errors import DeadlineExceeded, JobFailed
from bot.sanitize import clean_excerpt

__all__ = [
    "Failure",
    "body_words",
    "failed_output",
    "job_error",
    "output_error",
    "read_failure",
]

_EXECUTION_TIMEOUT = "executiontimeout exceeded"


def failed_output(report: JobReport) -> Response | None:
    """The output of a FAILED job if the failure is told there, and not in the report's `error`."""
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
