"""Measures how soon a local language model has written the first sentence of an answer."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.contract import Context, System
from bot.settings import Device
from bot.workers.device import place_llama
from bot.workers.penny.phrasing import Phrasing
from bot.workers.penny.prompt import converse_prompt
from bot.workers.protocols import CompletionUsage, LanguageModel, Prompt
from bot.workers.qwen import Qwen

LIMIT_S: Final = 2.0
"""A trial that takes longer is stopped: the model is too slow for voice, however much slower."""
_TRIALS: Final = 2
"""The better one counts, since something else may run on the machine."""
_MIN_SHARE: Final = 0.75
"""With less than this share of its threads' time, the model was not alone on the processor."""
_QUESTION: Final = "What is the largest planet of our solar system, and how big is it?"
_MAX_TOKENS: Final = 40


def measure_first_sentence(model_file: Path, *, threads: int, device: Device) -> float | None:
    """Load a model, and return after how many seconds it has the first sentence of an answer.

    Blocks for the loading and twice `LIMIT_S` at most; runs a loop of its own.

    Returns:
        The seconds; None: something else kept the processor busy, so they mean nothing.

    Raises:
        WeightsError: The model cannot be loaded.
        JobFailed: The model failed.
    """
    on_gpu = place_llama(device) > 0
    model = Qwen(lambda: model_file, threads=threads, device=device)
    trials = asyncio.run(_measure(model))
    best = min(trials, key=lambda trial: trial.wall_s)
    is_fair = on_gpu or best.cpu_s >= _MIN_SHARE * threads * best.wall_s
    return best.wall_s if is_fair or best.wall_s < LIMIT_S / 2 else None


@dataclass(frozen=True, slots=True)
class _Measured:
    """How long it took, and how much of the processor this process had meanwhile, in seconds."""

    wall_s: float
    cpu_s: float


async def _measure(model: LanguageModel) -> list[_Measured]:
    try:
        await model.warm_up(_prompt("Hello", max_tokens=1))
        return [await _first_sentence(model) for _ in range(_TRIALS)]
    finally:
        await model.close()


async def _first_sentence(model: LanguageModel) -> _Measured:
    phrasing, began, used = Phrasing(), time.perf_counter(), time.process_time()
    with contextlib.suppress(TimeoutError):
        async with (
            asyncio.timeout(LIMIT_S),
            contextlib.aclosing(model.stream(_prompt(_QUESTION, max_tokens=_MAX_TOKENS))) as text,
        ):
            async for piece in text:
                if isinstance(piece, CompletionUsage) or phrasing.feed(piece):
                    break
    return _Measured(time.perf_counter() - began, time.process_time() - used)


def _prompt(question: str, *, max_tokens: int) -> Prompt:
    return converse_prompt(
        question,
        system=System.DECK,
        language="en",  # that of the question
        context=Context(),
        max_tokens=max_tokens,
        room_chars=4000,
    )
