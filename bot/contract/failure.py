"""Tells a service's failures from its answers, and puts any error text into one line. Pure.

The text is untrusted, and may be JSON, JSON within a string, or a traceback.
"""

import ast
import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from bot.sanitize import BYTE_ORDER_MARK, clean_excerpt

_MAX_MESSAGE_CHARS = 500
MAX_ERROR_TEXT_CHARS = 64 * 1024
"""How much of an error text is read."""
_MAX_PRINTED_CHARS = 16 * 1024
"""The longest text that is read as a Python literal, which takes about twenty times as long."""
_MAX_ERROR_DEPTH = 4
_CLASS = re.compile(r"<class '(?:[\w.]*\.)?(\w+)'>")
_MAX_MEMBERS = 32
_MAX_LISTED = 4
"""How many errors of a list become part of the message."""
_WORDS_NAMES = (
    *("message", "error", "errors", "detail", "title", "msg", "reason"),
    *("description", "info"),
)
_TRACES = ("error_traceback", "traceback", "stacktrace", "stack_trace")
_ENCODER = json.JSONEncoder(ensure_ascii=False, skipkeys=True, default=str)
_TRACEBACK = "Traceback (most recent call last)"


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
    `message`, `retryable`), each possibly nested in another, or a list of these.
    """
    if isinstance(error, str):
        inner = _unwrap(error[:MAX_ERROR_TEXT_CHARS]) if depth < _MAX_ERROR_DEPTH else None
        return Failure(_words(error)) if inner is None else read_failure(inner, depth + 1)
    if isinstance(error, dict):
        return _from_dict(error, depth)
    if isinstance(error, list) and depth < _MAX_ERROR_DEPTH:
        return _from_list(error, depth)
    return Failure("" if error is None else _words(_as_json(error)))


def _from_dict(error: dict[Any, Any], depth: int) -> Failure:
    if "error_message" in error or "error_type" in error:
        kind = _CLASS.sub(r"\1", str(error.get("error_type") or ""))
        words = read_failure(error.get("error_message") or "", depth + 1)
        message = ": ".join(part for part in (clean_excerpt(kind), words.message) if part)
        return Failure(message, words.code, words.retryable)
    for name in _WORDS_NAMES:
        if error.get(name) and depth < _MAX_ERROR_DEPTH:
            inner = read_failure(error[name], depth + 1)
            code = error.get("code")
            return Failure(
                inner.message,
                clean_excerpt(code, limit=64) if isinstance(code, str) else inner.code,
                error.get("retryable") is True or inner.retryable,
            )
    rest = {k: v for k, v in islice(error.items(), _MAX_MEMBERS) if k not in _TRACES}
    return Failure(clean_excerpt(_as_json(rest)))


def _from_list(errors: list[Any], depth: int) -> Failure:
    said = [_located(one, depth + 1) for one in errors[:_MAX_LISTED]]
    messages = dict.fromkeys(one.message for one in said if one.message)
    code = next((one.code for one in said if one.code), "")
    return Failure(clean_excerpt("; ".join(messages)), code, any(one.retryable for one in said))


def _located(error: object, depth: int) -> Failure:
    """One error of a list; FastAPI's errors name the field (`loc`)."""
    failure = read_failure(error, depth)
    place = error.get("loc") if isinstance(error, dict) else None
    if not failure.message or not isinstance(place, list):
        return failure
    names = [clean_excerpt(one, limit=64) for one in place[:_MAX_LISTED] if isinstance(one, str)]
    path = ".".join(name for name in names if name)
    return replace(failure, message=f"{path}: {failure.message}") if path else failure


def _unwrap(text: str) -> dict[Any, Any] | str | None:
    """The value in a string of JSON or of a printed dict; None if it is plain text."""
    stripped = text.removeprefix(BYTE_ORDER_MARK).strip()
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


def _as_json(value: object) -> str:
    """The beginning of a value as JSON: nobody has to know how Python prints it."""
    text = ""
    with suppress(ValueError, RecursionError):
        for part in _ENCODER.iterencode(value):
            text += part[:_MAX_MESSAGE_CHARS]
            if len(text) > _MAX_MESSAGE_CHARS:
                break
    return text


def _words(text: str) -> str:
    """The message in a text; if it is a traceback, only its last line."""
    if len(text) > MAX_ERROR_TEXT_CHARS:
        half = MAX_ERROR_TEXT_CHARS // 2
        text = f"{text[:half]}\n{text[-half:]}"  # the error is at the end of a traceback
    if _TRACEBACK in text:
        before, _, trace = text.partition(_TRACEBACK)
        lines = [line for line in trace.splitlines() if line.strip()]
        text = before if before.strip() else lines[-1] if lines else ""
    return clean_excerpt(text)
