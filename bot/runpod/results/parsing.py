"""Parses the reports that RunPod answers with: untrusted, and sometimes not JSON."""

from contextlib import suppress
from typing import TypeVar

from pydantic import ValidationError

from bot.contract.envelope import Wire
from bot.contract.job import Health, JobReport, StreamChunk, StreamReport
from bot.large_json import SMALL_BYTES, TooManyValues, read_json, without_mark
from bot.steps import Steps, at_once

_BLANK_BYTES = 4096
"""The most white space before a bare array."""
_CHUNKS_PER_STEP = 500

_T = TypeVar("_T")
_Report = TypeVar("_Report", bound=Wire)


def reading_report(body: bytes) -> Steps[JobReport | None]:
    """An answer about a job; None if the body is not one (not JSON, or no id and no status).

    Raises:
        TooManyValues: It has too many values.
    """
    report = yield from _reading(JobReport, body)
    return None if report is None or (report.id is None and report.status is None) else report


def reading_stream(body: bytes) -> Steps[StreamReport | None]:
    """An answer of `/stream`; None if the body is not one. RunPod's reference shows a bare array.

    Raises:
        TooManyValues: It has too many values.
    """
    body = without_mark(body)
    if body[:_BLANK_BYTES].lstrip()[:1] == b"[":
        body = b'{"stream":' + body + b"}"
    report: StreamReport | None = None
    if len(body) <= SMALL_BYTES:
        with suppress(ValidationError):
            report = StreamReport.model_validate_json(body)
    if report is None:
        try:
            report = yield from _reading_chunks(body)
        except TooManyValues:
            raise
        except ValueError:
            return None
    return None if report is None or not report.model_fields_set & {"status", "stream"} else report


def read_report(body: bytes) -> JobReport | None:
    """The same without a pause; None also if it has too many values."""
    return _at_once(reading_report(body))


def read_health(body: bytes) -> Health | None:
    """An answer of `/health`; None if the body is not one."""
    if len(body) > SMALL_BYTES:
        return None  # a dozen numbers
    report = _at_once(_reading(Health, body))
    return None if report is None or not report.model_fields_set & {"jobs", "workers"} else report


def _at_once(steps: Steps[_T | None]) -> _T | None:
    try:
        return at_once(steps)
    except TooManyValues:
        return None


def _reading(model: type[_Report], body: bytes) -> Steps[_Report | None]:
    """A report; None if the body is not one.

    Raises:
        TooManyValues: It has too many values.
    """
    body = without_mark(body)
    if len(body) <= SMALL_BYTES:
        try:
            return model.model_validate_json(body)
        except ValidationError:
            pass
    try:
        value = yield from read_json(body)
    except TooManyValues:
        raise
    except ValueError:
        return None
    yield
    return model.model_validate(value) if isinstance(value, dict) else None


def _reading_chunks(body: bytes) -> Steps[StreamReport | None]:
    """A report with its chunks; one malformed chunk does not lose the others."""
    value = yield from read_json(body)
    if not isinstance(value, dict):
        return None
    yield
    chunks = value.get("stream")
    report = StreamReport.model_validate({**value, "stream": []} if "stream" in value else value)
    if not isinstance(chunks, list):
        return report
    taken: list[StreamChunk] = []
    for number, chunk in enumerate(chunks, 1):
        # Anything else is taken as an output: the service has deleted the chunk by now.
        output = chunk["output"] if isinstance(chunk, dict) and "output" in chunk else chunk
        taken.append(StreamChunk.model_construct(output=output))
        if number % _CHUNKS_PER_STEP == 0:
            yield
    return report.model_copy(update={"stream": taken})
