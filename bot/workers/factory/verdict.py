"""The verdict of a check, and its score. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.build_notes import english, note
from bot.contract.factory import Check, Note

_MAX_PROBLEM_CHARS = 600
SCORE_BROKEN, SCORE_PARSES, SCORE_RUNS, SCORE_HOLDS = 0.0, 0.3, 0.7, 1.0
_FOR_CHECKS = 0.2
"""What a failing program gains if all its checks hold; in proportion for some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRun:
    """The result of running a program's example.

    Attributes:
        ended: Whether it ran to its end. A failed check does not stop it, any other error does.
        checks: How many checks it has.
        held: How many of them hold.
        failed: The lines of the checks that do not.
        got: The literal that the call returned, by failed line with `assert call == value`.
        problem: What went wrong, in words that help the model to fix it.
        notes: What went wrong, for people.
    """

    ended: bool = False
    checks: int = 0
    held: int = 0
    failed: tuple[int, ...] = ()
    got: Mapping[int, str] = field(default_factory=dict)
    problem: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it ran to its end, and has checks that all hold."""
        return self.ended and self.held == self.checks > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on a draft.

    Attributes:
        passed: Whether it passed.
        score: From 0 to 1.
        problem: What is wrong, for the model; empty if nothing is.
        notes: The same for people.
        ended: As in `ExampleRun`, like `failed` and `got`.
        disputed: Whether program and example merely disagree, so that either may be wrong: it
            runs, some checks hold, and each failed one has a known result.
        is_checked: Whether it was checked at all; another attempt could not be checked either.
    """

    check: Check
    passed: bool
    score: float
    problem: str = ""
    notes: tuple[Note, ...] = ()
    ended: bool = False
    failed: tuple[int, ...] = ()
    got: Mapping[int, str] = field(default_factory=dict)
    disputed: bool = False
    is_checked: bool = True


def unparsable(notes: tuple[Note, ...]) -> Verdict:
    """Judge a draft that cannot be parsed."""
    return Verdict(
        check=Check.PARSED, passed=False, score=SCORE_BROKEN, problem=english(*notes), notes=notes
    )


def parsed_only() -> Verdict:
    """Judge a program that parses, where no sandbox can run it: that is not a pass."""
    notes = (note("not_run"),)
    return Verdict(
        check=Check.PARSED,
        passed=False,
        score=SCORE_PARSES,
        problem=english(*notes),
        notes=notes,
        is_checked=False,
    )


def from_run(run: ExampleRun) -> Verdict:
    """Judge a program by the run of its example."""
    share = run.held / run.checks if run.checks else 0.0
    if run.passed:
        score = SCORE_HOLDS
    else:
        score = (SCORE_RUNS if run.ended else SCORE_PARSES) + _FOR_CHECKS * share
    problem, notes = run.problem, run.notes
    if not run.passed and not problem:
        notes = (note("no_checks"),)
        problem = english(*notes)
    return Verdict(
        check=Check.RAN,
        passed=run.passed,
        score=round(score, 2),
        problem=problem[:_MAX_PROBLEM_CHARS],
        notes=notes,
        ended=run.ended,
        failed=run.failed,
        got=run.got,
        disputed=run.ended and run.held > 0 and bool(run.failed) and set(run.failed) == {*run.got},
    )


def from_grade(grade: int, problem: str, passing: int) -> Verdict:
    """Judge a text by its grade from 0 to 10."""
    passed = grade >= passing
    notes = (note("said", words=problem),) if problem else ()
    return Verdict(check=Check.READ, passed=passed, score=grade / 10, problem=problem, notes=notes)
