"""Asks the language model until its answer is valid."""

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from jsonschema import Draft202012Validator, SchemaError

from bot.contract import Message, Usage
from bot.errors import BadSettings, JobFailed
from bot.workers.answer_loops import CHECK_PIECES, loops
from bot.workers.grace.values import find_object, merge
from bot.workers.protocols import CompletionUsage, LanguageModel, Prompt

_MAX_TRIES = 3
_TEMPERATURE_STEP = 0.3
"""What each retry adds to the temperature: at the same one, a small model repeats its answer."""

_MAX_QUOTE_CHARS = 1_000
_MAX_PROBLEM_CHARS = 120

Answer = TypeVar("Answer")
Show = Callable[[str], None]
"""Called with the answer so far, while the model generates it."""


class AnswerTooLong(JobFailed):
    """The model did not end its answer; a smaller piece of text may help."""

    code = "answer_too_long"


@dataclass(slots=True)
class UsageTotal:
    """The usage of all of a job's requests."""

    spent: list[CompletionUsage] = field(default_factory=list)

    def to_usage(self) -> Usage:
        """Return the sums; a model on this machine costs nothing."""
        return Usage(
            cost_usd=round(sum(s.cost_usd or 0.0 for s in self.spent), 6),
            input_tokens=sum(s.input_tokens for s in self.spent),
            output_tokens=sum(s.output_tokens for s in self.spent),
        )


class RetryingModel:
    """A language model whose answers are checked, and requested again if they are invalid.

    Args:
        usage_total: Collects the usage of every answer, also of invalid ones.
    """

    def __init__(self, model: LanguageModel, usage_total: UsageTotal) -> None:
        self._model = model
        self._usage_total = usage_total

    async def text(
        self, prompt: Prompt, show: Show, problem_of: Callable[[str], str] | None = None
    ) -> str:
        """Generate text.

        Args:
            prompt: The prompt.
            show: Called with the text so far.
            problem_of: What is wrong with a text, for the model; empty: nothing. It is asked once
                more then, and the first text stays if the second is no better.

        Raises:
            AnswerTooLong: Every try was cut off.
            JobFailed: Every answer was empty, or the model failed.
        """
        answer = await self._answer(prompt, _text, show)
        problem = problem_of(answer) if problem_of else ""
        if not problem_of or not problem:
            return answer
        again = replace(
            prompt,
            messages=_with_problem(prompt, answer, problem),
            temperature=prompt.temperature + _TEMPERATURE_STEP,
        )
        better = await self._answer(again, _text, show)
        return answer if problem_of(better) else better

    async def note(self, prompt: Prompt) -> str:
        """Generate text that may be empty or cut off; there is no retry."""
        answer, _ = await self._write(prompt, _show_nothing)
        return answer.strip()

    async def json_object(self, prompt: Prompt) -> dict[str, Any]:
        """Generate an object that fits `prompt.schema`, without repeats if the schema allows that.

        Raises:
            AnswerTooLong: Every try was cut off.
            JobFailed: No answer fits, or the model failed.
        """
        validator = Draft202012Validator(prompt.schema or {})
        return await self._answer(prompt, lambda answer: _object(answer, validator), _show_nothing)

    async def _answer(self, prompt: Prompt, read: Callable[[str], Answer], show: Show) -> Answer:
        failure = JobFailed("The model was not asked.")
        question = prompt
        for number in range(1, _MAX_TRIES + 1):
            answer, finish = await self._write(question, show)
            temperature = prompt.temperature + _TEMPERATURE_STEP * number
            if finish == "length":
                failure = AnswerTooLong("The model did not end its answer.", hint=_HINT)
                question = replace(
                    prompt, max_tokens=prompt.max_tokens * 2, temperature=temperature
                )
                continue
            try:
                return read(answer)
            except ValueError as e:
                failure = JobFailed(
                    f"The model's answer cannot be used: {e}.",
                    hint=_HINT,
                    service_code="unusable_answer",
                )
                question = replace(
                    prompt, messages=_with_problem(prompt, answer, str(e)), temperature=temperature
                )
        raise failure

    async def _write(self, prompt: Prompt, show: Show) -> tuple[str, str]:
        """Generate one answer. Returns it and why it ended; a loop ends it as too long."""
        answer, pieces = "", 0
        # close the stream at once, so that the model stops before garbage collection
        async with contextlib.aclosing(self._model.stream(prompt)) as stream:
            async for piece in stream:
                if isinstance(piece, CompletionUsage):
                    self._usage_total.spent.append(piece)
                    return answer, piece.finish_reason
                answer, pieces = answer + piece, pieces + 1
                show(answer)
                if pieces % CHECK_PIECES == 0 and loops(answer, prompt.messages[-1].content):
                    self._usage_total.spent.append(CompletionUsage(0, pieces, "length"))
                    return answer, "length"
        return answer, "stop"


_HINT = "Try again, or use a shorter text or a larger model (SKYDECK_LLM, or SKYDECK_LLM_MODEL)."


def check_schema(name: str, schema: dict[str, Any]) -> None:
    """Check that a schema is valid.

    Raises:
        BadSettings: It is not; the message names the module and the problem.
    """
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as e:
        where = ".".join(map(str, e.absolute_path))
        raise BadSettings(
            f"Grace's catalogue: {name}.json_schema{'.' + where if where else ''}: {e.message}."
        ) from None


def _show_nothing(_answer: str) -> None:
    """Show nothing: half a JSON value is of no use."""


def _text(answer: str) -> str:
    if not answer.strip():
        raise ValueError("it is empty")
    return answer.strip()


def _object(answer: str, validator: Draft202012Validator) -> dict[str, Any]:
    try:
        value: dict[str, Any] = find_object(answer)
    except json.JSONDecodeError as e:
        raise ValueError(f"it is not valid JSON ({e.msg})") from None
    for problem in validator.iter_errors(value):
        where = "/".join(map(str, problem.absolute_path)) or "the object"
        raise ValueError(f"{where}: {problem.message[:_MAX_PROBLEM_CHARS]}")
    united: dict[str, Any] = merge([value])  # a small model likes to repeat itself
    return united if validator.is_valid(united) else value


def _with_problem(prompt: Prompt, answer: str, problem: str) -> Sequence[Message]:
    if not answer.strip():
        return prompt.messages  # there is nothing to quote, so only the temperature changes
    return [
        *prompt.messages,
        Message(role="assistant", content=answer[:_MAX_QUOTE_CHARS]),
        Message(role="user", content=f"That cannot be used: {problem}. Write it again, rightly."),
    ]
