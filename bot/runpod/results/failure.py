"""Turns RunPod's FAILED, and the body of an error answer, into errors and words. Pure."""

from bot.contract.failure import MAX_ERROR_TEXT_CHARS, Failure, read_failure
from bot.errors import DeadlineExceeded, JobFailed

__all__ = ["Failure", "body_words", "job_error", "read_failure"]

_EXECUTION_TIMEOUT = "executiontimeout exceeded"


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
