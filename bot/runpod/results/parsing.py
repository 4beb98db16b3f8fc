"""Parses what a service answers: untrusted, and sometimes not JSON, or JSON within a string."""

import ast
import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from bot.contract.envelope import Wire
from bot.contract.job import Health, JobReport, StreamChunk, StreamReport
from bot.large_json import SMALL_BYTES, TooManyValues, read_json
from bot.sanitize import clean_line
from bot.steps import Steps, at_once

_MAX_MESSAGE_CHARS = 500
_MAX_ERROR_TEXT_CHARS = 64 * 1024
_MAX_PRINTED_CHARS = 16 * 1024
"""The longest text that is read as a Python literal, which takes about twenty times as long."""
_MAX_ERROR_DEPTH = 4
_CLASS = re.compile(r"<class '(?:[\w.]*\.)?(\w+)'>")
_TRACEBACK = "Traceback (most recent call last)"

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
    return _validate(model, value) if isinstance(value, dict) else None


def _reading_chunks(body: bytes) -> Steps[StreamReport | None]:
    """A report with its chunks; one malformed chunk does not lose the others."""
    value = yield from read_json(body)
    if not isinstance(value, dict):
        return None
    yield
    chunks = value.get("stream")
    report = _validate(StreamReport, {**value, "stream": []} if "stream" in value else value)
    if report is None or not isinstance(chunks, list):
        return report
    taken: list[StreamChunk] = []
    for number, chunk in enumerate(chunks, 1):
        # Anything else is taken as an output: the service has deleted the chunk by now.
        output = chunk["output"] if isinstance(chunk, dict) and "output" in chunk else chunk
        taken.append(StreamChunk.model_construct(output=output))
        if number % _CHUNKS_PER_STEP == 0:
            yield
    return report.model_copy(update={"stream": taken})


def _validate(model: type[_Report], fields: dict[str, Any]) -> _Report | None:
    """Validate, leaving out fields of an unexpected type, such as a worker id that is a number."""
    try:
        return model.model_validate(fields)
    except ValidationError as e:
        wrong = {error["loc"][0] for error in e.errors(include_url=False) if error["loc"]}
    try:
        return model.model_validate({k: v for k, v in fields.items() if k not in wrong})
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong at a service: a message for people, and the contract's code if any."""

    message: str
    code: str = ""
    retryable: bool = False


def read_failure(error: object, depth: int = 0) -> Failure:
    """Parse the `error` of a failed job. It never shows a traceback.

    It may be plain text, a dict, JSON in a string (the SDK's form, with `error_type`,
    `error_message` and `error_traceback`), a dict as Python prints it, or our form (`code`,
    `message`, `retryable`), each possibly nested in another.
    """
    if isinstance(error, str):
        inner = _unwrap(error[:_MAX_ERROR_TEXT_CHARS]) if depth < _MAX_ERROR_DEPTH else None
        return Failure(_words(error)) if inner is None else read_failure(inner, depth + 1)
    if isinstance(error, dict):
        return _from_dict(error, depth)
    return Failure("" if error is None else _words(str(error)[:_MAX_ERROR_TEXT_CHARS]))


def _from_dict(error: dict[Any, Any], depth: int) -> Failure:
    if "error_message" in error or "error_type" in error:
        kind = _CLASS.sub(r"\1", str(error.get("error_type") or ""))
        words = read_failure(error.get("error_message") or "", depth + 1)
        message = ": ".join(part for part in (clean(kind), words.message) if part)
        return Failure(message, words.code, words.retryable)
    for name in ("message", "error", "detail", "title"):
        if error.get(name) and depth < _MAX_ERROR_DEPTH:
            inner = read_failure(error[name], depth + 1)
            code = error.get("code")
            return Failure(
                inner.message,
                clean(code, limit=64) if isinstance(code, str) else inner.code,
                error.get("retryable") is True or inner.retryable,
            )
    return Failure(clean(str({k: v for k, v in error.items() if k != "error_traceback"})))


def _unwrap(text: str) -> dict[Any, Any] | str | None:
    """The value in a string of JSON or of a printed dict; None if it is plain text."""
    stripped = text.strip()
    if not stripped.startswith(("{", '"')):
        return None
    parsers = (json.loads, ast.literal_eval) if len(text) <= _MAX_PRINTED_CHARS else (json.loads,)
    for parse in parsers:
        try:
            value = parse(stripped)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, dict | str) and value != text:
            return value
    return None


def _words(text: str) -> str:
    """The message in a text; if it is a traceback, only its last line."""
    if len(text) > _MAX_ERROR_TEXT_CHARS:
        half = _MAX_ERROR_TEXT_CHARS // 2
        text = f"{text[:half]}\n{text[-half:]}"  # the error is at the end of a traceback
    if _TRACEBACK in text:
        before, _, trace = text.partition(_TRACEBACK)
        lines = [line for line in trace.splitlines() if line.strip()]
        text = before if before.strip() else lines[-1] if lines else ""
    return clean(text)


def clean(text: str, *, limit: int = _MAX_MESSAGE_CHARS) -> str:
    """Make untrusted text safe to print: one line, no control characters, at most `limit` long."""
    line = clean_line(text[: 4 * limit]).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def body_words(body: bytes) -> str:
    """The message in an error answer; empty if there is none."""
    text = body[:_MAX_ERROR_TEXT_CHARS].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return ""  # an HTML page of the edge
    return read_failure(text).message
