"""The verdict of a check, and its score. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.contract.factory import Check

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
    """

    ended: bool = False
    checks: int = 0
    held: int = 0
    failed: tuple[int, ...] = ()
    got: Mapping[int, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether it ran to its end, and has checks that all hold."""
        return self.ended and self.held == self.checks > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on a draft.

    Attributes:
        check: How it was checked.
        passed: Whether it passed.
        score: From 0 to 1.
        problem: What is wrong; empty if nothing is.
        ended: As in `ExampleRun`, like `failed` and `got`.
        disputed: Whether program and example merely disagree, so that either may be wrong: it
            runs, some checks hold, and each failed one has a known result.
    """

    check: Check
    passed: bool
    score: float
    problem: str = ""
    ended: bool = False
    failed: tuple[int, ...] = ()
    got: Mapping[int, str] = field(default_factory=dict)
    disputed: bool = False


def unparsable(problem: str) -> Verdict:
    """Judge a draft that cannot be parsed."""
    return Verdict(check=Check.PARSED, passed=False, score=SCORE_BROKEN, problem=problem)


def parsed_only() -> Verdict:
    """Judge a program that parses, where no sandbox can run it."""
    return Verdict(check=Check.PARSED, passed=True, score=SCORE_PARSES)


def from_run(run: ExampleRun) -> Verdict:
    """Judge a program by the run of its example."""
    share = run.held / run.checks if run.checks else 0.0
    if run.passed:
        score = SCORE_HOLDS
    else:
        score = (SCORE_RUNS if run.ended else SCORE_PARSES) + _FOR_CHECKS * share
    problem = run.problem
    if not run.passed and not problem:
        problem = "Its example checks no result; it needs assert lines."
    return Verdict(
        check=Check.RAN,
        passed=run.passed,
        score=round(score, 2),
        problem=problem[:_MAX_PROBLEM_CHARS],
        ended=run.ended,
        failed=run.failed,
        got=run.got,
        disputed=run.ended and run.held > 0 and bool(run.failed) and set(run.failed) == {*run.got},
    )


def from_grade(grade: int, problem: str, passing: int) -> Verdict:
    """Judge a text by its grade from 0 to 10."""
    passed = grade >= passing
    return Verdict(check=Check.READ, passed=passed, score=grade / 10, problem=problem)
