"""How a job ended, as the journal keeps it until its person has seen it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import JsonValue

from bot.contract import Output, Response, Status
from bot.errors import (
    DeadlineExceeded,
    JobCancelled,
    JobExpired,
    JobFailed,
    OutputLost,
    SkydeckError,
    Stopping,
    SubmissionUnknown,
    TooLarge,
    TooLate,
)
from bot.jobs.endings import Followed
from bot.store.repositories.results import pack, unpack

_TEXT_CHARS: Final = 1_000_000
"""Of an answer that is too large to be kept as a whole."""
_KINDS: Final[Mapping[str, type[SkydeckError]]] = {
    kind.code: kind
    for kind in (
        DeadlineExceeded,
        JobCancelled,
        JobExpired,
        JobFailed,
        OutputLost,
        Stopping,
        SubmissionUnknown,
        TooLate,
    )
}


def packed(followed: Followed) -> bytes:
    """An outcome for the journal; of what is too large, as much as there is room for."""
    for document in _smaller_and_smaller(followed):
        try:
            return pack(document)
        except TooLarge:
            continue
    raise AssertionError("words alone fit")


def unpacked(kept: bytes) -> Followed:
    """The outcome again.

    Raises:
        ValueError: It was not kept by us.
    """
    match unpack(kept):
        case {"response": dict(response)}:
            return Followed(response=Response.model_validate(response))
        case {"error": dict(error), "so_far": str(so_far)}:
            return Followed(error=_error(error), so_far=so_far)
    raise ValueError("no outcome of ours")


def written_so_far(followed: Followed) -> Response | None:
    """What had been written when it broke off, as a service tells it; None: nothing."""
    if not followed.so_far:
        return None
    return Response(status=Status.PARTIAL, output=Output(type="text", text=followed.so_far))


def _smaller_and_smaller(followed: Followed) -> Iterator[JsonValue]:
    if followed.response is None:
        yield {"error": _told(followed.error), "so_far": followed.so_far[:_TEXT_CHARS]}
        return
    document: dict[str, Any] = followed.response.model_dump(mode="json")
    yield {"response": document}
    output = document.get("output") or {}
    yield {"response": document | {"output": output | {"audio": None}}}
    words = Output(type="text", text=followed.response.text[:_TEXT_CHARS])
    yield {"response": document | {"output": words.model_dump(mode="json")}}


def _told(error: SkydeckError | None) -> dict[str, JsonValue]:
    told: dict[str, JsonValue] = {
        "code": SkydeckError.code if error is None else error.code,
        "message": "" if error is None else error.message[:_TEXT_CHARS],
    }
    if isinstance(error, JobFailed):
        told["service_code"] = error.service_code
    return told


def _error(told: Mapping[str, JsonValue]) -> SkydeckError:
    code, message = str(told.get("code", "")), str(told.get("message", ""))
    if code == JobFailed.code:
        return JobFailed(message, service_code=str(told.get("service_code", "")))
    return _KINDS.get(code, SkydeckError)(message)
