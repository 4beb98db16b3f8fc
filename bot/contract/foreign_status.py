"""Tells a failure from an answer, in whatever way the service says so. Pure.

Services say it in many ways: a status in any spelling, `error` with words, `success: false`, an
HTTP status. An `error` that is null, empty or false says nothing, nor does a word in an answer.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from bot.contract.failure import Failure, read_failure

MAX_NAMES: Final = 256
"""How many members of an object are looked at."""
_SEPARATORS: Final = re.compile(r"[\s_.-]+")
_MAX_WORD_CHARS: Final = 64
_MAX_DEPTH: Final = 3

_FAILED: Final = frozenset({
    "failed", "fail", "failure", "error", "errored", "exception", "crashed", "timeout",
    "timedout", "aborted", "unsuccessful", "oom", "outofmemory", "internalerror",
    "internalservererror",
})  # fmt: skip
_NO_REASON: Final = frozenset(
    ["failed", "fail", "failure", "error", "errored", "unsuccessful", "500"]
)
_CANCELLED: Final = frozenset({"cancelled", "canceled", "cancelledbyuser"})
_PARTIAL: Final = frozenset({
    "partial", "streaming", "stream", "inprogress", "progress", "processing", "running",
    "pending", "chunk", "delta",
})  # fmt: skip
_COMPLETED: Final = frozenset({
    "completed", "complete", "success", "succeeded", "successful", "ok", "okay", "done",
    "finished", "final", "ready",
})  # fmt: skip
_FIRST_WORD: Final = re.compile(r"(?:failed|failure|error|errored|exception)\b", re.IGNORECASE)
_NO_ERROR: Final = _COMPLETED | {
    "", "0", "none", "null", "nil", "false", "no", "noerror", "noerrors", "na", "n/a",
}  # fmt: skip
_NO: Final = frozenset({"false", "no", "0", "off"})
_MIN_HTTP_ERROR: Final = 400
_MAX_HTTP_ERROR: Final = 599

_STATUS_NAMES: Final = frozenset(["status", "state", "statuscode", "outcome"])
_ERROR_NAMES: Final = frozenset([
    *("error", "errormessage", "errormsg", "errordescription", "errordetail", "errordetails"),
    *("errortext", "errorreason", "failurereason", "failuremessage", "exception", "errortype"),
    *("errorcode", "traceback", "stacktrace", "errortraceback"),
    *("iserror", "haserror", "haserrors", "failed", "failure"),
])  # fmt: skip
_SUCCESS_NAMES: Final = frozenset(
    ["success", "ok", "succeeded", "successful", "issuccess", "issuccessful"]
)
_WORDS_NAMES: Final = (
    *("error", "errors", "errortype", "errormessage", "errormsg", "errordescription"),
    *("errordetail", "errordetails", "errortext", "errorreason", "failurereason"),
    *("failuremessage", "failure", "exception", "message", "msg", "detail", "details", "reason"),
    *("description", "title"),
)
_SPARE_WORDS_NAMES: Final = (
    *("traceback", "stacktrace", "errortraceback"),
    *("output", "result", "text", "status", "errorcode"),
)
_MAX_WORDS: Final = 2
_HOLDERS: Final = ("output", "result", "response", "body")
_BESIDE_ERRORS: Final = frozenset(
    {*_ERROR_NAMES, *_SUCCESS_NAMES, *_STATUS_NAMES, "errors", "message", "msg", "detail", "code"}
    | {"extensions", "id", "jsonrpc", "requestid", "timestamp", "path"}
)


def plain_name(name: object) -> str:
    """A name or a status word without case and separators: `error_message` for `errorMessage`."""
    if not isinstance(name, str) or len(name) > _MAX_WORD_CHARS:
        return ""
    return _SEPARATORS.sub("", name).casefold()


def by_plain_name(value: Mapping[Any, Any]) -> dict[str, Any]:
    """The first members of an object by their plain names; the first of two equal names counts."""
    found: dict[str, Any] = {}
    for name, item in islice(value.items(), MAX_NAMES):
        found.setdefault(plain_name(name), item)
    return found


def status_word(status: object) -> str | None:
    """The contract's word for a status in any spelling; None if it is none that we know."""
    if isinstance(status, bool):
        return "completed" if status else "failed"
    if isinstance(status, int | float):
        return _of_number(status)
    if not isinstance(status, str):
        return None
    word = plain_name(status)
    known = {"failed": _FAILED, "cancelled": _CANCELLED, "partial": _PARTIAL}
    for name, words in (*known.items(), ("completed", _COMPLETED)):
        if word in words:
            return name
    if word.isascii() and word.isdecimal() and len(word) == 3:  # noqa: PLR2004 - an HTTP status
        return _of_number(int(word))
    return "failed" if _FIRST_WORD.match(status.strip()) else None


