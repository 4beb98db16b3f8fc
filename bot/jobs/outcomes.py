"""How a job ended: as its view shows it, and as the journal keeps it until that has been seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pydantic import JsonValue

from bot.contract import Output, Response, Status
from bot.errors import (
    DeadlineExceeded,
    JobCancelled,
    JobExpired,
    JobFailed,
    OutputLost,
    QuestionDeleted,
    Restarted,
    SkydeckError,
    Stopping,
    SubmissionUnknown,
    TooLarge,
    TooLate,
)
from bot.i18n import Translated
from bot.jobs.view import JobView, WithdrawableView
from bot.runpod.models import JobState, Update
from bot.store.repositories.recovery import Ending
from bot.store.repositories.results import pack, unpack

_MAX_TEXT_CHARS: Final = 1_000_000
"""The journal keeps this much text of an answer that is too large to be kept whole."""
_KEPT_ERRORS: Final[Mapping[str, type[SkydeckError]]] = {
    kind.code: kind
    for kind in (
        DeadlineExceeded,
        JobCancelled,
        JobExpired,
        JobFailed,
        OutputLost,
        QuestionDeleted,
        Restarted,
        Stopping,
        SubmissionUnknown,
        TooLate,
    )
}


@dataclass(slots=True)
class Outcome:
    """A response or an error; neither if another process now follows the job.

    Attributes:
        so_far: The part of an answer that arrived before the error.
    """

    response: Response | None = None
    error: SkydeckError | None = None
    so_far: str = ""

    @property
    def ending(self) -> tuple[Ending, str]:
        """How the job ended, and the error's code."""
        match self.error:
            case None:
                return Ending.COMPLETED, ""
            case JobCancelled() | QuestionDeleted() | Stopping() as error:
                return Ending.CANCELLED, error.code
            case JobExpired() as error:
                return Ending.EXPIRED, error.code
            case SubmissionUnknown() as error:
                return Ending.UNKNOWN, error.code
            case error:
                return Ending.FAILED, error.code

    @property
    def draft(self) -> Response | None:
        """The part that arrived before the error, as a service would send it; None if none did."""
        if not self.so_far:
            return None
        return Response(status=Status.PARTIAL, output=Output(type="text", text=self.so_far))

    async def show_in(self, view: JobView) -> None:
        """Show how the job ended; returns once it is visible.

        Raises:
            Undeliverable: There is nowhere to show it.
            SkydeckError, OSError, TimeoutError: It cannot be shown now.
        """
        if isinstance(self.error, QuestionDeleted) and isinstance(view, WithdrawableView):
            await view.withdrawn()
        elif self.response is not None:
            await view.done(self.response)
        elif self.error is not None:
            await view.failed(self.error)

    def restore_draft(self, view: JobView) -> None:
        """Give a new view of an old job the part that arrived before the error."""
        if self.draft is not None:
            view.update(Update(state=JobState.RUNNING, response=self.draft))

    def pack(self) -> bytes:
        """The bytes that the journal keeps; if the outcome is too large, the part that fits."""
        for document in self._smaller_and_smaller():
            try:
                return pack(document)
            except TooLarge:
                continue
        raise AssertionError("text alone fits")

    @classmethod
    def unpack(cls, kept: bytes) -> Self:
        """Read the outcome from those bytes.

        Raises:
            ValueError: `pack` did not make them.
        """
        match unpack(kept):
            case {"response": dict(response)}:
                return cls(response=Response.model_validate(response))
            case {"error": dict(error), "so_far": str(so_far)}:
                return cls(error=_read_error(error), so_far=so_far)
        raise ValueError("not an outcome that skydeck packed")

    def _smaller_and_smaller(self) -> Iterator[JsonValue]:
        if self.response is None:
            yield {"error": _write_error(self.error), "so_far": self.so_far[:_MAX_TEXT_CHARS]}
            return
        document: dict[str, Any] = self.response.model_dump(mode="json")
        yield {"response": document}
        output = document.get("output") or {}
        yield {"response": document | {"output": output | {"audio": None}}}
        text = Output(type="text", text=self.response.text[:_MAX_TEXT_CHARS])
        yield {"response": document | {"output": text.model_dump(mode="json")}}


def _write_error(error: SkydeckError | None) -> dict[str, JsonValue]:
    document: dict[str, JsonValue] = {
        "code": SkydeckError.code if error is None else error.code,
        "message": "" if error is None else error.message[:_MAX_TEXT_CHARS],
    }
    if error is not None and isinstance(error.message, Translated):
        document["is_in_words"] = True
    if isinstance(error, JobFailed):
        document["service_code"] = error.service_code
    return document


def _read_error(document: Mapping[str, JsonValue]) -> SkydeckError:
    code, message = str(document.get("code", "")), str(document.get("message", ""))
    if document.get("is_in_words") is True:
        message = Translated(message)
    if code == JobFailed.code:
        return JobFailed(message, service_code=str(document.get("service_code", "")))
    return _KEPT_ERRORS.get(code, SkydeckError)(message)
