"""The way of a build, as transcripts: what is asked, what is answered, what comes of it."""

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.build_notes import note
from bot.contract.factory import Build, File, Iteration, Note
from bot.workers.factory.build_flow import (
    Answer,
    BuildSpec,
    Generate,
    ReportIteration,
    RunExample,
    build,
)
from bot.workers.factory.drafts import Draft, ModelAnswer
from bot.workers.factory.kinds import Kind
from bot.workers.factory.verdict import ExampleRun

HOLDS = ExampleRun(ended=True, checks=2, held=2)
CRASHES = ExampleRun(ended=False, checks=2, problem="`f(1)` raises KeyError: 1.")
UNCHECKED = ExampleRun(ended=True)
DISPUTED = ExampleRun(ended=True, checks=2, held=1, failed=(4,), got={4: "7"}, problem="f(2) is 7.")
ALL_WRONG = ExampleRun(
    ended=True, checks=2, failed=(3, 4), got={3: "1", 4: "7"}, problem="f(2) is 7."
)


def program(body: str = "return x", *, name: str = "f") -> ModelAnswer:
    code = f"def {name}(x):\n    {body}\n\nassert {name}(1) == 1\nassert {name}(2) == 2"
    return ModelAnswer(f"```python\n{code}\n```")


class Played:
    """A build that is given answers in order."""

    def __init__(
        self,
        *answers: ModelAnswer | ExampleRun | None,
        limit: int = 4,
        kind: Kind = Kind.PYTHON,
        files: Sequence[File] = (),
        stop: Callable[[Iteration], Note | None] = lambda _: None,
        task: str = "write f(x)",
    ) -> None:
        self.phases: list[str] = []
        self.asked: list[Generate] = []
        self.inspected: list[Draft] = []
        self.rounds: list[Iteration] = []
        steps = build(BuildSpec(task=task, kind=kind, limit=limit, files=tuple(files)))
        todo, answer = list(answers), None
        try:
            while True:
                step = steps.send(answer)
                answer = self._answer(step, todo, stop)
        except StopIteration as end:
            self.build: Build = end.value
        assert not todo, "more was expected to be asked"

    def _answer(
        self,
        step: object,
        todo: list[ModelAnswer | ExampleRun | None],
        stop: Callable[[Iteration], Note | None],
    ) -> Answer:
        match step:
            case ReportIteration(iteration):
                self.rounds.append(iteration)
                return stop(iteration)
            case Generate():
                self.phases.append(step.phase)
                self.asked.append(step)
            case RunExample(_, draft):
                self.phases.append("check")
                self.inspected.append(draft)
        return todo.pop(0)

    def question(self, number: int) -> str:
        return self.asked[number].prompt.messages[-1].content


def test_a_pass_ends_the_build() -> None:
    played = Played(program(), HOLDS)

    assert played.phases == ["draft", "check"]
    assert [(r.passed, r.score) for r in played.rounds] == [(True, 1.0)]
    assert played.build.passed
    assert played.build.summary == "f.py after 1 iteration: its example was run and holds."
    assert played.build.summary_notes == []
    assert [file.name for file in played.build.files] == ["f.py", "example.py"]
    assert played.build.iterations == played.rounds


def test_an_error_is_its_own_critique() -> None:
    played = Played(program("return d[x]"), CRASHES, program(), HOLDS)

    assert played.phases == ["draft", "check", "improve", "check"]
    assert "Mend this: `f(1)` raises KeyError: 1." in played.question(1)
    assert [r.score for r in played.rounds] == [0.3, 1.0]
    assert played.rounds[0].problem == "`f(1)` raises KeyError: 1."
    assert played.rounds[1].change_notes is not None


def test_the_example_stays_that_of_the_first_round() -> None:
    easier = ModelAnswer("```\ndef f(x):\n    return 7\n\nassert f(5) == 7\n```")

    played = Played(program("return 7"), ALL_WRONG, easier, ALL_WRONG, limit=2)

    first, second = (one.example for one in played.inspected)
    assert first is not None
    assert second == first
    assert second.content == "from f import f\n\nassert f(1) == 1\nassert f(2) == 2\n"
    assert "unchanged: they are the rule" in played.question(1)
    assert not played.build.passed


