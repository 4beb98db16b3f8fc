"""From what a worker yields to responses: partials once each, and the final one never lost.

Two sources say what a job yielded: the chunks of `/stream`, each handed out only once and lost with
the answer that carried it, and the finished job's `output`, which holds all the yields again as a
list (when the worker aggregates them). Partials are told apart by their `sequence`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from bot.contract import Output, Response, Status

_STATUSES = frozenset(Status)
_LONGEST_JOIN = 64 * 1024 * 1024
_MOST_PIECES = 4096


class Outputs:
    """What one job has yielded so far."""

    def __init__(self) -> None:
        self._joiner = Joiner()
        self._sequences: set[int] = set()
        self._unnumbered = 0
        self._foreign: list[Any] = []
        self._final: Response | None = None
        self._progress: Any = None

    @property
    def final(self) -> Response | None:
        """The response that ends the job by its own word, if one has come."""
        return self._final

    def feed(self, chunks: Sequence[Any]) -> list[Response]:
        """Take chunks of the stream.

        Returns:
            The partials among them that are new. A response that ends the job is kept for
            `settle`. What is not of the contract is passed on as a partial with the bare data.
        """
        return [
            new
            for chunk in chunks
            for value in self._joiner.feed(chunk)
            if (new := self._take(value)) is not None
        ]

    def progress(self, output: Any) -> Response | None:
        """Take the `output` of a job that is still in progress.

        RunPod shows the last `progress_update` there for as long as there is no newer one.
        """
        if _status_of(output) != Status.PARTIAL or output == self._progress:
            return None
        self._progress = output
        return self._take(output)

    def settle(self, output: Any) -> tuple[list[Response], Response | None]:
        """Take the finished job's `output` (None when there is none).

        Returns:
            The partials that have not been seen before, and the final response, if any of the
            sources has it.
        """
        missed = [new for value in self._joiner.flush() if (new := self._take(value)) is not None]
        if isinstance(output, list) and (self._foreign or any(map(_status_of, output))):
            missed += self._take_aggregate(output)
            output = None
        if output is not None:
            self._final = read_response(Joiner().whole(output))
        return missed, self._final or self._of_foreign()

    def _take(self, value: Any) -> Response | None:
        match _status_of(value):
            case None:
                self._foreign.append(value)
                return read_response(value).model_copy(update={"status": Status.PARTIAL})
            case Status.PARTIAL:
                return self._new_partial(read_response(value))
            case _:
                self._final = read_response(value)
                return None

    def _new_partial(self, response: Response) -> Response | None:
        if response.sequence is None:
            self._unnumbered += 1
            return response
        if response.sequence in self._sequences:
            return None
        self._sequences.add(response.sequence)
        return response

    def _take_aggregate(self, output: list[Any]) -> list[Response]:
        """All yields again. Those without a number cannot be told apart: all are new, or none."""
        seen_unnumbered = self._unnumbered > 0 or bool(self._foreign)
        missed: list[Response] = []
        foreign: list[Any] = []
        joiner = Joiner()
        for value in [*_joined(joiner, output), *joiner.flush()]:
            status = _status_of(value)
            if status is None:
                foreign.append(value)
            elif status == Status.PARTIAL and seen_unnumbered and value.get("sequence") is None:
                continue
            elif (new := self._take(value)) is not None:
                missed.append(new)
        if len(foreign) >= len(self._foreign):
            self._foreign = foreign
        return missed

    def _of_foreign(self) -> Response | None:
        """The result of a worker that yields something else than contracts."""
        if not self._foreign:
            return None
        if all(isinstance(value, str) for value in self._foreign):
            return Response(output=Output(data="".join(self._foreign)))
        last = self._foreign[-1]
        if len(self._foreign) == 1 or (isinstance(last, dict) and "output" in last):
            return read_response(last)
        return Response(output=Output(data=self._foreign))


class Joiner:
    """Puts a contract back together that the platform has split, or that came as a JSON string.

    RunPod: "The maximum size for a payload that can be sent using yield to stream results is
    1 MB", larger ones are split; into what is not documented. The pieces of a JSON value can only
    be strings, so strings are held back from one that begins an object and does not end it, until
    they are a response of the contract. If they never are, they come out as they went in.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0

    def feed(self, chunk: Any) -> list[Any]:
        """Take a chunk; what is whole comes back."""
        if not isinstance(chunk, str):
            return [*self.flush(), chunk]
        if not self._pieces and not _opens_object(chunk):
            return [chunk]
        self._pieces.append(chunk)
        self._size += len(chunk)
        if chunk.rstrip().endswith("}"):
            value = _object("".join(self._pieces))
            if value is not None:
                pieces = self.flush()
                return pieces if _status_of(value) is None else [value]
        too_much = self._size > _LONGEST_JOIN or len(self._pieces) > _MOST_PIECES
        return self.flush() if too_much else []

    def flush(self) -> list[Any]:
        """What was held back, as it came."""
        pieces: list[Any] = list(self._pieces)
        self._pieces.clear()
        self._size = 0
        return pieces

    def whole(self, output: Any) -> Any:
        """A job's only output: the contract in it if it is one, else as it is."""
        values = [*self.feed(output), *self.flush()]
        return values[0]


def _joined(joiner: Joiner, values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        yield from joiner.feed(value)


def _opens_object(text: str) -> bool:
    """Whether this can be the beginning of a JSON object."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return False
    return True


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = from_json(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _status_of(value: Any) -> str | None:
    """The status a value gives itself, if it is a response of the contract."""
    status = value.get("status") if isinstance(value, dict) else None
    return status if isinstance(status, str) and status in _STATUSES else None


def read_response(value: Any) -> Response:
    """A response, whatever the service made of the contract; nothing is too strange to be kept."""
    try:
        return Response.parse(value)
    except ValidationError:
        status = _status_of(value) or Status.COMPLETED
        return Response(status=status, output=Output(data=value))
