"""An answer begins to sound before it is complete, in every script."""
# ruff: noqa: RUF001  (many scripts)

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.clock import SystemClock
from bot.contract import Message
from bot.workers.penny.converse import Turn, stream_reply
from bot.workers.penny.speech import Speech
from bot.workers.protocols import CompletionUsage, Prompt, Slot
from tests.unit.bot.workers.penny.test_speech import Voice

PROMPT = Prompt(messages=[], max_tokens=9, temperature=0.0, slot=Slot.INTERACTIVE)


class Writer:
    """A language model that ends its answer only once something was heard."""

    def __init__(self, begun: str, rest: str) -> None:
        self.heard = asyncio.Event()
        self._begun, self._rest = begun, rest

    async def stream(self, _: Prompt) -> AsyncIterator[str | CompletionUsage]:
        for sign in self._begun:
            yield sign
        async with asyncio.timeout(60):
            await self.heard.wait()
        yield self._rest
        yield CompletionUsage(1, 1, "stop")


@pytest.mark.parametrize(
    ("language", "begun", "rest"),
    [
        ("ja", "これはペンです。それ", "は本です。"),
        ("zh", "今天天气很好！你", "呢？"),
        ("hi", "यह एक किताब है। वह", " कलम है।"),
        ("ar", "هل أنت بخير؟ نعم", " بخير."),
        ("ur", "یہ کتاب ہے۔ وہ", " قلم ہے۔"),
        ("th", "เมืองหลวงของไทยคือกรุงเทพ ซึ่ง", "ใหญ่ที่สุด"),
        ("am", "ይህ መጽሐፍ ነው። ያ", " ብዕር ነው።"),
        ("en", "Here is some code: ```py\nx = 1", "\n```"),
    ],
)
async def test_the_first_phrase_sounds_while_the_rest_is_written(
    language: str, begun: str, rest: str
) -> None:
    writer, voice = Writer(begun, rest), Voice()
    speech = Speech(voice, language=language, voice=None)
    turn = Turn(SystemClock(), 0.0)
    async for response in stream_reply(turn, PROMPT, llm=writer, speech=speech):
        if response.audio is not None:
            writer.heard.set()
    assert turn.text == begun + rest
    assert len(voice.said) >= 2
    assert turn.audio is not None


class Looper:
    """A language model that ends its answer only where it is cut off."""

    def __init__(self, begun: str = "", unit: Sequence[str] = (", Javier", " Bardem")) -> None:
        self._begun, self._unit = begun, unit

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | CompletionUsage]:
        for piece in [
            self._begun,
            "Con",
            " Antonio",
            " Banderas",
            *[*self._unit] * prompt.max_tokens,
        ]:
            yield piece
        yield CompletionUsage(0, prompt.max_tokens, "length")


def asks(question: str) -> Prompt:
    return Prompt(messages=[Message(role="user", content=question)], max_tokens=40)


async def test_an_answer_that_repeats_itself_is_stopped_and_spoken_once() -> None:
    voice, turn = Voice(), Turn(SystemClock(), 0.0)
    speech = Speech(voice, language="es", voice=None)
    async for _ in stream_reply(turn, asks("¿Quién actúa?"), llm=Looper(), speech=speech):
        pass
    assert turn.text == "Con Antonio Banderas, Javier Bardem…"
    assert " ".join(voice.said).count("Bardem") == 1
    assert 0 < turn.usage.output_tokens <= 12  # as soon as it is there four times


async def test_a_loop_needs_no_spaces() -> None:
    looper, turn = Looper(unit=["是的", "当然", "可以"]), Turn(SystemClock(), 0.0)
    async for _ in stream_reply(turn, asks("可以吗？"), llm=looper, speech=None):
        pass
    assert turn.text == "Con Antonio Banderas" + "是的当然可以" * 2 + "…"


@pytest.mark.parametrize(
    ("question", "begun"), [("Di: Javier Bardem", ""), ("¿Quién actúa?", "```py\n")]
)
async def test_what_somebody_wants_repeated_is_no_loop_and_neither_is_code(
    question: str, begun: str
) -> None:
    turn = Turn(SystemClock(), 0.0)
    async for _ in stream_reply(turn, asks(question), llm=Looper(begun), speech=None):
        pass
    assert turn.text.count("Bardem") == 40
