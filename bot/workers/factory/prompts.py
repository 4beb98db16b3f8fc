"""The prompts of each phase, short and plain for a small model. Pure."""

import contextlib
from collections.abc import Sequence
from typing import Any

from bot.contract import Message
from bot.contract.factory import File
from bot.workers.factory.drafts import Draft, is_example
from bot.workers.factory.kinds import Kind
from bot.workers.factory.verdict import Verdict, from_grade
from bot.workers.grace.values import find_object
from bot.workers.protocols import Prompt, Slot

_SYSTEM = {
    Kind.PYTHON: "You write small, correct Python programs.",
    Kind.TEXT: "You write clear, complete texts, exactly as asked, in the language of the task.",
}
_PROGRAM_FORM = (
    "Write one Python code block: first the functions, then three plain `assert` lines that call "
    "them with very short, simple values and compare the exact result. Use only the standard "
    "library. No input(), no explanation."
)
_IMPROVED_FORM = (
    "Write one Python code block: first the corrected functions, with the same names, then the "
    "same `assert` lines, unchanged: they are the rule. Use only the standard library. No input(), "
    "no explanation."
)
_TEXT_FORM = "Write the whole text again, and nothing else."
_LENGTHS = {Kind.PYTHON: 900, Kind.TEXT: 1000}
_SENTENCE = 80
_GRADE_LENGTH = 200
_GRADED_CHARS = 6_000

PASSING_GRADE = 8
_MIDDLING_GRADE = 5
_GRADE = {
    "type": "object",
    "properties": {
        "problem": {"type": "string", "maxLength": 200},
        "score": {"type": "integer", "minimum": 0, "maximum": 10},
    },
    "required": ["problem", "score"],
}


def draft(task: str, kind: Kind, *, temperature_boost: float = 0) -> Prompt:
    """Ask for an attempt at the task alone."""
    form = f"\n\n{_PROGRAM_FORM}" if kind is Kind.PYTHON else ""
    return _prompt(kind, f"Task: {task}{form}", _LENGTHS[kind], temperature_boost=temperature_boost)


def refine(task: str, files: Sequence[File], kind: Kind, *, temperature_boost: float = 0) -> Prompt:
    """Ask for a change to an earlier result."""
    words = f"{_shown(files, kind)}\n\nChange: {task}\n\n{_form(kind)}"
    return _prompt(kind, words, _LENGTHS[kind], temperature_boost=temperature_boost)


def critique(task: str, attempt: Draft, kind: Kind) -> Prompt:
    """Ask what could be better in a text that did not pass, and of which no problem is known."""
    what = "What is the most important thing to improve? Answer in one sentence."
    return _prompt(kind, f"Task: {task}\n\n{_shown(attempt.files, kind)}\n\n{what}", _SENTENCE)


def improve(
    task: str, attempt: Draft, advice: str, kind: Kind, *, temperature_boost: float
) -> Prompt:
    """Ask for a better attempt than the best so far, given the advice."""
    shown = _shown(attempt.files, kind)
    form = _IMPROVED_FORM if kind is Kind.PYTHON else _TEXT_FORM
    words = f"Task: {task}\n\n{shown}\n\nMend this: {advice}\n\n{form}"
    return _prompt(kind, words, _LENGTHS[kind], temperature_boost=temperature_boost)


def grade(task: str, attempt: Draft) -> Prompt:
    """Ask how good a text is, since it cannot be run."""
    words = (
        f"Task: {task}\n\nText:\n{attempt.made.content[:_GRADED_CHARS]}\n\n"
        "Name the main problem of this text in one short sentence, then score from 0 (useless) "
        "to 10 (perfect) how well it does the task."
    )
    return _prompt(Kind.TEXT, words, _GRADE_LENGTH, schema=_GRADE)


def read_grade(answer: str) -> Verdict:
    """Read the verdict on a text. An unreadable grade counts as a middling one.

    A server that enforces no schema may put the object among words, or in a code fence.
    """
    graded: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        graded = find_object(answer)
    score, problem = graded.get("score"), _line(graded.get("problem"))
    if isinstance(score, bool) or not isinstance(score, int | float):
        return from_grade(_MIDDLING_GRADE, problem, PASSING_GRADE)
    return from_grade(round(min(10, max(0, score))), problem, PASSING_GRADE)


def _line(words: object) -> str:
    return " ".join(words.split()) if isinstance(words, str) else ""


def _form(kind: Kind) -> str:
    return _PROGRAM_FORM if kind is Kind.PYTHON else _TEXT_FORM


def _shown(files: Sequence[File], kind: Kind) -> str:
    """Return the files as the prompt shows them; a program has the form of the answer."""
    if kind is Kind.TEXT:
        return "Text:\n" + "\n\n".join(file.content.strip() for file in files)
    code = [file for file in files if file.name.endswith(".py")]
    own = {file.name.removesuffix(".py") for file in code}
    lines = [
        line
        for file in sorted(code, key=is_example)
        for line in file.content.strip().splitlines()
        if not any(line.startswith(f"from {name} import") for name in own)
    ]
    return "```python\n" + "\n".join(lines) + "\n```"


def _prompt(
    kind: Kind,
    words: str,
    length: int,
    *,
    schema: dict[str, Any] | None = None,
    temperature_boost: float = 0,
) -> Prompt:
    return Prompt(
        messages=[
            Message(role="system", content=_SYSTEM[kind]),
            Message(role="user", content=words),
        ],
        max_tokens=length,
        temperature=0.2 + temperature_boost,
        schema=schema,
        slot=Slot.BACKGROUND,
    )
