"""The Factory's handler: a model that follows a script, and a real sandbox where there is one."""

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.contract import Policy, Request, Response, Source
from bot.contract.factory import Build, build, read_build, read_iteration, read_working
from bot.errors import BadInput, JobFailed, SkydeckError, TooLarge, UnknownModule
from bot.spans import TRACEPARENT, Span, new_span_id, new_trace_id, traceparent
from bot.workers.factory.handler import FactoryHandler
from bot.workers.factory.sandbox import Sandbox, find_sandbox
from bot.workers.protocols import CompletionUsage, Delivery, Slot
from bot.workers.runtime import run
from bot.workers.traced import TracedHandler
from tests.fakes.handlers import TurnableClock
from tests.fakes.language_model import ScriptedModel
from tests.waiting import until

DECK = Source(system="DECK")
NO_SANDBOX = Sandbox("none", None)
GOOD = "```python\ndef f(x):\n    return x\n\nassert f(1) == 1\nassert f(2) == 2\n```"
BAD = "```python\ndef f(x):\n    return {}[x]\n\nassert f(1) == 1\nassert f(2) == 2\n```"
ENDLESS = "```python\nimport time\n\ndef f(x):\n    time.sleep(99)\n\nassert f(1) == 1\n```"


@pytest.fixture
def sandbox() -> Sandbox:
    found = find_sandbox()
    if found.command is None:
        pytest.skip("no sandbox on this machine")
    return found


def order(task: str = "write a function f(x)", **kwargs: Any) -> Request:
    return build(task, source=DECK, **kwargs)


async def responses(handler: FactoryHandler, request: Request) -> list[Response]:
    return [response async for response in handler.handle(request)]


def result(response: Response) -> Build:
    found = read_build(response)
    assert found is not None
    return found


def left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_from_a_broken_draft_to_a_program_that_holds(sandbox: Sandbox) -> None:
    model = ScriptedModel([BAD, GOOD])
    handler = FactoryHandler(model, sandbox=sandbox)

    *partials, final = await responses(handler, order(kind="python"))

    rounds = [r for p in partials if (r := read_iteration(p))]
    assert [(r.number, r.passed, r.score) for r in rounds] == [
        (1, False, 0.7), (2, True, 1.0),
    ]  # fmt: skip
    assert "KeyError: 1, in f.py line 2: `return {}[x]`" in (rounds[0].problem or "")
    assert partials[2].text.startswith("1/4: score 0.70, `assert f(1) == 1` raises KeyError")
    phases = [w.phase for p in partials if (w := read_working(p))]
    assert phases == ["draft", "check", "improve", "check"]
    assert final.status == "completed"
    assert result(final).passed
    assert result(final).iterations == rounds
    assert [file.name for file in result(final).files] == ["f.py", "example.py"]
    assert "── f.py\ndef f(x):" in final.text
    assert all(prompt.slot is Slot.BACKGROUND for prompt in model.prompts)
    assert handler.delivery is Delivery.STREAM


PALINDROME = """```python
def is_palindrome(s):
    return s == s[::-1]

assert is_palindrome("level") == True
assert is_palindrome("A man, a plan, a canal, Panama") == {}
```"""


async def test_a_wrong_program_does_not_pass_by_another_example(sandbox: Sandbox) -> None:
    """It did: its critic changed `== True` into `== False`, and gave it 1.00."""
    model = ScriptedModel([PALINDROME.format("True"), *[PALINDROME.format("False")] * 9])

    *_, final = await responses(FactoryHandler(model, sandbox=sandbox), order(kind="python"))

    made = result(final)
    assert not made.passed
    assert max(one.score for one in made.iterations) < 1
    assert "Panama') == True" in made.files[1].content


async def test_the_checks_in_the_task_decide(sandbox: Sandbox) -> None:
    task = "is_palindrome(s). `assert is_palindrome('A man, a plan, a canal, Panama')`"
    right = PALINDROME.format("True").replace(
        "return s ==", "s = [c for c in s.lower() if c.isalpha()]\n    return s =="
    )
    model = ScriptedModel([PALINDROME.format("False"), right])

    *_, final = await responses(FactoryHandler(model, sandbox=sandbox), order(task, kind="python"))

    made = result(final)
    assert [one.passed for one in made.iterations] == [False, True]
    assert "The check is the one in your task" in made.summary


