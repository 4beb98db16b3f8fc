"""llama.cpp's own means of speed, each beside what we use, on the same questions by turns.

python -m pytest -m bench tests/bench/test_llama_options.py -s
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.contract import Context, System
from bot.llm_source import SMALL, TINY
from bot.workers.penny.prompt import converse_prompt
from bot.workers.protocols import CompletionUsage
from bot.workers.qwen import Qwen
from tests.bench.test_turn import QUESTIONS

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

MAX_TOKENS = 40


def prompt(question: str, max_tokens: int = MAX_TOKENS):
    return converse_prompt(
        question,
        system=System.DECK,
        language="en",
        context=Context(),
        max_tokens=max_tokens,
        room_chars=10_000,
    )


def ways(weights) -> dict[str, Callable[[Any], None]]:
    """What each way changes."""
    import xllamacpp

    kind = xllamacpp.common_speculative_type
    flash = xllamacpp.llama_flash_attn_type

    def draft(params) -> None:
        params.speculative.types = [kind.COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE]
        drafter = params.speculative.draft
        drafter.mparams.path = str(weights(TINY) / "model.gguf")
        drafter.n_max, drafter.n_min, drafter.p_min, drafter.n_gpu_layers = 4, 0, 0.6, 0
        drafter.cpuparams.n_threads = drafter.cpuparams_batch.n_threads = params.cpuparams.n_threads

    def ngram(params) -> None:
        params.speculative.types = [kind.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
        of = params.speculative.ngram_simple
        of.size_n, of.size_m, of.min_hits = 2, 4, 1

    def plain_weights(params) -> None:
        params.no_extra_bufts = True

    def no_flash(params) -> None:
        params.flash_attn_type = flash.LLAMA_FLASH_ATTN_TYPE_DISABLED

    def one_thread(params) -> None:
        params.cpuparams.n_threads = 1

    return {
        "ours": lambda _: None,
        "drafts by the small model": draft,
        "drafts from the prompt": ngram,
        "weights not repacked": plain_weights,
        "no flash attention": no_flash,
        "writing with one thread": one_thread,
    }


async def measure(model: Qwen, question: str) -> tuple[float, float]:
    """Seconds to the first token, and from there to the end of the answer, a token."""
    await model.warm_up(prompt("Hi", 1))  # forget the question, not the instruction
    began, first, tokens = time.perf_counter(), 0.0, 0
    async for piece in model.stream(prompt(question)):
        if isinstance(piece, CompletionUsage):
            tokens = piece.output_tokens
        else:
            first = first or time.perf_counter() - began
    return first, (time.perf_counter() - began - first) / max(1, tokens - 1)


async def test_what_makes_the_larger_model_quicker(weights, threads, monkeypatch, capsys) -> None:
    import xllamacpp

    stock = xllamacpp.Server
    models: dict[str, Qwen] = {}
    for name, change in ways(weights).items():

        def start(params, change=change):
            change(params)
            return stock(params)

        monkeypatch.setattr(xllamacpp, "Server", start)
        models[name] = Qwen(lambda: weights(SMALL) / "model.gguf", threads=threads)
        await models[name].warm_up(prompt("Hello", 1))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    names = list(models)
    for number, question in enumerate(QUESTIONS):
        turned = number % len(names)
        for name in names[turned:] + names[:turned]:  # nobody always comes first
            found[name].append(await measure(models[name], question))
    for model in models.values():
        await model.close()
    with capsys.disabled():
        print("\nas a multiple of ours, medians of ratios: first token, each further token")
        for name, values in found.items():
            first, each = (
                statistics.median(v[i] / o[i] for v, o in zip(values, found["ours"], strict=True))
                for i in (0, 1)
            )
            print(f"  {name:28} {first:.2f}   {each:.2f}")
