"""The Factory's module: BUILD, which drafts, checks, criticises and improves until it holds."""

from enum import StrEnum
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from bot.contract.envelope import (
    Input,
    InputType,
    Policy,
    Request,
    Response,
    Service,
    Source,
    Target,
    Wire,
    given,
)
from bot.errors import BadInput


class FactoryModule(StrEnum):
    """What the Factory can do."""

    BUILD = "BUILD"


MAX_ITERATIONS = 10


class Phase(StrEnum):
    """What is being done for an iteration. CHECK runs an example, or reads a text."""

    DRAFT = "draft"
    CHECK = "check"
    CRITIQUE = "critique"
    IMPROVE = "improve"


class Check(StrEnum):
    """How the last draft was checked.

    RAN: its own example was run in a sandbox. PARSED: no sandbox on this system, so it was only
    parsed. READ: the task is not code; the model's own critique is the check.
    """

    RAN = "ran"
    PARSED = "parsed"
    READ = "read"


class File(Wire):
    """One file of the result."""

    name: str
    content: str


class Working(Wire):
    """A sign of life; `output.data` of the partials between iterations."""

    phase: Phase | str
    number: int = Field(ge=1)
    limit: int = Field(ge=1)


class Iteration(Wire):
    """One round that is over; `output.data` of a partial, and the last of `Build.iterations`.

    Attributes:
        number: From 1.
        limit: The most rounds there will be.
        score: From 0 to 1. Of code: 0 it cannot be parsed, 0.3 it parses, 0.7 its example runs to
            the end, more for the checks in it that hold, 1 when all do. Of a text: its grade.
        passed: Whether the check passed.
        check: How it was checked.
        changed: What is different from the best round before, and why.
        problem: What the check found wrong.
    """

    number: int = Field(ge=1)
    limit: int = Field(ge=1)
    score: float = Field(ge=0, le=1)
    passed: bool
    check: Check | str
    changed: str
    problem: str | None = None


class Build(Wire):
    """`output.data` of the completed response: the best round, and how all of them went."""

    summary: str
    passed: bool
    files: list[File]
    iterations: list[Iteration] = Field(default_factory=list)


def build(
    task: str,
    *,
    source: Source,
    kind: Literal["auto", "python", "text"] = "auto",
    iterations: int = 4,
    refine: list[File] | None = None,
    policy: Policy | None = None,
) -> Request:
    """Ask the Factory to make something.

    Args:
        task: What to make, in words.
        source: Who asks.
        kind: `python` is checked by running it, `text` by reading it.
        iterations: The most rounds to spend, 1 to 10.
        refine: The files of an earlier build to start from.
        policy: Limits.

    Raises:
        BadInput: There is no task, or the number of rounds is out of range.
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
    """What a partial says is being done; None when it reports something else."""
    return _read(Working, response)


def read_iteration(response: Response) -> Iteration | None:
    """The round that a partial reports; None when it is of another shape."""
    return _read(Iteration, response)


def read_build(response: Response) -> Build | None:
    """The result of a completed response; None when the service answered in another shape."""
    return _read(Build, response)


_MAX_ROUNDS_READ = 100

_Shape = TypeVar("_Shape", bound=Wire)


def _read(kind: type[_Shape], response: Response) -> _Shape | None:
    if response.output is None:
        return None
    data = response.output.data
    if not isinstance(data, dict):
        return None
    rounds = data.get("iterations")
    if isinstance(rounds, list) and len(rounds) > _MAX_ROUNDS_READ:
        data = {**data, "iterations": rounds[-_MAX_ROUNDS_READ:]}
    try:
        return kind.model_validate(data)
    except ValidationError:
        return None