async def test_what_is_delivered_runs_where_nothing_of_ours_is(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    handler = FactoryHandler(ScriptedModel([GOOD]), sandbox=sandbox)
    *_, final = await responses(handler, order(kind="python"))
    for file in result(final).files:
        (tmp_path / file.name).write_text(file.content)

    ran = await asyncio.create_subprocess_exec("python3", "example.py", cwd=tmp_path)

    assert await ran.wait() == 0


async def test_a_model_that_goes_on_for_ever_is_stopped() -> None:
    model = ScriptedModel([GOOD.removesuffix("```") + "assert f(3) == 3\n" * 500])

    *_, final = await responses(
        FactoryHandler(model, sandbox=NO_SANDBOX), order(kind="python", iterations=1)
    )

    assert model.left_early == 1
    assert final.usage is not None
    assert final.usage.output_tokens is not None
    assert final.usage.output_tokens < 100


async def test_without_a_sandbox_code_is_parsed_and_that_is_said() -> None:
    model = ScriptedModel([BAD])

    *partials, final = await responses(
        FactoryHandler(model, sandbox=NO_SANDBOX), order(kind="python")
    )

    rounds = [r for p in partials if (r := read_iteration(p))]
    assert [(r.check, r.score, r.passed) for r in rounds] == [("parsed", 0.3, False)]
    assert "It was only parsed, not run: there is no sandbox here" in final.text


async def test_a_text_is_read() -> None:
    model = ScriptedModel(["Roses are red.", '{"problem": "short", "score": 9}'])

    *_, final = await responses(
        FactoryHandler(model, sandbox=NO_SANDBOX), order("write a poem about roses")
    )

    made = result(final)
    assert made.files[0].content == "Roses are red.\n"
    assert [r.check for r in made.iterations] == ["read"]
    assert "the model read it and gave it 9 of 10" in final.text


class PassingClock(TurnableClock):
    """Every look at it takes a while."""

    def __init__(self, step_s: float) -> None:
        super().__init__()
        self._step_s = step_s

    def now(self) -> float:
        self._now += self._step_s
        return self._now


@pytest.mark.parametrize(("step_s", "signs"), [(0, range(1, 2)), (0.02, range(6, 8))])
async def test_signs_of_life_come_at_once_and_at_most_every_second(
    step_s: float, signs: range
) -> None:
    model = ScriptedModel([" ".join(["word"] * 300), '{"problem": "", "score": 1}'])
    handler = FactoryHandler(model, sandbox=NO_SANDBOX, clock=PassingClock(step_s))

    seen = await responses(handler, order("a poem", kind="text", iterations=1))

    drafting = [r.text for r in seen if (w := read_working(r)) and w.phase == "draft"]
    assert drafting[0] == "1/1: drafting …"
    assert len(drafting) in signs
    assert all(text.endswith(" words") for text in drafting[1:])


async def test_no_iteration_is_begun_that_the_deadline_would_cut_off() -> None:
    handler = FactoryHandler(ScriptedModel(["def f(:"]), sandbox=NO_SANDBOX, clock=PassingClock(1))
    request = order(kind="python", iterations=10, policy=Policy(deadline_ms=60_000))

    *_, final = await responses(handler, request)

    assert "no time for another iteration before the deadline" in final.text
    assert 1 <= len(result(final).iterations) < 10


async def test_a_caller_who_traces_gets_a_span_of_each_iteration() -> None:
    spans: list[Span] = []
    handler = FactoryHandler(ScriptedModel(["def f(:"]), sandbox=NO_SANDBOX, clock=PassingClock(1))
    parent = traceparent(trace_id := new_trace_id(), new_span_id())
    request = order(kind="python", iterations=2).model_copy(update={TRACEPARENT: parent})
    traced = TracedHandler(handler, spans.append, SystemClock())

    *_, final = [response async for response in traced.handle(request)]

    assert {span.name for span in spans} == {
        "factory BUILD", "factory iteration_1", "factory iteration_2",
    }  # fmt: skip
    assert {span.trace_id for span in spans} == {trace_id}
    marks = final.timings_ms or {}
    assert 0 < marks["iteration_1"] < marks["iteration_2"]


async def test_no_iteration_is_begun_when_the_money_is_spent() -> None:
    class Dear(ScriptedModel):
        async def stream(self, prompt):
            async for piece in super().stream(prompt):
                is_end = isinstance(piece, CompletionUsage)
                yield CompletionUsage(10, 10, "stop", 0.02) if is_end else piece

    handler = FactoryHandler(Dear(["def f(:"]), sandbox=NO_SANDBOX)
    request = order(kind="python", iterations=10, policy=Policy(max_cost_usd=0.05))

    *_, final = await responses(handler, request)

    assert "the cost limit is reached" in final.text
    assert len(result(final).iterations) == 3
    assert final.usage is not None
    assert final.usage.cost_usd == 0.06


def without(request: Request, **update: Any) -> Request:
    return request.model_copy(update=update)


def saying(data: Any) -> Request:
    return without(order(), input=order().input.model_copy(update={"data": data}))


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        (
            without(order(), target=order().target.model_copy(update={"module": "PAINT"})),
            UnknownModule, "There are: build",
        ),
        (saying(" "), BadInput, "nothing"),
        (saying(3), BadInput, "text"),
        (order("x" * 8001), TooLarge, "8,001 characters; the limit is 8,000"),
        (without(order(), params={"kind": "rust"}), BadInput, "auto, python, text"),
        (without(order(), params={"kind": ["python"]}), BadInput, "auto, python, text"),
        (without(order(), params={"files": "f.py"}), BadInput, "a list of at most 10"),
        (without(order(), policy=Policy(max_iterations=11)), BadInput, "from 1 to 10, not 11"),
        (
            without(order(), params={"files": [{"name": "f.py", "content": "x" * 9000}]}),
            TooLarge, "this model can read 5,333",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_built_is_refused_before_the_model_is_asked(
    request_: Request, error: type[SkydeckError], words: str
) -> None:
    model = ScriptedModel([GOOD])

    with pytest.raises(error, match=words):
        await responses(FactoryHandler(model, sandbox=NO_SANDBOX), request_)

    assert not model.prompts


async def test_a_model_that_fails_fails_the_build() -> None:
    handler = FactoryHandler(ScriptedModel([JobFailed("It broke.")]), sandbox=NO_SANDBOX)

    with pytest.raises(JobFailed, match=r"It broke\."):
        await responses(handler, order())


async def test_files_of_python_make_it_a_program() -> None:
    model = ScriptedModel([GOOD])
    request = without(
        order("make it faster", iterations=1),
        params={"files": [{"name": "../f.py", "content": "def f(x):\n    return x\n"}]},
    )

    *_, final = await responses(FactoryHandler(model, sandbox=NO_SANDBOX), request)

    assert result(final).files[0].name == "f.py"
    assert "def f(x):" in model.questions[0]


async def test_cancelling_while_the_model_writes_stops_it() -> None:
    model = ScriptedModel([" ".join(["word"] * 10_000)], pause_s=0.001)
    handler = FactoryHandler(model, sandbox=NO_SANDBOX)

    working = asyncio.ensure_future(responses(handler, order()))
    await until(lambda: model.questions)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working

    assert model.left_early == 1


async def test_cancelling_while_code_runs_leaves_nothing(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    handler = FactoryHandler(ScriptedModel([ENDLESS]), sandbox=sandbox)

    working = asyncio.ensure_future(responses(handler, order(kind="python")))
    await until(lambda: left(tmp_path))
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working

    assert not left(tmp_path)


async def test_who_stops_listening_stops_the_work(sandbox: Sandbox) -> None:
    model = ScriptedModel([" ".join(["word"] * 10_000)], pause_s=0.001)
    stream = FactoryHandler(model, sandbox=sandbox).handle(order())

    async with contextlib.aclosing(stream) as listened:
        await anext(listened)

    assert model.left_early in {0, 1}
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_as_a_job_every_partial_is_numbered_and_the_last_is_whole() -> None:
    handler = FactoryHandler(ScriptedModel([GOOD]), sandbox=NO_SANDBOX)
    job = {"contract": order(kind="python").to_wire()}

    *partials, final = [r async for r in run(handler, job, clock=SystemClock())]

    assert [p["sequence"] for p in partials] == list(range(len(partials)))
    assert final["status"] == "completed"
    assert final["output"]["data"]["files"][0]["name"] == "f.py"
    assert "sequence" not in final


async def test_warming_up_loads_the_model_and_finds_the_sandbox() -> None:
    model = ScriptedModel([GOOD])
    handler = FactoryHandler(model)

    await handler.warm_up()
    await handler.close()

    assert model.warmed == 1
