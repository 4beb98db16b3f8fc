"""Turns the model's answer into files. Pure.

A small model mixes a program with the lines that try it out, so their syntax separates the two:
definitions, and the constants that they use, make the program; statements make the example.
"""

import ast
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from bot.build_notes import note
from bot.contract.factory import File, Note
from bot.workers.factory.kinds import Kind
from bot.workers.factory.parts import Parts

ENOUGH_CHECKS = 4
"""A small model writes sound checks first, then ever worse ones without end."""

_MAX_CHECKS = 12
_MAX_DROPPED = 30
_MAX_NAME_CHARS = 40
_MAX_LITERAL_CHARS = 300
"""The limit of `sandbox_guest/examine.py`."""
_PROGRAM = "solution"
_EXAMPLE = "example.py"
_TEXT = "result.md"

_FENCE = "```"
_BLOCK = re.compile(r"```[a-zA-Z0-9]*[ \t]*\n(.*?)(?:\n?```|\Z)", re.DOTALL)
_CHECK = re.compile(r"^[ \t]*assert\b.*\n", re.MULTILINE)
_CLOSED = re.compile(r"^```[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """One attempt.

    Attributes:
        made: The program or the text.
        example: The file that checks it; None if there is nothing to run.
        others: Files of an earlier build that stay as they are.
        notes: Why it cannot be checked; none if it can.
    """

    made: File
    example: File | None = None
    others: tuple[File, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def files(self) -> tuple[File, ...]:
        """The files of the result."""
        example = () if self.example is None else (self.example,)
        return (self.made, *example, *self.others)


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """The model's answer, and whether it reached the length limit."""

    text: str
    truncated: bool = False


def is_enough(kind: Kind, answer: str) -> bool:
    """Return whether an unfinished answer already holds all that is useful."""
    if kind is Kind.TEXT:
        return False
    whole = answer[: answer.rfind("\n") + 1]
    if len(_CHECK.findall(whole)) < ENOUGH_CHECKS:
        return bool(_CHECK.search(whole) and _CLOSED.search(whole))
    return parse_source(_code(whole)) is not None


def read_text(answer: ModelAnswer) -> Draft:
    """Read a text."""
    text = answer.text.strip()
    made = File(name=_TEXT, content=f"{text}\n")
    if not text:
        return Draft(made, notes=(note("no_text"),))
    return Draft(made, notes=(note("cut_off"),) if answer.truncated else ())


def read_program(
    answer: ModelAnswer, checks: Sequence[str] = (), others: tuple[File, ...] = ()
) -> Draft:
    """Read a program and its example.

    Args:
        answer: The model's answer.
        checks: The statements of the example, if they are fixed: the answer's own do not count.
        others: Files that stay as they are.
    """
    source, tree = _read_code(answer.text)
    if tree is None:
        made = File(name=f"{_PROGRAM}.py", content=f"{source}\n")
        return Draft(made, others=others, notes=(_syntax(source),))
    parts = Parts(source, tree)
    name = _name(parts.defined[0] if parts.defined else "")
    made = File(name=f"{name}.py", content="\n".join(parts.program).strip("\n") + "\n")
    if not parts.defined:
        return Draft(made, others=others, notes=(note("no_definition"),))
    statements = [*checks] or list(dict.fromkeys(parts.example))[:_MAX_CHECKS]
    if not statements:
        return Draft(made, others=others, notes=(note("no_example"),))
    example = example_of(name, statements, parts.names)
    return Draft(made, example, others)


def parse_literal(text: str) -> ast.Constant | None:
    """Parse a short Python literal that an example can contain; None for anything else.

    The program may have forged the text.
    """
    if len(text) > _MAX_LITERAL_CHARS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a stray backslash, say
            found = ast.Constant(ast.literal_eval(text))
            ast.literal_eval(ast.unparse(found))  # `{1e999}` is written as {inf}, which is none
    except Exception:  # noqa: BLE001  (its parser raises six kinds of error, and more to come)
        return None
    return found


def statements_of(draft: Draft) -> list[str]:
    """The statements of a draft's example; none if it has no example."""
    if draft.example is None:
        return []
    tree = ast.parse(draft.example.content)
    return [ast.unparse(node) for node in tree.body[1:]]  # after the import of the program


def example_of(name: str, statements: Sequence[str], names: set[str]) -> File:
    """Build a file that imports what the statements use from the program, then runs them."""
    body = "\n".join(statements)
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    imported = ", ".join(sorted(used & names)) or "*"
    return File(name=_EXAMPLE, content=f"from {name} import {imported}\n\n{body}\n")


def is_example(file: File) -> bool:
    """Return whether a file of an earlier build is its example."""
    return file.name == _EXAMPLE


def _name(first: str) -> str:
    """Name the program's file after its first definition."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", first).lower().strip("_")[:_MAX_NAME_CHARS]
    if not name or not name.isascii():
        return _PROGRAM
    # a file csv.py would hide the standard module from its own imports
    taken = name in sys.stdlib_module_names or f"{name}.py" == _EXAMPLE
    return f"{name}_{_PROGRAM}" if taken else name


def _code(answer: str) -> str:
    blocks = [block.strip("\n") for block in _BLOCK.findall(answer)]
    return "\n\n".join(blocks) if blocks else answer.strip()


def _read_code(answer: str) -> tuple[str, ast.Module | None]:
    """Return the code in an answer, and its tree if it is valid.

    Later blocks are often shell commands or output. If an answer breaks off, its last lines are of
    no use, but those before may be.
    """
    unfinished = answer.count(_FENCE) % 2 == 1
    if unfinished and "\n" in answer:
        answer = answer[: answer.rfind("\n") + 1]
    joined = _code(answer)
    blocks = [block.strip("\n") for block in _BLOCK.findall(answer)] or [joined]
    for source in (joined, blocks[0]):
        lines = source.splitlines()
        for dropped in range(min(_MAX_DROPPED, len(lines)) if unfinished else 1):
            shorter = "\n".join(lines[: len(lines) - dropped])
            tree = parse_source(shorter)
            if tree is not None and tree.body:
                return shorter, tree
    return joined, None


def parse_source(source: str) -> ast.Module | None:
    """Parse Python that anybody may have written; None if it is not valid."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _syntax(source: str) -> Note:
    try:
        ast.parse(source)
    except SyntaxError as e:
        return note("syntax", error=e.msg, line=str(e.lineno))
    except (ValueError, RecursionError, MemoryError):
        pass
    return note("invalid")
