"""What a check found, and what it is worth: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.contract.factory import Check

_MAX_PROBLEM_CHARS = 600
SCORE_BROKEN, SCORE_PARSES, SCORE_RUNS, SCORE_HOLDS = 0.0, 0.3, 0.7, 1.0
_FOR_CHECKS = 0.2
"""What the share of checks that hold adds to a program that does not pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRun:
    """What came of running a program's example.

    Attributes:
        ended: Whether it ran to its end. A check that fails does not end it, another error does.
        checks: How many checks it has.
        held: How many of them hold.
        failed: The lines of the example with those that do not.
        got: Of failed lines `assert call == value`, what the call gave instead, as a literal.
        problem: What went wrong, in words that help to mend it.
    """

    ended: bool = False
    checks: int = 0
    held: int = 0
    failed: tuple[int, ...] = ()
    got: Mapping[int, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether it ran, checked something, and all of that holds."""
        return self.ended and self.held == self.checks > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found.

    Attributes:
        check: How it was checked.
        passed: Whether the draft holds.
        score: From 0 to 1.
        problem: What is wrong; empty when nothing is.
        ended: Whether an example was run to its end.
        failed: The lines of the example that do not hold.
        got: What came out there, where that is known.
        disputed: Whether program and example merely disagree: it runs, some checks hold, and of
            those that do not it is known what came out. Then either may be wrong.
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
    """Of what cannot be parsed."""
    return Verdict(check=Check.PARSED, passed=False, score=SCORE_BROKEN, problem=problem)


def parsed_only() -> Verdict:
    """Of a sound program where nothing can be run: that is all that is known of it."""
    return Verdict(check=Check.PARSED, passed=True, score=SCORE_PARSES)


def from_run(run: ExampleRun) -> Verdict:
    """Of a program whose example was run."""
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
    """Of a text that was graded from 0 to 10."""
    passed = grade >= passing
    return Verdict(check=Check.READ, passed=passed, score=grade / 10, problem=problem)
