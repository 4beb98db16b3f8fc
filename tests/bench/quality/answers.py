"""Right answers to short questions in writing, by language and model."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bot.contract import Message, Service, Source, System
from bot.contract.penny import converse
from bot.errors import SkydeckError
from bot.languages import NO_HINTS
from bot.workers import text_language
from bot.workers.build import build_workers
from bot.workers.protocols import Handler, LanguageModel, Prompt, Slot, complete
from tests.bench.quality.findings import Chart, Section
from tests.bench.quality.judge import Question, is_right, questions
from tests.bench.quality.local_models import every_llm

QUESTIONS: Final = Path(__file__).with_name("questions.toml")
_PEER_TOKENS: Final = 60
_COLUMNS: Final = {
    ("unseen", "en"): "English, unseen",
    ("unseen", "es"): "Spanish, unseen",
    ("tuned", "en"): "English, tuned",
    ("tuned", "es"): "Spanish, tuned",
}


def measure(weights: Callable[[str], Path]) -> Section:
    """Ask every question of every model, and of the same model without anything of ours."""
    asked = questions(QUESTIONS)
    rows: dict[str, list[float | None]] = {}
    remarks = []
    for name, settings in every_llm().items():
        try:
            ours, alone, remark = asyncio.run(_ask(asked, settings, weights))
        except SkydeckError as e:
            ours, alone, remark = (
                [None] * len(_COLUMNS),
                [None] * len(_COLUMNS),
                f"could not run: {e}",
            )
        rows[f"skydeck, {name}"], rows[f"{name} alone"] = ours, alone
        remarks.append(f"{name}: {remark}")
    of = [sum(place(one) == column for one in asked) for column in _COLUMNS]
    chart = Chart(title="Right answers", unit="", groups=[*_COLUMNS.values()], rows=rows, of=of)
    return Section(
        title="Right answers",
        about=(
            "Short questions of general knowledge, asked in writing. An answer is right if it has "
            "one of the accepted answers as whole words, whatever their case, accents and signs. "
            "Nothing is tuned with the unseen half."
        ),
        inputs=f"{len(asked)} questions of `tests/bench/quality/questions.toml`, each asked once",
        peer="the same model, given the question and nothing else",
        charts=[chart],
        remarks=remarks,
    )


def place(question: Question) -> tuple[str, str]:
    """The column that a question belongs to."""
    return question.half, question.language


def rights(asked: Sequence[Question], answers: Sequence[str]) -> list[float | None]:
    """How many answers are right, by column; None where nothing was asked."""
    judged: dict[tuple[str, str], list[bool]] = {}
    for question, answer in zip(asked, answers, strict=True):
        judged.setdefault(place(question), []).append(is_right(answer, question.accepted))
    return [float(sum(judged[at])) if at in judged else None for at in _COLUMNS]


async def _ask(asked, settings, weights) -> tuple[list, list, str]:
    workers = build_workers(settings, weights, {Service.PENNY})
    unseen = [one for one in asked if one.half == "unseen"]
    try:
        answers = [await _answer(workers.handlers["penny"], one.text) for one in asked]
        alone = [await _alone(workers.models[0], one.text) for one in unseen]
    finally:
        await workers.close()
    for question, answer in zip(asked, answers, strict=True):
        if not is_right(answer, question.accepted):
            print(f"  {question.half} {question.text} {answer}", flush=True)
    foreign = sum(map(_is_foreign, asked, answers))
    remark = f"{foreign} of {len(asked)} answers in another language than the question"
    return rights(asked, answers), rights(unseen, alone), remark


async def _answer(penny: Handler, question: str) -> str:
    """What people get: the language told from the words, our prompt, and what is spoken of it."""
    request = converse(question, source=Source(system=System.DECK), params={"speak": False})
    text = ""
    async for response in penny.handle(request):
        text = response.text or text
    return text


async def _alone(model: LanguageModel, question: str) -> str:
    prompt = Prompt(
        messages=[Message(role="user", content=question)],
        max_tokens=_PEER_TOKENS,
        slot=Slot.INTERACTIVE,
    )
    return (await complete(model, prompt))[0]


def _is_foreign(question: Question, answer: str) -> bool:
    """Whether an answer is surely in another language."""
    found = text_language.decide_on(answer, NO_HINTS).code
    return found is not None and found != question.language