def test_a_second_program_that_gives_the_same_casts_doubt_on_the_example_and_leaves_it() -> None:
    wrong = program()
    played = Played(
        wrong, DISPUTED,
        program("return +x"), DISPUTED,  # the second program, put to the first one's example
        program("return -x"), DISPUTED, limit=2,
    )  # fmt: skip

    assert played.phases == ["draft", "check", "critique", "check", "improve", "check"]
    assert "f(2) is 7" not in played.question(1)  # the second must not know of the first
    assert {str(one.example) for one in played.inspected} == {str(played.inspected[0].example)}
    assert not played.build.passed
    assert played.build.summary_notes == [note("doubted", values="7")]
    assert "the example itself may be wrong" in played.build.summary


def test_a_doubt_is_forgotten_when_a_program_passes() -> None:
    played = Played(program("return 7"), DISPUTED, program("return 9"), DISPUTED, program(), HOLDS)

    assert played.build.passed
    assert played.build.summary_notes == []


def test_a_second_program_that_meets_the_example_is_taken() -> None:
    played = Played(program("return 7"), DISPUTED, program("return x"), HOLDS, HOLDS)

    assert "return x" in played.inspected[2].made.content
    assert "rewritten" in played.rounds[1].changed
    assert played.build.passed


def test_a_second_program_that_agrees_with_neither_is_the_next_attempt() -> None:
    third = ExampleRun(
        ended=True, checks=2, held=1, failed=(4,), got={4: "9"}, problem="f(2) is 9."
    )
    second = ModelAnswer("```\ndef f(x):\n    return 9\n\nassert f(5) == 9\n```")

    played = Played(program(), DISPUTED, second, third, HOLDS, limit=2)

    assert played.phases == ["draft", "check", "critique", "check", "check"]
    assert played.rounds[1].changed.endswith("it agrees with neither")
    assert played.inspected[2].example == played.inspected[0].example


def test_the_checks_of_the_task_are_the_example_from_the_first_round_on() -> None:
    played = Played(program(), HOLDS, task="write f: f(3) -> 3 and f('') == ''")

    example = played.inspected[0].example
    assert example is not None
    assert example.content == "from f import f\n\nassert f(3) == 3\nassert f('') == ''\n"
    assert played.build.summary_notes == [note("given_many", number=2)]


def test_without_checks_of_its_own_an_answer_still_has_those_of_the_task() -> None:
    bare = ModelAnswer("```python\ndef f(x):\n    return x\n```")

    played = Played(bare, HOLDS, task="write f, assert f(3) == 3")

    assert played.build.passed
    assert played.build.summary_notes == [note("given_one", number=1)]


def test_an_example_of_which_nothing_holds_is_no_evidence() -> None:
    """Two programs that agree would only confirm themselves."""
    played = Played(program(), ALL_WRONG, program(), HOLDS, limit=2)

    assert played.phases == ["draft", "check", "improve", "check"]


def test_a_second_program_that_cannot_be_read_decides_nothing() -> None:
    played = Played(program(), DISPUTED, ModelAnswer("I cannot."), program(), HOLDS, limit=2)

    assert played.phases == ["draft", "check", "critique", "improve", "check"]


def test_the_best_is_kept_and_improved_on() -> None:
    played = Played(
        program("return 1"), ALL_WRONG,
        program("return 2"), CRASHES,
        program("return 3"), CRASHES,
        ModelAnswer("no code at all ("), limit=4,
    )  # fmt: skip

    assert [r.score for r in played.rounds] == [0.7, 0.3, 0.3, 0.0]
    assert "return 1" in played.question(3)
    assert "return 1" in played.build.files[0].content
    assert not played.build.passed


def test_who_is_stuck_becomes_more_daring_and_begins_again_every_other_time() -> None:
    played = Played(*[program("return d[x]"), CRASHES] * 6, limit=6)

    assert [round(w.prompt.temperature, 1) for w in played.asked] == [0.2, 0.2, 0.4, 0.6, 0.8, 0.8]
    assert ["Mend this" in played.question(n) for n in range(6)] == [
        False, True, False, True, False, True,
    ]  # fmt: skip
    assert played.rounds[2].changed == (
        "nothing: started over, since the last attempt was no better"
    )


def test_who_changes_an_earlier_build_begins_again_with_that() -> None:
    files = [File(name="f.py", content="def f(x):\n    return x * 1\n")]

    played = Played(program("return 7"), DISPUTED, program(), HOLDS, HOLDS, files=files)

    assert "x * 1" in played.question(1)


def test_an_example_that_checks_nothing_does_not_pass() -> None:
    played = Played(program(), UNCHECKED, limit=1)

    assert played.rounds[0].score == 0.7
    assert not played.build.passed
    assert "Its example checks no result" in played.build.summary


