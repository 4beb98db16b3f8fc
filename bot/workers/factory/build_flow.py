"""A build as a sans-I/O generator: it requests answers and runs, and decides what is next.

::

              ┌─ improve ◄─ critique ◄─┐
              ▼                        │ it failed
    draft ► check ────────────────────►┤
                                       ├─ it passed, or nothing can check it ─► done
                                       └─ the limit is reached ───────────────► done, with the best

A pass ends the build: another round could only change what works. The checks are fixed from the
first round on: those that the task names, else those of the first draft. Otherwise a program that
fails would be "improved" by a check that it passes. Every improvement starts from the best attempt
so far, so a worse one is never the result.

If the check names the fault itself (a syntax error, an exception), that is the critique. If a
program and its example merely disagree, either may be wrong: a small model writes sound programs,
but miscounts their results. So the critique is a second program, written from the task alone and
run with the same example. It is the next attempt, unless it returns what the first returned. Then
the first is improved, and if none ever passes, the result says that the example may be wrong.
"""

import difflib
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from bot.build_notes import changes_in_words, english, note
from bot.contract.envelope import given
from bot.contract.factory import Build, Check, File, Iteration, Note, Phase
from bot.i18n import DEFAULT, words_for
from bot.sanitize import clean_excerpt
from bot.workers.factory import prompts, verdict
from bot.workers.factory.drafts import (
    Draft,
    ModelAnswer,
    is_example,
    read_program,
    read_text,
    statements_of,
)
from bot.workers.factory.given_checks import given_checks
from bot.workers.factory.kinds import Kind
from bot.workers.factory.verdict import ExampleRun, Verdict
from bot.workers.protocols import Prompt

_TEMPERATURE_STEP, _MAX_TEMPERATURE_BOOST = 0.2, 0.6
_MAX_REASON_CHARS = 200
_SECOND_PROGRAM_BOOST = 0.4
"""What to add to the temperature so that the second program is not the first one again."""


@dataclass(frozen=True, slots=True)
class Generate:
    """Ask the model; the caller sends its `ModelAnswer`.

    Attributes:
        phase: The phase that progress shows.
        number: The iteration.
        code: Whether the answer is a program, so that the caller may stop when it is complete.
    """

    phase: Phase
    number: int
    prompt: Prompt
    code: bool = False


@dataclass(frozen=True, slots=True)
class RunExample:
    """Run a draft's example; the caller sends its `ExampleRun`, or None without a sandbox."""

    number: int
    draft: Draft


@dataclass(frozen=True, slots=True)
class ReportIteration:
    """Report an iteration; the caller sends why to stop here, or None."""

    iteration: Iteration


Step = Generate | RunExample | ReportIteration
Answer = ModelAnswer | ExampleRun | Note | None
BuildFlow = Generator[Step, Answer, Build]


@dataclass(frozen=True, slots=True)
class BuildSpec:
    """What to build.

    Attributes:
        kind: A program, whose example is run, or a text, which the model grades.
        limit: How many iterations at most.
        files: An earlier result to start from.
    """

    task: str
    kind: Kind
    limit: int
    files: tuple[File, ...] = ()


def build(spec: BuildSpec) -> BuildFlow:
    """Build to the spec. Start with `send(None)`; the generator returns the `Build`."""
    state = _BuildState(spec)
    draft = state.read(_as_model_answer((yield Generate(Phase.DRAFT, 1, _first(spec), state.code))))
    while True:
        found = yield from _check(spec, state.number, draft)
        stop = yield ReportIteration(state.record(draft, found))
        if stop or state.is_over:
            return state.result(stop if isinstance(stop, Note) else None)
        draft = yield from _improve(spec, state)


def _first(spec: BuildSpec, *, temperature_boost: float = 0) -> Prompt:
    """Return the prompt that shows the model no earlier attempt."""
    if spec.files:
        return prompts.refine(spec.task, spec.files, spec.kind, temperature_boost=temperature_boost)
    return prompts.draft(spec.task, spec.kind, temperature_boost=temperature_boost)


