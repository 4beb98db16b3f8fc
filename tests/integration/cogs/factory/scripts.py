"""A Factory that follows a script, in the shapes in which the real one answers."""

import asyncio
from collections import Counter

from bot.build_notes import note
from bot.contract import Output, Request, Response, Status, Usage
from bot.contract.factory import Build, Check, File, Iteration, Phase, Working

PROGRAM = "def fizz(n):\n    return n\n"


def working(phase: Phase, number: int, limit: int) -> Response:
    return _partial(Working(phase=phase, number=number, limit=limit), f"{number}/{limit}: …")


def iteration(
    number: int, limit: int, score: float, *, changed: str, problem=None, **notes
) -> Iteration:
    return Iteration(
        number=number,
        limit=limit,
        score=score,
        passed=score == 1,
        check=Check.RAN,
        changed=changed,
        problem=problem,
        **notes,
    )


def reported(one: Iteration) -> Response:
    return _partial(one, f"{one.number}/{one.limit}: score {one.score:.2f}")


def completed(build: Build, cost_usd: float | None = 0.0125) -> Response:
    return Response(
        status=Status.COMPLETED,
        output=Output(type="json", data=build.to_wire(), text=build.summary),
        usage=Usage(cost_usd=cost_usd),
    )


def _partial(data, line: str) -> Response:
    return Response(
        status=Status.PARTIAL, output=Output(type="json", data=data.to_wire(), text=line)
    )


def rounds(limit: int) -> tuple[Iteration, Iteration]:
    """Two rounds, of which the second passes."""
    first = iteration(
        1, limit, 0.7,
        changed="first draft",
        problem="`assert fizz(3) == 3` does not hold: fizz(3) is 4.",
        change_notes=[note("first_draft")],
        problem_notes=[note("fails_with", check="assert fizz(3) == 3", got="fizz(3) → 4")],
    )  # fmt: skip
    second = iteration(
        2, limit, 1.0,
        changed="lines: 1 added, 1 removed: “Return n.”",
        change_notes=[note("lines", added=1, removed=1), note("said", words="Return n.")],
        problem_notes=[],
    )  # fmt: skip
    return first, second


def result(*files: File, passed: bool = True, iterations=()) -> Build:
    return Build(
        summary="fizz.py after 2 iterations: its own example was run and holds.",
        passed=passed,
        files=list(files) or [File(name="fizz.py", content=PROGRAM)],
        iterations=list(iterations),
        summary_notes=[],
    )


class Factory:
    """Builds in two iterations when it is let; remembers what it was asked.

    Attributes:
        requests: In the order of arrival.
        go: Set: builds end; each waits for it before its result.
        result: What comes out.
        times: How often each task was begun.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.go = asyncio.Event()
        self.go.set()
        self.result: Response | None = None
        self.running = 0
        self.most_at_once = 0
        self.times: Counter[str] = Counter()
        self.idle = asyncio.Event()
        self.gates: dict[str, asyncio.Event] = {}

    @property
    def tasks(self) -> list[str]:
        return [str(request.input.data) for request in self.requests]

    async def __call__(self, request: Request):
        task = str(request.input.data)
        self.requests.append(request)
        self.times[task] += 1
        self.running += 1
        self.idle.clear()
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            async for response in self._build(request, task):
                yield response
        finally:
            self.running -= 1
            if not self.running:
                self.idle.set()

    async def until_idle(self) -> None:
        async with asyncio.timeout(5):
            await self.idle.wait()

    async def _build(self, request: Request, task: str):
        limit = request.policy.max_iterations
        first, second = rounds(limit)
        yield working(Phase.DRAFT, 1, limit)
        yield working(Phase.CHECK, 1, limit)
        yield reported(first)
        yield working(Phase.CRITIQUE, 2, limit)
        await self.gates.get(task, self.go).wait()
        yield working(Phase.IMPROVE, 2, limit)
        yield reported(second)
        yield self.result or completed(result(iterations=[first, second]))
