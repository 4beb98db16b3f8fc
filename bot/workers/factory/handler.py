"""The Factory: builds a program or a text in several iterations."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from bot.build_notes import note
from bot.clock import Clock, SystemClock
from bot.contract import InputType, Output, Request, Response, Service, Status, Usage
from bot.contract.factory import (
    BUILD_KINDS,
    MAX_ITERATIONS,
    Build,
    FactoryModule,
    Iteration,
    Note,
    Phase,
    Working,
)
from bot.contract.grace import unknown_module
from bot.errors import BadInput, TooLarge
from bot.loading import LoadPart, begins
from bot.workers.factory.build_flow import (
    Answer,
    BuildFlow,
    BuildSpec,
    Generate,
    ReportIteration,
    RunExample,
    build,
)
from bot.workers.factory.drafts import ModelAnswer, is_enough
from bot.workers.factory.files import read_files
from bot.workers.factory.kinds import Kind, guess_kind
from bot.workers.factory.sandbox import Sandbox, find_sandbox
from bot.workers.protocols import CompletionUsage, Delivery, LanguageModel

MAX_TASK_CHARS = 8_000
_DEFAULT_ITERATIONS = 4
_STATUS_INTERVAL_S = 1.0
"""The shortest time between two signs that the model is still writing."""
_SHARE_OF_FILES = 3
"""An earlier build may fill a third of the context: the model rewrites it, and sees it again with
its problems."""

_DOING = {
    Phase.DRAFT: "drafting",
    Phase.CHECK: "reading",
    Phase.CRITIQUE: "criticizing",
    Phase.IMPROVE: "improving",
}


class FactoryHandler:
    """Iterative generation.

    Args:
        model: The language model, which its owner closes.
        sandbox: Runs the code; None finds the best one.
        clock: Times progress, and the contract's deadline.
    """

    service = Service.FACTORY
    delivery = Delivery.STREAM

    def __init__(
        self, model: LanguageModel, *, sandbox: Sandbox | None = None, clock: Clock | None = None
    ) -> None:
        self._model = model
        self._sandbox = sandbox
        self._clock = clock or SystemClock()

    async def handle(self, request: Request) -> AsyncGenerator[Response, None]:
        """Handle one contract; see `bot.workers.protocols.Handler`.

        Params: `kind` (auto, python, text), `files` (a list of {name, content} to start from).
        Policy: `max_iterations` from 1 to 10 (4 by default); no iteration starts once
        `max_cost_usd` is spent, or if the last one took longer than `deadline_ms` leaves.

        A partial's `output.data` is an `Iteration` at the end of each, and `Working` during it;
        `output.text` is a line to read. The completed response holds a `Build`. `timings_ms` has
        the end of each iteration, as `iteration_1` and so on.

        Raises:
            UnknownModule, BadInput, TooLarge: The contract asks for something else, or too much.
            ServiceFailed: The model failed.
        """
        job = _Job(self._model, await self._ready_sandbox(), self._clock, request)
        steps = build(_read_spec(request, self._model.context_chars))
        async with contextlib.aclosing(job.work(steps)) as responses:
            async for response in responses:
                yield response

    async def warm_up(self) -> None:
        """Load the model, and find the sandbox."""
        begins(LoadPart.LANGUAGE)
        await self._ready_sandbox()
        await self._model.warm_up()

    async def close(self) -> None:
        """Do nothing: the model's owner closes it."""

    async def _ready_sandbox(self) -> Sandbox:
        if self._sandbox is None:
            self._sandbox = await asyncio.to_thread(find_sandbox)
        return self._sandbox


