"""The Factory's BUILD module: it drafts, checks, criticizes and improves until the result works."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from bot.contract.envelope import (
    Input,
    InputType,
    Policy,
    Request,
    Response,
    Service,
    Source,
    Target,
    TolerantWire,
    Wire,
    given,
)
from bot.contract.foreign import words_of
from bot.errors import BadInput


class FactoryModule(StrEnum):
    """The Factory's modules."""

    BUILD = "BUILD"


BuildKind = Literal["auto", "python", "text"]
"""`python` is checked by running it, `text` by reading it; `auto`: the task tells which it is."""
BUILD_KINDS: Final[tuple[BuildKind, ...]] = get_args(BuildKind)
MAX_ITERATIONS = 10
_MAX_ROUNDS_READ = 100
_MAX_NOTES, _MAX_VALUES, _MAX_KIND_CHARS, _MAX_NUMBER = 20, 10, 40, 10**12
_MAX_ROUNDS = 100_000
"""No service works on one thing for so many rounds."""


class Phase(StrEnum):
    """A phase of an iteration. CHECK runs an example, or reads a text."""

    DRAFT = "draft"
    CHECK = "check"
    CRITIQUE = "critique"
    IMPROVE = "improve"


class Check(StrEnum):
    """How a draft was checked.

    RAN: the sandbox ran its example. PARSED: the system has no sandbox, so it was only parsed.
    READ: the task is not code; the model's own critique is the check.
    """

    RAN = "ran"
    PARSED = "parsed"
    READ = "read"


class File(Wire):
    """One file of the result."""

    name: str
    content: str


def _readable(kind: type[Wire], values: Iterable[object]) -> Iterator[Wire]:
    """The values of one kind; any other is left out by itself."""
    for value in values:
        with suppress(ValidationError):
            yield kind.model_validate(value)


class Working(TolerantWire):
    """Progress within an iteration: `output.data` of the partials between iterations."""

    phase: Phase | str
    number: int = Field(ge=1, le=_MAX_ROUNDS)
    limit: int = Field(ge=1, le=_MAX_ROUNDS)


_Number = Annotated[int, Field(ge=-_MAX_NUMBER, le=_MAX_NUMBER)]


class Note(TolerantWire):
    """What the Factory itself has to say, for its readers to say it in their own language.

    Attributes:
        kind: Which text it is (`factory.note` in bot/locales).
        values: What stands in it: numbers, and words of the model or of the program.
    """

    kind: str = Field(max_length=_MAX_KIND_CHARS)
    values: dict[str, str | _Number] = Field(default_factory=dict, max_length=_MAX_VALUES)


Notes = Annotated[list[Note], Field(max_length=_MAX_NOTES)]


class Iteration(TolerantWire):
    """A finished round: `output.data` of a partial, and the last of `Build.iterations`.

    Attributes:
        number: From 1.
        limit: The maximum number of rounds.
        score: From 0 to 1. For code: 0 if it does not parse, 0.3 if it parses, 0.7 if the example
            runs to the end, more for each check that holds, 1 if all hold. For a text: its grade.
        changed: The changes from the best round so far, and why.
        problem: What the check found wrong.
        change_notes: `changed` as notes: how much, then why. None: the service sends none.
    """

    number: int = Field(ge=1, le=_MAX_ROUNDS)
    limit: int = Field(ge=1, le=_MAX_ROUNDS)
    score: float = Field(ge=0, le=1)
    passed: bool
    check: Check | str
    changed: str
    problem: str | None = None
    change_notes: Notes | None = None
    problem_notes: Notes | None = None


class Build(TolerantWire):
    """`output.data` of the completed response: the best round, and a record of all rounds.

    Attributes:
        summary_notes: `summary` as notes, apart from what `iterations` tell.
    """

    summary: Annotated[str, BeforeValidator(lambda value: words_of(value) or "")] = ""
    passed: bool
    files: list[File]
    iterations: list[Iteration] = Field(default_factory=list)
    summary_notes: Notes | None = None

    @field_validator("files", mode="before")
    @classmethod
    def _readable_files(cls, value: object) -> object:
        """The files that can be read, also of an object with a content for each name."""
        if isinstance(value, dict):
            value = [{"name": name, "content": content} for name, content in value.items()]
        return list(_readable(File, value)) if isinstance(value, list) else value

    @field_validator("iterations", mode="before")
    @classmethod
    def _readable_iterations(cls, value: object) -> object:
        """The rounds that can be read; only the last of very many."""
        latest = value[-_MAX_ROUNDS_READ:] if isinstance(value, list) else []
        return list(_readable(Iteration, latest))


def build(
    task: str,
    *,
    source: Source,
    kind: BuildKind = "auto",
    iterations: int = 4,
    refine: list[File] | None = None,
    policy: Policy | None = None,
) -> Request:
    """Ask the Factory to build something.

    Args:
        task: A description of the thing to build.
        source: The calling system, and the person and place it calls for.
        kind: What it is.
        iterations: The maximum number of rounds, 1 to 10.
        refine: The files of an earlier build to start from.
        policy: Further limits.

    Raises:
        BadInput: The task is empty, or the number of rounds is out of range.
    """
    if not task.strip():
        raise BadInput("There is nothing to build.", hint="Say what it should do.")
    if not 1 <= iterations <= MAX_ITERATIONS:
        raise BadInput(f"iterations must be from 1 to {MAX_ITERATIONS}, not {iterations}.")
    params: dict[str, Any] = {"kind": kind}
    if refine:
        params["files"] = [file.to_wire() for file in refine]
    limits = (policy or Policy()).model_copy(update={"max_iterations": iterations})
    return Request(
        source=source,
        target=Target(service=Service.FACTORY, module=FactoryModule.BUILD.value),
        input=Input(type=InputType.TEXT, data=task),
        **given(params=params, policy=limits),
    )


def read_working(response: Response) -> Working | None:
    """The progress that a partial reports; None if it reports something else."""
    return _read(Working, response)


def read_iteration(response: Response) -> Iteration | None:
    """The round that a partial reports; None if it has another shape."""
    return _read(Iteration, response)


def read_build(response: Response) -> Build | None:
    """The result of a completed response; None if it has another shape."""
    return _read(Build, response)


_Shape = TypeVar("_Shape", bound=Wire)


def _read(kind: type[_Shape], response: Response) -> _Shape | None:
    if response.output is None:
        return None
    data = response.output.data
    if not isinstance(data, dict):
        return None
    try:
        return kind.model_validate(data)
    except ValidationError:
        return None