def _check(spec: BuildSpec, number: int, draft: Draft) -> Generator[Step, Answer, Verdict]:
    if draft.notes:
        return verdict.unparsable(draft.notes)
    if spec.kind is Kind.TEXT:
        graded = yield Generate(Phase.CHECK, number, prompts.grade(spec.task, draft))
        return prompts.read_grade(_as_model_answer(graded).text)
    ran = yield RunExample(number, draft)
    return verdict.from_run(ran) if isinstance(ran, ExampleRun) else verdict.parsed_only()


def _improve(spec: BuildSpec, state: "_BuildState") -> Generator[Step, Answer, Draft]:
    if state.found.disputed:
        second = yield from _second_program(spec, state)
        if second is not None:
            return second
    if state.stalled:
        state.reasons = (note("restarted"),)
        asked = _first(spec, temperature_boost=state.temperature_boost)
    else:
        advice = yield from _criticise(spec, state)
        state.reasons = state.found.notes or (note("said", words=_short(advice)),)
        asked = prompts.improve(
            spec.task, state.draft, advice, spec.kind, temperature_boost=state.temperature_boost
        )
    return state.read(
        _as_model_answer((yield Generate(Phase.IMPROVE, state.number, asked, state.code)))
    )


def _second_program(spec: BuildSpec, state: "_BuildState") -> Generator[Step, Answer, Draft | None]:
    """A second program for the example that the first does not meet.

    None: it cannot be read or run, or it returns what the first returned.
    """
    found, number = state.found, state.number
    asked = _first(spec, temperature_boost=_SECOND_PROGRAM_BOOST)
    words = _as_model_answer((yield Generate(Phase.CRITIQUE, number, asked, code=True)))
    second = state.read(words)
    if second.notes:
        return None
    ran = yield RunExample(number, second)
    if not isinstance(ran, ExampleRun):
        return None
    if ran.passed:
        state.reasons = (note("rewritten"),)
        return second
    agreed = [got for line, got in found.got.items() if ran.got.get(line) == got]
    if not agreed:
        state.reasons = (note("rewritten_anew"),)
        return second
    values = ", ".join(clean_excerpt(value, limit=40) for value in agreed)
    state.doubt = note("doubted", values=values)
    return None


def _criticise(spec: BuildSpec, state: "_BuildState") -> Generator[Step, Answer, str]:
    """Return what to fix."""
    if state.found.problem:
        return state.found.problem
    asked = prompts.critique(spec.task, state.draft, spec.kind)
    return " ".join(
        _as_model_answer((yield Generate(Phase.CRITIQUE, state.number, asked))).text.split()
    )


def _as_model_answer(answer: Answer) -> ModelAnswer:
    if not isinstance(answer, ModelAnswer):
        raise TypeError("the answer to Generate is a ModelAnswer")
    return answer


