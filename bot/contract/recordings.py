"""Several recordings in one request, and what was heard in each.

A service takes one recording per call, so such a request is never sent as it is:
`bot.service_calls.recordings` makes a call for each recording, and one for the answer.
"""

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, ValidationError

from bot.contract.envelope import (
    Input,
    InputType,
    Request,
    Response,
    ServiceError,
    TolerantWire,
    Wire,
    given,
)

MAX_RECORDINGS: Final = 10
"""How many one request may have."""
_NAME: Final = "recordings"
_MAX_NAME_CHARS: Final = 260
_MAX_WORDS_CHARS: Final = 1_000_000


class Clip(Wire):
    """A recording: its file's name, its container, and the file in base64."""

    name: str
    format: str
    data: str

    @classmethod
    def of(cls, name: str, content: bytes, container: str) -> Self:
        """The recording in a file."""
        data = base64.b64encode(content).decode("ascii")
        return cls(name=_one_line(name), format=container, data=data)

    def input(self, language: str | None) -> Input:
        """The recording alone, for one call."""
        language_given = given(language=language)
        return Input(type=InputType.AUDIO, data=self.data, format=self.format, **language_given)


def _bounded(most_chars: int) -> BeforeValidator:
    return BeforeValidator(lambda value: value[:most_chars] if isinstance(value, str) else value)


class Heard(TolerantWire):
    """What was heard in one recording.

    Attributes:
        name: Its file's name.
        transcript: Its words; empty if nobody speaks, or if it could not be heard.
        language: The language of its words.
        error: Why it could not be heard, or not to its end.
        is_cut: Whether the question had no room for all its words.
    """

    name: Annotated[str, _bounded(_MAX_NAME_CHARS)] = ""
    transcript: Annotated[str, _bounded(_MAX_WORDS_CHARS)] = ""
    language: str | None = None
    error: ServiceError | None = None
    is_cut: bool = False


def recordings_input(clips: Sequence[Clip], *, language: str | None = None) -> Input:
    """Several recordings, in order, as the input of one request to Penny."""
    data = {_NAME: [clip.to_wire() for clip in clips]}
    return Input(type=InputType.JSON, data=data, **given(language=language))


def clips_of(request: Request) -> list[Clip]:
    """The recordings of a request that has several; none if it is an ordinary one.

    Raises:
        ValidationError: It was not made by `recordings_input`.
    """
    data = request.input.data
    if request.input.type is not InputType.JSON or not isinstance(data, dict):
        return []
    return [Clip.model_validate(one) for one in data.get(_NAME, [])]


def transcript_of(heard: Sequence[Heard]) -> str:
    """The words of several recordings, each under its name, as text files are quoted."""
    return "\n\n".join(f"[{one.name}]\n{one.transcript}" for one in heard if one.transcript)


def with_heard(response: Response, heard: Sequence[Heard]) -> Response:
    """A response that also says what was heard in each recording."""
    if response.output is None:
        raise AssertionError("whoever adds recordings gives an output")
    more: dict[str, Any] = {
        "transcript": transcript_of(heard),
        _NAME: [one.to_wire() for one in heard],
    }
    return response.model_copy(update={"output": response.output.model_copy(update=more)})


def heard_in(response: Response) -> tuple[Heard, ...]:
    """What was heard in each of several recordings; empty if it was one, or none."""
    extra = response.output.model_extra if response.output is not None else None
    listed = (extra or {}).get(_NAME)
    if not isinstance(listed, list) or len(listed) > MAX_RECORDINGS:
        return ()
    try:
        return tuple(Heard.model_validate(one) for one in listed)
    except ValidationError:
        return ()  # a service's own field of that name


def _one_line(name: str) -> str:
    """A name that cannot end its own bracket: `[name]` stands above what was heard."""
    readable = name.encode("utf-8", "replace").decode()  # a file's name can have half a surrogate
    return " ".join(readable.replace("[", "(").replace("]", ")").split())[:_MAX_NAME_CHARS]
