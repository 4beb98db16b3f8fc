"""Turns what a worker yields into responses: each partial once, and the final one without fail.

There are two sources: the chunks of `/stream`, each of which is given once and is lost if its
answer is lost, and the finished job's `output`, which lists all yields again if the worker
aggregates them. The `sequence` of a partial identifies it in both.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_core import from_json

from bot.contract import Response, Status
from bot.contract.foreign import lone_words
from bot.contract.foreign_status import failure_of, is_only_failure, plain_name, status_word
from bot.contract.job import StreamChunk
from bot.large_json import MAX_WIDE_CHARS, read_json
from bot.redaction import BodyRedaction
from bot.sanitize import BYTE_ORDER_MARK
from bot.steps import Steps

_STATUSES = frozenset(Status)
_MAX_JOINED_CHARS = 32 * 1024 * 1024
_MAX_PIECES = 4096
_OPENING_CHARS = 16 * 1024
_SLICE_CHARS = 64 * 1024
_STRINGS_PER_STEP = 1_000
_VALUES_PER_STEP = 100
_IN_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)


class OutputAssembly:
    """Assembles what one job yields.

    Attributes:
        final: The final response, if the job has yielded one.
        result: After `finish`: the final response, if either source has it.

    Args:
        secrets: Removed from what is assembled from pieces.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._hide = BodyRedaction(secrets)
        self._joiner = Joiner(self._hide)
        self._sequences: set[int] = set()
        self._unnumbered = 0
        self._foreign: list[Any] = []
        self.final: Response | None = None
        self.result: Response | None = None
        self._progress: Any = None

    @property
    def is_foreign(self) -> bool:
        """Whether the job has yielded something that is not of the contract."""
        return bool(self._foreign)

    def take(self, chunks: Iterable[StreamChunk]) -> Iterator[Response | None]:
        """Process chunks of the stream.

        Yields:
            The new partials among them, and None after every few milliseconds of work. A final
            response is kept for `finish`. What is not of the contract becomes a partial with the
            bare data.
        """
        for number, chunk in enumerate(chunks, 1):
            whole = yield from self._joiner.steps(chunk.output)
            for value in whole:
                yield self._take(value)
            if number % _VALUES_PER_STEP == 0:
                yield None

    def progress(self, output: Any) -> Response | None:
        """Process the `output` of a job that is still in progress.

        RunPod keeps the last `progress_update` there until there is a newer one.
        """
        if _kind_of(output) != Status.PARTIAL or output == self._progress:
            return None
        self._progress = output
        return self._take_as(Status.PARTIAL, output)

    def finish(self, output: Any) -> Iterator[Response | None]:
        """Process the finished job's `output` (None if there is none).

        Yields:
            The partials that were missed, and None now and then. After that `result` is the final
            response, if either source has it.
        """
        for value in self._joiner.flush():
            yield self._take(value)
        if isinstance(output, list) and (self._foreign or any(map(_own_status, output))):
            yield from self._taking_aggregate(output)
            output = None
        if output is not None:
            whole = yield from Joiner(self._hide).whole_steps(output)
            final = yield from self._reading(whole)
            if final.is_partial:  # a job's last response is whole, whatever it says
                final = final.model_copy(update={"status": Status.COMPLETED})
            self.final = final
        yield None
        self.result = self.final or (yield from self._of_foreign())

    def _take(self, value: Any) -> Response | None:
        return self._take_as(_kind_of(value), value)

    def _take_as(self, kind: str | None, value: Any) -> Response | None:
        match kind:
            case None:
                self._foreign.append(value)
                return Response.parse(value).model_copy(update={"status": Status.PARTIAL})
            case Status.PARTIAL:
                return self._new_partial(Response.parse(value))
            case _:
                self.final = Response.parse(value)
                return None

    def _new_partial(self, response: Response) -> Response | None:
        if response.sequence is None:
            self._unnumbered += 1
            return response
        if response.sequence in self._sequences:
            return None
        self._sequences.add(response.sequence)
        return response

    def _taking_aggregate(self, output: list[Any]) -> Iterator[Response | None]:
        """Process all yields again; those without a number are either all new, or none is."""
        seen_unnumbered = self._unnumbered > 0 or bool(self._foreign)
        foreign: list[Any] = []
        joiner = Joiner(self._hide)
        for number, piece in enumerate(output, 1):
            for value in (yield from joiner.steps(piece)):
                yield self._take_again(value, foreign, seen_unnumbered=seen_unnumbered)
            if number % _VALUES_PER_STEP == 0:
                yield None
        for value in joiner.flush():
            yield self._take_again(value, foreign, seen_unnumbered=seen_unnumbered)
        if len(foreign) >= len(self._foreign):
            self._foreign = foreign

    def _take_again(
        self, value: Any, foreign: list[Any], *, seen_unnumbered: bool
    ) -> Response | None:
        status = _kind_of(value)
        if status is None:
            foreign.append(value)
            return None
        if status == Status.PARTIAL and seen_unnumbered and value.get("sequence") is None:
            return None
        return self._take_as(status, value)

    def _of_foreign(self) -> Steps[Response | None]:
        """The result of a worker whose yields are not of the contract."""
        if not self._foreign:
            return None
        last = self._foreign[-1]
        whole: Any = self._foreign
        if all(isinstance(value, str) for value in self._foreign):
            joined = "".join(self._foreign).encode("utf-8", "replace")
            yield
            whole = (yield from self._hide.steps(joined)).decode()
        elif len(self._foreign) == 1 or (isinstance(last, dict) and "output" in last):
            whole = last
        return (yield from self._reading(whole))

    def _reading(self, whole: Any) -> Steps[Response]:
        """A whole answer. Reading may join words: a secret cut between them is hidden here."""
        response = yield from Response.reading(whole)
        if (output := response.output) is None:
            return response
        given = whole.get("output") if isinstance(whole, dict) else None
        changed: dict[str, str] = {}
        for name in ("data", "text", "transcript"):
            words = getattr(output, name)
            was_joined = not isinstance(given, dict) or words is not given.get(name)
            if isinstance(words, str) and was_joined:
                hidden = yield from self._hide.steps(words.encode("utf-8", "replace"))
                changed[name] = hidden.decode()
        if not changed:
            return response
        return response.model_copy(update={"output": output.model_copy(update=changed)})