class _Job:
    """Drives one build: asks the model, runs the examples, reports to the caller."""

    def __init__(
        self, model: LanguageModel, sandbox: Sandbox, clock: Clock, request: Request
    ) -> None:
        policy = request.policy
        self._model = model
        self._sandbox = sandbox
        self._clock = clock
        self._max_usd = policy.max_cost_usd if policy else None
        self._limit_ms = policy.deadline_ms if policy else None
        self._started = self._iteration_started = clock.now()
        self._input_tokens = self._output_tokens = 0
        self._cost_usd = 0.0
        self._answer = ModelAnswer("")
        self._limit = _limit(request)
        self._marks: dict[str, float] = {}

    async def work(self, steps: BuildFlow) -> AsyncGenerator[Response, None]:
        answer: Answer = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                yield self._completed(end.value)
                return
            match step:
                case Generate():
                    async with contextlib.aclosing(self._generate(step)) as updates:
                        async for update in updates:
                            yield update
                    answer = self._answer
                case RunExample(number, draft):
                    yield self._status(Phase.CHECK, number, "running its example …")
                    answer = None
                    if self._sandbox.command is not None and draft.example is not None:
                        answer = await self._sandbox.run(draft.files, draft.example.name)
                case ReportIteration(iteration):
                    yield self._reported(iteration)
                    answer = self._why_stop()

    async def _generate(self, step: Generate) -> AsyncGenerator[Response, None]:
        """Let the model answer, into `_answer`."""
        doing = _DOING[step.phase]
        yield self._status(step.phase, step.number, f"{doing} …")
        text, pieces_seen, usage = "", 0, None
        last_status = self._clock.now()
        # stops the model on leaving early
        async with contextlib.aclosing(self._model.stream(step.prompt)) as pieces:
            async for piece in pieces:
                if isinstance(piece, CompletionUsage):
                    usage = piece
                    continue
                text += piece
                pieces_seen += 1
                if step.code and is_enough(Kind.PYTHON, text):
                    break
                if self._clock.now() - last_status >= _STATUS_INTERVAL_S:
                    last_status = self._clock.now()
                    yield self._status(step.phase, step.number, f"{doing} … {_length(text)}")
        self._add_usage(usage, pieces_seen)
        self._answer = ModelAnswer(
            text, truncated=usage is not None and usage.finish_reason == "length"
        )

    def _add_usage(self, usage: CompletionUsage | None, pieces_seen: int) -> None:
        """Add up the usage. An answer that we cut short has none, but a piece is about a token."""
        if usage is None:
            self._output_tokens += pieces_seen
            return
        self._input_tokens += usage.input_tokens
        self._output_tokens += usage.output_tokens
        self._cost_usd += usage.cost_usd or 0.0

    def _why_stop(self) -> Note | None:
        """Return why no other iteration may start; None if one may."""
        now = self._clock.now()
        took, self._iteration_started = now - self._iteration_started, now
        if self._max_usd is not None and self._cost_usd > self._max_usd:
            return note("stopped_by_cost")
        if self._limit_ms is not None and now - self._started + took > self._limit_ms / 1000:
            return note("stopped_by_time")
        return None

    def _status(self, phase: Phase, number: int, words: str) -> Response:
        working = Working(phase=phase, number=number, limit=self._limit)
        return _partial(working, f"{number}/{self._limit}: {words}")

    def _reported(self, iteration: Iteration) -> Response:
        how = "passed" if iteration.passed else iteration.problem or "did not pass"
        line = f"{iteration.number}/{iteration.limit}: score {iteration.score:.2f}, {how}"
        took_ms = round((self._clock.now() - self._started) * 1000, 1)
        self._marks[f"iteration_{iteration.number}"] = took_ms
        return _partial(iteration, line).model_copy(update={"timings_ms": dict(self._marks)})

    def _completed(self, result: Build) -> Response:
        return Response(
            status=Status.COMPLETED,
            output=Output(type=InputType.JSON.value, data=result.to_wire(), text=_readable(result)),
            usage=Usage(
                cost_usd=round(self._cost_usd, 6),
                input_tokens=self._input_tokens,
                output_tokens=self._output_tokens,
            ),
            timings_ms=dict(self._marks),
        )


def _partial(data: Working | Iteration, line: str) -> Response:
    output = Output(type=InputType.JSON.value, data=data.to_wire(), text=line)
    return Response(status=Status.PARTIAL, output=output)


def _readable(result: Build) -> str:
    """Return the summary and every file, for a person to read."""
    shown = [f"── {file.name}\n{file.content.rstrip()}" for file in result.files]
    return "\n\n".join([result.summary, *shown])


def _length(text: str) -> str:
    count = len(text.split())
    return f"{count} word{'s' if count != 1 else ''}"


def _read_spec(request: Request, context_chars: int) -> BuildSpec:
    if request.target.module != FactoryModule.BUILD:
        raise unknown_module("The Factory", request.target.module, list(FactoryModule))
    task = _task(request, context_chars)
    files = read_files(request.option("files"), max_chars=context_chars // _SHARE_OF_FILES)
    code = any(file.name.endswith(".py") for file in files)
    kind = _kind(request) or (Kind.PYTHON if code else guess_kind(task))
    return BuildSpec(task=task, kind=kind, limit=_limit(request), files=files)


def _task(request: Request, context_chars: int) -> str:
    task = request.input.data
    if request.input.type is not InputType.TEXT or not isinstance(task, str):
        raise BadInput("BUILD needs text in input.data: what to build.")
    if not task.strip():
        raise BadInput("There is nothing to build.", hint="Say what it should do.")
    limit = min(MAX_TASK_CHARS, context_chars // 2)
    if len(task) > limit:
        raise TooLarge(f"The task has {len(task):,} characters; the limit is {limit:,}.")
    # JSON can carry half of a surrogate pair, which the model's tokenizer rejects
    return task.encode("utf-8", "replace").decode("utf-8").strip()


def _kind(request: Request) -> Kind | None:
    wanted = request.option("kind", "auto")
    if wanted == "auto":
        return None
    if wanted not in list(Kind):
        raise BadInput(f"kind must be one of: {', '.join(BUILD_KINDS)}.")
    return Kind(wanted)


def _limit(request: Request) -> int:
    wanted = request.policy.max_iterations if request.policy else None
    if wanted is not None and wanted > MAX_ITERATIONS:
        raise BadInput(f"max_iterations must be from 1 to {MAX_ITERATIONS}, not {wanted}.")
    return wanted or _DEFAULT_ITERATIONS
