"""What Penny takes in before a question is over."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from audio import codec
from bot.clock import SystemClock
from bot.contract import Context, Request, Source, System
from bot.contract.envelope import ContextPersona
from bot.contract.penny import audio_input, converse, transcribe
from bot.errors import JobFailed
from bot.workers.penny import early_transcripts
from bot.workers.penny.handler import PennyHandler
from bot.workers.penny.stt import TranscriptSegment
from bot.workers.protocols import CompletionUsage, Prompt
from tests.unit.bot.workers.penny.test_speech import Voice


class Ear:
    """A recogniser that says when it is asked, and answers when it may."""

    def __init__(self, text: str = "What is it?") -> None:
        self.text = text
        self.passes: list[bool] = []
        self.sought: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.is_asked = asyncio.Event()

    async def recognize(
        self,
        sound: object,
        *,
        hints: object,
        name: str,
        is_partial: bool = False,
        seeks_name: bool = False,
    ) -> AsyncIterator[TranscriptSegment]:
        self.passes.append(is_partial)
        self.sought.append(name if seeks_name else "")
        self.is_asked.set()
        await self.may_answer.wait()
        if self.text == "broken":
            raise JobFailed("It failed.", service_code="asr")
        if self.text:
            yield TranscriptSegment(self.text, "en", 0.0, 1.0)

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


class Brain:
    """A language model that notes its prompts."""

    name = "brain"
    context_chars = 10_000

    def __init__(self) -> None:
        self.read: list[list[str]] = []
        self.asked: list[list[str]] = []

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | CompletionUsage]:
        self.asked.append([m.content for m in prompt.messages])
        yield "It is."
        yield CompletionUsage(1, 1, "stop")

    async def warm_up(self, prompt: Prompt | None = None) -> None:
        assert prompt is not None
        self.read.append([m.content for m in prompt.messages])

    async def close(self) -> None: ...


def clip(pitch: int = 20) -> object:
    sound = np.sin(np.arange(16_000) / pitch).astype(np.float32) / 3
    return audio_input(codec.wav(sound, 16_000), format="wav")


def ask(question: object, *, prepare: bool) -> Request:
    params = {"prepare": True} if prepare else {"speak": False}
    return converse(question, source=Source(system=System.DECK), params=params)


async def last(handler: PennyHandler, request: Request) -> object:
    return [response async for response in handler.handle(request)][-1]


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def brain() -> Brain:
    return Brain()


@pytest.fixture
def penny(ear: Ear, brain: Brain) -> PennyHandler:
    return PennyHandler(stt=ear, llm=brain, tts=Voice(), clock=SystemClock())


async def test_a_clip_that_was_taken_in_is_not_recognised_again(penny, ear, brain) -> None:
    prepared = await last(penny, ask(clip(), prepare=True))
    assert (prepared.text or "", brain.asked) == ("", [])  # and nothing is said
    assert prepared.transcript is None  # the server keeps results for a while
    answered = await last(penny, ask(clip(), prepare=False))
    assert (answered.transcript, answered.text) == ("What is it?", "It is.")
    assert ear.passes == [True]
    assert brain.read == brain.asked  # the very same prompt


async def test_a_question_waits_for_the_pass_that_is_under_way(penny, ear, brain) -> None:
    ear.may_answer.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(last(penny, ask(clip(), prepare=True)))
        await ear.is_asked.wait()
        asked = group.create_task(last(penny, ask(clip(), prepare=False)))
        await asyncio.sleep(0)
        ear.may_answer.set()
    assert asked.result().text == "It is."
    assert ear.passes == [True]


async def test_another_clip_is_recognised(penny, ear) -> None:
    await last(penny, ask(clip(), prepare=True))
    await last(penny, ask(clip(pitch=30), prepare=False))
    assert ear.passes == [True, False]


@pytest.mark.parametrize("text", ["", "broken"])
async def test_where_the_first_pass_gives_nothing_the_question_has_its_own(
    penny, ear, brain, text
) -> None:
    ear.text = text
    request = ask(clip(), prepare=True)
    if text:
        with pytest.raises(JobFailed):
            await last(penny, request)
    else:
        await last(penny, request)
    ear.text = "What is it?"
    assert (await last(penny, ask(clip(), prepare=False))).text == "It is."
    assert (ear.passes, brain.read) == ([True, False], [])


async def test_without_a_clip_the_conversation_is_read(penny, ear, brain) -> None:
    await last(penny, ask("", prepare=True))
    assert (ear.passes, len(brain.read), brain.asked) == ([], 1, [])


async def test_what_nobody_asks_about_is_forgotten(penny, monkeypatch) -> None:
    await last(penny, ask(clip(), prepare=True))
    assert len(penny._early) == 1
    monkeypatch.setattr(early_transcripts, "_KEEP_S", 0)
    await last(penny, ask(clip(pitch=30), prepare=True))
    async with asyncio.timeout(5):
        while len(penny._early) > 1:  # noqa: ASYNC110  (a timer of the loop)
            await asyncio.sleep(0)
    await last(penny, ask(clip(), prepare=False))
    assert len(penny._early) == 0


async def test_what_is_called_off_leaves_nothing(penny, ear) -> None:
    ear.may_answer.clear()
    preparing = asyncio.create_task(last(penny, ask(clip(), prepare=True)))
    await ear.is_asked.wait()
    assert len(penny._early) == 1
    preparing.cancel()
    await asyncio.wait([preparing])
    assert len(penny._early) == 0


async def test_it_gives_way_to_a_question(penny, ear, brain) -> None:
    ear.may_answer.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(last(penny, ask(clip(), prepare=False)))
        await ear.is_asked.wait()
        await last(penny, ask(clip(pitch=30), prepare=True))
        assert ear.passes == [False]
        ear.may_answer.set()
    assert brain.read == []


async def test_a_chosen_name_is_sought_only_where_it_decides_whom_something_is_for(
    penny, ear
) -> None:
    source = Source(system=System.DECK)
    nova = Context(persona=ContextPersona(name="Nova"))
    for context in (None, nova):
        await last(penny, transcribe(clip(), source=source, context=context))
        await last(penny, converse(clip(), source=source, context=context))
    assert ear.sought == ["", "", "Nova", ""]
