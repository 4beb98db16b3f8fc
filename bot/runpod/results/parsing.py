"""Reading what a service answers: untrusted, sometimes not JSON, sometimes JSON in a string."""

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
"""How much is read as Python prints it, which takes some twenty times as long as JSON."""
_DEEPEST_ERROR = 4
_CLASS = re.compile(r"<class '(?:[\w.]*\.)?(\w+)'>")
_TRACEBACK = "Traceback (most recent call last)"

_BLANK_BYTES = 4096
"""How much white space may stand before a bare array."""
_CHUNKS_A_STEP = 500

_T = TypeVar("_T")
_Report = TypeVar("_Report", bound=Wire)


def reading_report(body: bytes) -> Steps[JobReport | None]:
    """An answer about a job; None when this is none (not JSON, or no id and no status).

    Raises:
        TooManyValues: It holds more than is read.
    """
    report = yield from _reading(JobReport, body)
    return None if report is None or (report.id is None and report.status is None) else report


def reading_stream(body: bytes) -> Steps[StreamReport | None]:
    """An answer of `/stream`; None when this is none. RunPod's reference shows a bare array.

    Raises:
        TooManyValues: It holds more than is read.
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
    """The same at once; None also when it holds too much."""
    return _at_once(reading_report(body))


def read_health(body: bytes) -> Health | None:
    """An answer of `/health`; None when this is none."""
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
    """A report; None when it is none.

    Raises:
        TooManyValues: It holds more than is read.
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
    """A report with its chunks: a chunk of another shape costs none of the others."""
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
        # Whatever is no object with an output is one itself: the service has dropped it by now.
        output = chunk["output"] if isinstance(chunk, dict) and "output" in chunk else chunk
        taken.append(StreamChunk.model_construct(output=output))
        if number % _CHUNKS_A_STEP == 0:
            yield
    return report.model_copy(update={"stream": taken})


def _validate(model: type[_Report], fields: dict[str, Any]) -> _Report | None:
    """A field of an unexpected type (a worker id that is a number) is left out, not fatal."""
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
    """What a service says went wrong: words for a person, and the contract's code if it has one."""

    message: str
    code: str = ""
    retryable: bool = False


def read_failure(error: object, depth: int = 0) -> Failure:
    """Make sense of the `error` of a failed job; never shows a traceback.

    It may be words, a dict, JSON in a string (the SDK's own form, with `error_type`,
    `error_message` and `error_traceback`), a dict as Python prints it, or ours
    (`code`, `message`, `retryable`), each perhaps within another.
    """
    if isinstance(error, str):
        inner = _unwrap(error[:_MAX_ERROR_TEXT_CHARS]) if depth < _DEEPEST_ERROR else None
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
        if error.get(name) and depth < _DEEPEST_ERROR:
            inner = read_failure(error[name], depth + 1)
            code = error.get("code")
            return Failure(
                inner.message,
                clean(code, limit=64) if isinstance(code, str) else inner.code,
                error.get("retryable") is True or inner.retryable,
            )
    return Failure(clean(str({k: v for k, v in error.items() if k != "error_traceback"})))


def _unwrap(text: str) -> dict[Any, Any] | str | None:
    """What a string holds, if it is JSON or a printed dict; None when it is just words."""
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
    """The last line of a traceback says what happened; the rest is for its author."""
    if len(text) > _MAX_ERROR_TEXT_CHARS:
        half = _MAX_ERROR_TEXT_CHARS // 2
        text = f"{text[:half]}\n{text[-half:]}"  # what happened is at the end of a traceback
    if _TRACEBACK in text:
        before, _, trace = text.partition(_TRACEBACK)
        lines = [line for line in trace.splitlines() if line.strip()]
        text = before if before.strip() else lines[-1] if lines else ""
    return clean(text)


def clean(text: str, *, limit: int = _MAX_MESSAGE_CHARS) -> str:
    """Foreign words made safe to print: one line, no control characters, at most `limit` long."""
    line = clean_line(text[: 4 * limit]).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def body_words(body: bytes) -> str:
    """What an answer that is no success says, for a person; empty when it says nothing."""
    text = body[:_MAX_ERROR_TEXT_CHARS].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return ""  # an edge's HTML page
    return read_failure(text).message