def _of_number(status: float) -> str | None:
    return "failed" if _MIN_HTTP_ERROR <= status <= _MAX_HTTP_ERROR else None


def failure_of(value: object, depth: int = 0) -> Failure | None:
    """What went wrong, if an answer says in any way that it is a failure; None if it does not.

    Data of the contract (`output.data`) is never looked at: it is the answer.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping):
        return None
    members = by_plain_name(value)
    if _says_so(members):
        return _words(members)
    if depth < _MAX_DEPTH:
        held = [members.get(name) for name in _HOLDERS]
        choices = members.get("choices")
        held += choices[:1] if isinstance(choices, list) else []
        return _first(failure_of(item, depth + 1) for item in held if isinstance(item, Mapping))
    return None


def is_only_failure(value: object) -> bool:
    """Whether an object is a failure and nothing else: an answer may quote one beside others."""
    if not isinstance(value, Mapping) or failure_of(value) is None:
        return False
    return len(value) <= MAX_NAMES and by_plain_name(value).keys() <= _BESIDE_ERRORS


def _first(failures: Iterable[Failure | None]) -> Failure | None:
    return next((failure for failure in failures if failure is not None), None)


def _says_so(members: Mapping[str, Any]) -> bool:
    return (
        any(status_word(members[name]) == "failed" for name in _STATUS_NAMES & members.keys())
        or any(_is_error(members[name]) for name in _ERROR_NAMES & members.keys())
        or any(_is_no(members[name]) for name in _SUCCESS_NAMES & members.keys())
        or _is_error_object(members)
        or _is_list_of_errors(members)
    )


def _is_error(value: object, depth: int = 0) -> bool:
    """Whether the value of an `error` says anything."""
    match value:
        case str():
            return (
                len(value) > _MAX_WORD_CHARS
                or plain_name(value.strip().rstrip(".")) not in _NO_ERROR
            )
        case Mapping() if depth < _MAX_DEPTH:
            members = by_plain_name(value)
            numbers = {"code", "status", "statuscode", "errorcode"}
            said = {n: v for n, v in members.items() if n not in numbers or _is_code(v)}
            return any(_is_error(item, depth + 1) for item in said.values())
        case list() if depth < _MAX_DEPTH:
            return any(_is_error(item, depth + 1) for item in value[:MAX_NAMES])
    return bool(value)


def _is_code(value: object) -> bool:
    """Whether a number stands for an error: 0 and 200 do not."""
    return not isinstance(value, int | float) or not 0 <= value < _MIN_HTTP_ERROR or value is True


def _is_no(value: object) -> bool:
    if isinstance(value, str):
        return plain_name(value.strip()) in _NO
    return isinstance(value, bool | int | float) and not value


def _is_error_object(members: Mapping[str, Any]) -> bool:
    """OpenAI's and Anthropic's forms of an error, and an error that has only a code."""
    if "error" in (members.get("object"), members.get("type"), members.get("finishreason")):
        return True
    has_words = any(isinstance(members.get(n), str) for n in ("message", "msg", "detail"))
    if isinstance(members.get("result"), str) and plain_name(members["result"]) in _FAILED:
        return has_words
    is_alone = has_words and members.keys() <= _BESIDE_ERRORS
    return is_alone and status_word(members.get("code")) == "failed"


def _is_list_of_errors(members: Mapping[str, Any]) -> bool:
    """`errors` beside nothing else (a list of a text's mistakes is an answer), or FastAPI's."""
    said = {name for name, item in members.items() if item not in (None, "", [], {})}
    if _is_error(members.get("errors")) and not isinstance(
        members.get("errors"), bool | int | float
    ):
        return said <= _BESIDE_ERRORS
    details = members.get("detail")
    return (
        said == {"detail"}
        and isinstance(details, list)
        and all(isinstance(one, Mapping) and "msg" in one for one in details[:MAX_NAMES])
    )


def _words(members: Mapping[str, Any]) -> Failure:
    """The words of a failure, and what else is known about it."""
    said: list[Failure] = []
    for name in (*_WORDS_NAMES, *_SPARE_WORDS_NAMES):
        if len(said) == _MAX_WORDS or (said and name in _SPARE_WORDS_NAMES):
            break
        value = members.get(name)
        if value is None or isinstance(value, bool | int | float) or not _is_error(value):
            continue
        failure = read_failure(value)
        is_new = all(failure.message not in known.message for known in said)
        if failure.message and plain_name(failure.message) not in _NO_REASON and is_new:
            said.append(failure)
    return Failure(
        ": ".join(one.message for one in said),
        retryable=members.get("retryable") is True or any(one.retryable for one in said),
    )
