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


class Iteration(Wire):
    """One round; `output.data` of a partial, and the last of `Build.iterations`."""

    number: int = Field(ge=1)
    limit: int = Field(ge=1)
    score: float = Field(ge=0, le=1)
    passed: bool
    check: Check | str
    changed: str
    problem: str | None = None


class Build(Wire):
    """`output.data` of the completed response."""

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
        BadInput: There is no task.
    """
    if not task.strip():
        raise BadInput("There is nothing to build.", hint="Say what it should do.")
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


def read_iteration(response: Response) -> Iteration | None:
    """The round that a partial reports; None when it is of another shape."""
    return _read(Iteration, response)


def read_build(response: Response) -> Build | None:
    """The result of a completed response; None when the service answered in another shape."""
    return _read(Build, response)


_Shape = TypeVar("_Shape", bound=Wire)


def _read(kind: type[_Shape], response: Response) -> _Shape | None:
    if response.output is None:
        return None
    try:
        return kind.model_validate(response.output.data)
    except ValidationError:
        return None