def test_what_cannot_be_run_is_no_pass_and_is_not_tried_again() -> None:
    played = Played(program(), None)

    assert [(r.check, r.score, r.passed) for r in played.rounds] == [("parsed", 0.3, False)]
    assert not played.build.passed
    assert "It was only parsed, not run: there is no sandbox here" in played.build.summary


def test_what_cannot_be_parsed_is_not_run() -> None:
    played = Played(ModelAnswer("```\ndef f(:\n```"), program(), HOLDS, limit=2)

    assert played.phases == ["draft", "improve", "check"]
    assert played.rounds[0].check == "parsed"
    assert played.rounds[0].score == 0.0


def test_a_caller_can_end_it_after_any_iteration() -> None:
    played = Played(program(), CRASHES, stop=lambda _: note("stopped_by_cost"))

    assert played.build.summary.endswith("Stopped early: the cost limit is reached.")
    assert played.build.summary_notes == [note("stopped_by_cost")]
    assert len(played.rounds) == 1


def test_an_earlier_build_is_the_start() -> None:
    files = [
        File(name="example.py", content="from f import f\n\nassert f(1) == 1\n"),
        File(name="f.py", content="def f(x):\n    return x\n"),
        File(name="README.md", content="# f\n"),
    ]

    played = Played(program(), HOLDS, limit=1, files=files)

    assert "def f(x):\n    return x\nassert" not in played.question(0)
    assert "return x\n\nassert f(1) == 1" in played.question(0)
    assert "Change: write f(x)" in played.question(0)
    assert [file.name for file in played.build.files] == ["f.py", "example.py", "README.md"]


def test_a_text_is_read_by_the_model() -> None:
    played = Played(
        ModelAnswer("A poem."), ModelAnswer('{"problem": "", "score": 4}'),
        ModelAnswer("Add the sea."), ModelAnswer("A longer poem."),
        ModelAnswer('{"problem": "too short", "score": 6}'), ModelAnswer("A poem of the sea."),
        ModelAnswer('{"problem": "", "score": 8}'),
        kind=Kind.TEXT,
    )  # fmt: skip

    assert played.phases == ["draft", "check", "critique", "improve", "check", "improve", "check"]
    assert [r.check for r in played.rounds] == ["read"] * 3
    assert [r.score for r in played.rounds] == [0.4, 0.6, 0.8]
    assert "Mend this: Add the sea." in played.question(3)
    assert "Mend this: too short" in played.question(5)
    assert played.build.summary == (
        "result.md after 3 iterations: the model read it and gave it 8 of 10."
    )


def test_a_grade_that_cannot_be_read_is_a_middling_one() -> None:
    for answer in ("", "ten!", "[]", '{"score": "high"}', '{"problem": 3, "score": null}'):
        played = Played(ModelAnswer("A poem."), ModelAnswer(answer), kind=Kind.TEXT, limit=1)
        assert played.rounds[0].score == 0.5
        assert not played.build.passed


RUNS = st.sampled_from([HOLDS, CRASHES, UNCHECKED, DISPUTED, ALL_WRONG, None])
WORDS = st.sampled_from(
    [program(), program("return 7"), ModelAnswer("so: ("), ModelAnswer("", truncated=True)]
)


@given(data=st.data(), limit=st.integers(1, 10))
def test_whatever_happens_it_ends_with_the_best_of_what_was_seen(data, limit: int) -> None:
    steps = build(BuildSpec(task="t", kind=Kind.PYTHON, limit=limit))
    answer: Answer = None
    rounds: list[Iteration] = []
    try:
        while True:
            match steps.send(answer):
                case ReportIteration(iteration):
                    rounds.append(iteration)
                    answer = ""
                case Generate():
                    answer = data.draw(WORDS)
                case RunExample():
                    answer = data.draw(RUNS)
    except StopIteration as end:
        result: Build = end.value

    assert [r.number for r in rounds] == list(range(1, len(rounds) + 1))
    assert len(rounds) <= limit
    is_unchecked = any(one.kind == "not_run" for one in rounds[-1].problem_notes or ())
    assert len(rounds) == limit or rounds[-1].passed or is_unchecked
    assert not any(r.passed for r in rounds[:-1])
    assert result.passed == max((r.score, r.passed) for r in rounds)[1]
    assert result.files
    Build.model_validate(result.to_wire())