class _BuildState:
    """The state of a build: its iterations, and the best attempt.

    Attributes:
        draft: The best attempt.
        reasons: Why the next attempt differs.
        doubt: What speaks against the example; None: nothing.
    """

    draft: Draft
    found: Verdict

    def __init__(self, spec: BuildSpec) -> None:
        self.reasons: tuple[Note, ...] = ()
        self.doubt: Note | None = None
        self._spec = spec
        self._given = given_checks(spec.task, spec.files) if self.code else ()
        self._checks = self._given  # the first draft's, if the task names none
        self._iterations: list[Iteration] = []
        self._best: Iteration | None = None
        self._stuck = 0

    @property
    def code(self) -> bool:
        return self._spec.kind is Kind.PYTHON

    @property
    def number(self) -> int:
        """The number of the current iteration, from 1."""
        return len(self._iterations) + 1

    @property
    def is_over(self) -> bool:
        is_settled = self._best is not None and (self._best.passed or not self.found.is_checked)
        return is_settled or len(self._iterations) >= self._spec.limit

    @property
    def temperature_boost(self) -> float:
        """What to add to the temperature; at the same one, a small model repeats its mistake."""
        return min(_MAX_TEMPERATURE_BOOST, self._stuck * _TEMPERATURE_STEP)

    @property
    def stalled(self) -> bool:
        """Whether to start over: every other time that an attempt was no better than the best.

        From the same program with the same problem, a small model makes the same again.
        """
        return self._stuck % 2 == 1 and not self.found.passed

    def read(self, words: ModelAnswer) -> Draft:
        if not self.code:
            return read_text(words)
        others = tuple(f for f in self._spec.files if not f.name.endswith(".py"))
        draft = read_program(words, self._checks, others)
        self._checks = self._checks or tuple(statements_of(draft))
        return draft

    def record(self, draft: Draft, found: Verdict) -> Iteration:
        """Record an attempt, and keep it if none was better; if two are equal, keep the later."""
        changes = self._changes(draft)
        iteration = Iteration(
            number=self.number,
            limit=self._spec.limit,
            score=found.score,
            passed=found.passed,
            check=found.check,
            changed=_short(changes_in_words(changes, words_for(DEFAULT)) or ""),
            change_notes=changes,
            problem_notes=list(found.notes),
            **given(problem=found.problem or None),
        )
        self._iterations.append(iteration)
        rank = (found.score, found.passed)
        best = (self._best.score, self._best.passed) if self._best else (-1.0, False)
        self._stuck = 0 if rank > best else self._stuck + 1
        if rank >= best:
            self.draft, self.found, self._best = draft, found, iteration
        return iteration

    def result(self, stopped: Note | None) -> Build:
        if self._best is None:
            raise AssertionError("there is no iteration yet")
        files = [*self.draft.files]
        notes = [one for one in (self._about_checks(), stopped) if one is not None]
        return Build(
            summary=_summary(files, self._best, len(self._iterations), notes),
            passed=self._best.passed,
            files=files,
            iterations=self._iterations,
            summary_notes=notes,
        )

    def _about_checks(self) -> Note | None:
        """Whose checks they are, or why to doubt them."""
        if self.found.check is not Check.RAN:
            return None
        if self._given:
            number = len(self._given)
            return note("given_one" if number == 1 else "given_many", number=number)
        return None if self.found.passed else self.doubt

    def _changes(self, draft: Draft) -> list[Note]:
        if self._best is None:
            return [note("first_draft")]
        before, after = _lines(self.draft), _lines(draft)
        steps = list(difflib.ndiff(before, after))
        added = sum(step.startswith("+ ") for step in steps)
        removed = sum(step.startswith("- ") for step in steps)
        how_much = note("lines", added=added, removed=removed) if added or removed else note("same")
        return [how_much, *self.reasons]


def _lines(draft: Draft) -> list[str]:
    own = [draft.made, *([draft.example] if draft.example else [])]
    return [line for file in own for line in file.content.splitlines()]


def _summary(files: list[File], best: Iteration, rounds: int, notes: Sequence[Note]) -> str:
    made = ", ".join(file.name for file in files if not is_example(file))
    held = "and holds" if best.passed else "and does not hold"
    how = {
        Check.RAN: f"its example was run {held}",
        Check.PARSED: "it was not run",
        Check.READ: f"the model read it and gave it {best.score * 10:.0f} of 10",
    }[Check(best.check)]
    summary = f"{made} after {rounds} iteration{'s' if rounds > 1 else ''}: {how}."
    if best.problem and not best.passed:
        summary += f" Problem: {best.problem}"
    return " ".join([summary, *map(english, notes)])


def _short(words: str) -> str:
    return clean_excerpt(words, limit=_MAX_REASON_CHARS)
