"""Makes an error of a job that FAILED at RunPod, or whose output says that it failed. Pure."""

from bot.contract import Response
from bot.contract.failure import read_failure
from bot.contract.foreign_status import failure_of
from bot.contract.job import JobReport
from bot.errors import MORE_TIME, UNEXPLAINED, DeadlineExceeded, JobFailed
from bot.runpod.execution_timeout import is_exceeded
from bot.sanitize import clean_excerpt


def failed_output(report: JobReport) -> Response | None:
    """The output of a FAILED job if it describes the failure and the report's `error` does not."""
    if report.error or failure_of(report.output) is None:
        return None
    return Response.parse(report.output)


def output_error(output: Response) -> JobFailed:
    """The error of a job whose output says that it failed."""
    error = output.error
    return JobFailed(
        clean_excerpt(error.message if error else "") or UNEXPLAINED,
        service_code=clean_excerpt(error.code, limit=64) if error else "",
        service_retryable=error.retryable if error else False,
    )


def job_error(error: object) -> DeadlineExceeded | JobFailed:
    """The error of a job that RunPod reports as FAILED, from the report's `error`."""
    failure = read_failure(error)
    if is_exceeded(failure.message):
        return DeadlineExceeded(
            "The job ran past its deadline, and RunPod stopped it.",
            hint=MORE_TIME,
        )
    return JobFailed(
        failure.message or UNEXPLAINED,
        service_code=failure.code,
        service_retryable=failure.retryable,
    )
