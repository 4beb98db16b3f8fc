"""How much sooner a voice can begin with clauses that end before conjunctions.

Both ways read the same answers of a model, as they are written; the time is that of writing.

    python -m pytest -m bench tests/bench/test_first_clause.py -s
"""

import statistics
import time

import pytest

from bot.contract import Context, System
from bot.workers.penny.phrasing import Phrasing
from bot.workers.penny.prompt import converse_prompt
from bot.workers.protocols import CompletionUsage

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

QUESTIONS = {
    "en": [
        "Why is the sky blue?",
        "Why do cats purr?",
        "Why does ice float on water?",
        "How does a plane fly?",
        "What is the difference between a frog and a toad?",
        "Why do we sleep?",
        "What does the heart do?",
        "Is a tomato a fruit?",
        "Why are leaves green?",
        "What causes the tides?",
    ],
    "es": [
        "¿Por qué el cielo es azul?",
        "¿Por qué flota el hielo?",
        "¿Cómo vuela un avión?",
        "¿Por qué dormimos?",
        "¿Qué hace el corazón?",
        "¿Es el tomate una fruta?",
        "¿Por qué son verdes las hojas?",
        "¿Qué causa las mareas?",
    ],
}


@pytest.mark.parametrize("language", ["en", "es"])
async def test_when_the_first_phrase_is_written(qwen, language, capsys) -> None:
    ratios = []
    await qwen.warm_up()
    for question in QUESTIONS[language]:
        prompt = converse_prompt(
            question,
            system=System.DECK,
            language=language,
            context=Context(),
            max_tokens=60,
            room_chars=10_000,
        )
        ways = {"signs": Phrasing(), "conjunctions": Phrasing(language)}
        first: dict[str, float] = {}
        began = time.perf_counter()
        async for piece in qwen.stream(prompt):
            if isinstance(piece, CompletionUsage):
                continue
            for name, phrasing in ways.items():
                if phrasing.feed(piece) and name not in first:
                    first[name] = time.perf_counter() - began
            if len(first) == len(ways):
                break
        whole = time.perf_counter() - began
        ratios.append(first.get("signs", whole) / first.get("conjunctions", whole))
    sooner = [ratio for ratio in ratios if ratio > 1.0]
    with capsys.disabled():
        print(
            f"\n{language}: the first phrase is written {statistics.geometric_mean(ratios):.2f} "
            f"times as soon; in {len(sooner)} of {len(ratios)} answers sooner, there "
            f"{statistics.geometric_mean(sooner or [1.0]):.2f} times"
        )
