"""Reading what a service answers: untrusted, sometimes not JSON, sometimes JSON in a string."""

import ast
import json
import re
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from bot.contract.envelope import Wire
from bot.contract.job import Health, JobReport, StreamReport

_LONGEST_MESSAGE = 500
_LONGEST_ERROR_TEXT = 256 * 1024
_DEEPEST_ERROR = 4
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_CLASS = re.compile(r"<class '(?:[\w.]*\.)?(\w+)'>")
_TRACEBACK = "Traceback (most recent call last)"

_Report = TypeVar("_Report", bound=Wire)


def read_json(body: bytes) -> Any:
    """The value of a body.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return from_json(body)
    except ValueError:
        # Half of a surrogate pair is legal in JSON's grammar and no text; a worker that cuts a
        # reply in the middle of an emoji sends one. It must not cost the whole result.
        value = json.loads(body)
        return from_json(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError as e:  # pragma: no cover - pydantic has a limit of its own
        raise ValueError(str(e)) from e


def read_report(body: bytes) -> JobReport | None:
    """An answer about a job; None when this is none (not JSON, or no id and no status)."""
    report = _read(JobReport, body)
    return None if report is None or (report.id is None and report.status is None) else report


def read_stream(body: bytes) -> StreamReport | None:
    """An answer of `/stream`; None when this is none. RunPod's reference shows a bare array."""
    if body.lstrip()[:1] == b"[":
        body = b'{"stream":' + body + b"}"
    report = _read(StreamReport, body)
    return None if report is None or not report.model_fields_set & {"status", "stream"} else report


def read_health(body: bytes) -> Health | None:
    """An answer of `/health`; None when this is none."""
    report = _read(Health, body)
    return None if report is None or not report.model_fields_set & {"jobs", "workers"} else report


def read_purged(body: bytes) -> int | None:
    """How many jobs `/purge-queue` says that it removed; None when this is no such answer."""
    try:
        removed = read_json(body)["removed"]
    except (ValueError, KeyError, TypeError):
        return None
    return removed if isinstance(removed, int) else None


def _read(model: type[_Report], body: bytes) -> _Report | None:
    try:
        return model.model_validate_json(body)
    except ValidationError:
        pass
    try:
        value = read_json(body)
        return _validate(model, value) if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        return None


def _validate(model: type[_Report], fields: dict[str, Any]) -> _Report:
    """A field of an unexpected type (a worker id that is a number) is left out, not fatal."""
    try:
        return model.model_validate(fields)
    except ValidationError as e:
        wrong = {error["loc"][0] for error in e.errors() if error["loc"]}
        return model.model_validate({k: v for k, v in fields.items() if k not in wrong})


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
        inner = _unwrap(error[:_LONGEST_ERROR_TEXT]) if depth < _DEEPEST_ERROR else None
        return Failure(_words(error)) if inner is None else read_failure(inner, depth + 1)
    if isinstance(error, dict):
        return _from_dict(error, depth)
    return Failure("" if error is None else _words(str(error)[:_LONGEST_ERROR_TEXT]))


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
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(stripped)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(value, dict | str) and value != text:
            return value
    return None


def _words(text: str) -> str:
    """The last line of a traceback says what happened; the rest is for its author."""
    if _TRACEBACK in text:
        before, _, trace = text.partition(_TRACEBACK)
        lines = [line for line in trace.splitlines() if line.strip()]
        text = before if before.strip() else lines[-1] if lines else ""
    return clean(text)


def clean(text: str, *, limit: int = _LONGEST_MESSAGE) -> str:
    """Foreign words made safe to print: one line, no control characters, at most `limit` long."""
    line = _CONTROL.sub(" ", text[: 4 * limit]).strip()
    line = line.encode("utf-8", "replace").decode("utf-8")
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def body_words(body: bytes) -> str:
    """What an answer that is no success says, for a person; empty when it says nothing."""
    text = body[:_LONGEST_ERROR_TEXT].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return ""  # an edge's HTML page
    return read_failure(text).message