class Joiner:
    """Joins a contract that the platform has split, or that came as a JSON string.

    RunPod: "The maximum size for a payload that can be sent using yield to stream results is
    1 MB". It splits larger ones, and does not document how. The pieces of a JSON value can only be
    strings, so strings are held back from the start of an object until its end. If the object is
    not a response of the contract, they come out as they went in.

    Args:
        hide: Removes secrets from what was joined.
    """

    def __init__(self, hide: BodyRedaction | None = None) -> None:
        self._hide = hide
        self._clear()

    def _clear(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._is_wide = False
        self._nesting = _Nesting()

    def steps(self, chunk: Any) -> Steps[list[Any]]:
        """Add a chunk; returns what is complete."""
        if not isinstance(chunk, str):
            return [*self.flush(), chunk]
        if not self._pieces and not _opens_object(chunk):
            return [chunk]
        self._pieces.append(chunk)
        self._size += len(chunk)
        self._is_wide = self._is_wide or not chunk.isascii()
        yield from self._nesting.feed(chunk)
        longest = MAX_WIDE_CHARS if self._is_wide else _MAX_JOINED_CHARS
        if self._size > longest or len(self._pieces) > _MAX_PIECES:
            return self.flush()
        if not self._nesting.is_closed:
            return []
        value = yield from _object("".join(self._pieces), self._hide)
        pieces = self.flush()
        return [value] if _own_status(value) or is_only_failure(value) else pieces

    def flush(self) -> list[Any]:
        """Release what was held back, unchanged."""
        pieces: list[Any] = self._pieces
        self._clear()
        return pieces

    def whole_steps(self, output: Any) -> Steps[Any]:
        """A job's only output: as a contract if it is one, else unchanged."""
        values = yield from self.steps(output)
        return [*values, *self.flush()][0]


class _Nesting:
    """Tracks the depth of brackets in a text that arrives in pieces."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._after_backslash = False

    @property
    def is_closed(self) -> bool:
        """Whether every bracket and string is closed."""
        return self._depth <= 0 and not self._in_string

    def feed(self, text: str) -> Steps[None]:
        """Scan the next piece."""
        place, seen = 0, 0
        while place < len(text):
            end = min(place + _SLICE_CHARS, len(text))
            place = (
                self._pass_string(text, place, end)
                if self._in_string
                else self._pass_gap(text, place, end)
            )
            seen += 1
            if place == end or seen % _STRINGS_PER_STEP == 0:
                yield

    def _pass_gap(self, text: str, place: int, end: int) -> int:
        quote = text.find('"', place, end)
        gap = text[place : end if quote < 0 else quote]
        self._depth += gap.count("{") + gap.count("[") - gap.count("}") - gap.count("]")
        self._in_string = quote >= 0
        return end if quote < 0 else quote + 1

    def _pass_string(self, text: str, place: int, end: int) -> int:
        if self._after_backslash:
            self._after_backslash = False
            return place + 1
        found = _IN_STRING.match(text, place, end)
        place = found.end() if found is not None else place
        if place == end:
            return end
        self._in_string = text[place] != '"'
        self._after_backslash = self._in_string  # the match ends only at a quote or a backslash
        return place + 1


def _opens_object(text: str) -> bool:
    """Whether a text can be the start of a JSON object; only its first 16 KiB are looked at."""
    opening = text[:_OPENING_CHARS].removeprefix(BYTE_ORDER_MARK)
    if not opening.lstrip().startswith("{"):
        return False
    try:
        from_json(opening, allow_partial="trailing-strings")
    except ValueError:
        return False
    return True


def _object(text: str, hide: BodyRedaction | None) -> Steps[dict[str, Any] | None]:
    body = text.encode("utf-8", "replace")
    if hide is not None:
        body = yield from hide.steps(body)
    try:
        value = yield from read_json(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _own_status(value: Any) -> str | None:
    """The status of a value that is a response of the contract, in any spelling; else None."""
    if not isinstance(value, dict):
        return None
    said = value.get("status")
    is_ours = "output" in value or plain_name(said) in _STATUSES or lone_words(value)
    return status_word(said) if is_ours else None


def _kind_of(value: Any) -> str | None:
    """The same; FAILED also for a failure that has another form."""
    return _own_status(value) if failure_of(value) is None else Status.FAILED
