"""One turn of a conversation: hear, think, speak, each step beginning before the last has ended."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.contract import Audio, Output, Response, Status, Usage
from bot.errors import SkydeckError
from bot.workers.penny.phrasing import Phrasing
from bot.workers.penny.speech import Speech
from bot.workers.protocols import CompletionUsage, LanguageModel, Prompt


@dataclass(slots=True)
class Turn:
    """What one turn has come to, and when (milliseconds from its start)."""

    clock: Clock
    started: float
    transcript: str | None = None
    language: str | None = None
    audio_seconds: float | None = None
    text: str = ""
    audio: Audio | None = None
    spent: CompletionUsage | None = None
    marks: dict[str, float] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        """Note that `name` happened now, the first time it does."""
        self.marks.setdefault(name, round((self.clock.now() - self.started) * 1000, 1))

    def partial(self, **output: object) -> Response:
        """Only what is new."""
        return Response(status=Status.PARTIAL, output=Output.model_validate(output))

    def completed(self) -> Response:
        """The whole turn."""
        self.mark("total")
        output = {
            "type": "text",
            "data": self.text,
            "transcript": self.transcript,
            "language": self.language,
            "text": self.text,
            "audio": self.audio,
        }
        return Response(
            status=Status.COMPLETED,
            output=Output.model_validate({k: v for k, v in output.items() if v is not None}),
            usage=self._usage(),
            timings_ms=dict(self.marks),
        )

    def _usage(self) -> Usage:
        spent = self.spent or CompletionUsage(0, 0, "stop")
        usage = Usage(
            cost_usd=spent.cost_usd or 0.0,
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
        )
        if self.audio_seconds is None:
            return usage
        return usage.model_copy(update={"audio_seconds": round(self.audio_seconds, 3)})


async def stream_reply(
    turn: Turn, prompt: Prompt, *, llm: LanguageModel, speech: Speech | None
) -> AsyncGenerator[Response, None]:
    """Write the reply and speak it, phrase by phrase, while it is written.

    Yields text as it comes and audio as it is spoken; `turn` then holds the whole.

    Raises:
        SkydeckError: The model or the voice failed.
    """
    reply = _Reply(turn)
    try:
        async with asyncio.TaskGroup() as steps:
            steps.create_task(reply.write(llm, prompt))
            steps.create_task(reply.speak(speech))
            while (response := await reply.outbox.get()) is not None:
                yield response
    except* SkydeckError as group:
        raise _first_error(group) from None
    except* GeneratorExit:
        pass  # the caller has left, and the group has stopped both steps
    turn.text = turn.text.strip()


class _Reply:
    """The two steps that run side by side: one writes phrases, the other speaks them."""

    def __init__(self, turn: Turn) -> None:
        self.outbox: asyncio.Queue[Response | None] = asyncio.Queue()
        self._phrases: asyncio.Queue[str | None] = asyncio.Queue()
        self._turn = turn

    async def write(self, llm: LanguageModel, prompt: Prompt) -> None:
        phrasing = Phrasing()
        async for piece in llm.stream(prompt):
            if isinstance(piece, CompletionUsage):
                self._turn.spent = piece
                continue
            self._turn.mark("first_token")
            self._turn.text += piece
            self.outbox.put_nowait(self._turn.partial(text=piece))
            self._queue_phrases(phrasing.feed(piece))
        self._queue_phrases([*phrasing.finish(), None])

    def _queue_phrases(self, phrases: Sequence[str | None]) -> None:
        for phrase in phrases:
            self._phrases.put_nowait(phrase)

    async def speak(self, speech: Speech | None) -> None:
        while (phrase := await self._phrases.get()) is not None:
            if speech is not None:
                audio = await speech.say(phrase)
                self._turn.mark("first_audio")
                self.outbox.put_nowait(self._turn.partial(audio=audio))
        self._turn.audio = speech.finish() if speech is not None else None
        self.outbox.put_nowait(None)


def _first_error(group: BaseExceptionGroup[SkydeckError]) -> SkydeckError:
    """One error is enough for a person."""
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    if isinstance(inner, SkydeckError):
        return inner
    raise AssertionError("except* let another kind through")
