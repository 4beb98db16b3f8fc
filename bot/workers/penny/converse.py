"""One turn of a conversation: recognition, answer and speech, overlapping in time."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.contract import Audio, Output, Response, Status, Usage
from bot.contract.actions import Action
from bot.errors import SkydeckError, errors_in
from bot.plain_words import words_of
from bot.workers.answer_loops import CHECK_PIECES, looped_chars
from bot.workers.penny.phrasing import FENCE, Phrasing
from bot.workers.penny.speech import Speech
from bot.workers.penny.tts_language import TtsLanguage
from bot.workers.protocols import CompletionUsage, LanguageModel, Prompt


@dataclass(slots=True)
class Turn:
    """The results of a turn so far, and when each came, in milliseconds from its start.

    `choosing` is what the model used to choose an action.
    """

    clock: Clock
    started: float
    transcript: str | None = None
    language: TtsLanguage = field(default_factory=TtsLanguage)
    audio_seconds: float | None = None
    text: str = ""
    audio: Audio | None = None
    action: Action | None = None
    usage: CompletionUsage = field(default_factory=lambda: CompletionUsage(0, 0, "stop"))
    choosing: CompletionUsage = field(default_factory=lambda: CompletionUsage(0, 0, "stop"))
    marks: dict[str, float] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        """Note the time of `name`, the first time it happens."""
        self.marks.setdefault(name, round((self.clock.now() - self.started) * 1000, 1))

    def partial(self, **output: object) -> Response:
        """Return a response with new output."""
        return Response(status=Status.PARTIAL, output=Output.model_validate(output))

    def completed(self) -> Response:
        """Return a response with the whole turn."""
        self.mark("total")
        output = {
            "type": "text",
            "data": self.text,
            "transcript": self.transcript,
            "language": self.language.certain,
            "text": self.text,
            "audio": self.audio,
            "action": None if self.action is None else self.action.to_wire(),
        }
        return Response(
            status=Status.COMPLETED,
            output=Output.model_validate({k: v for k, v in output.items() if v is not None}),
            usage=self._usage(),
            timings_ms=dict(self.marks),
        )

    def _usage(self) -> Usage:
        spent = (self.choosing, self.usage)
        usage = Usage(
            cost_usd=round(sum(one.cost_usd or 0.0 for one in spent), 6),
            input_tokens=sum(one.input_tokens for one in spent),
            output_tokens=sum(one.output_tokens for one in spent),
        )
        if self.audio_seconds is None:
            return usage
        return usage.model_copy(update={"audio_seconds": round(self.audio_seconds, 3)})


async def stream_reply(
    turn: Turn, prompt: Prompt, *, llm: LanguageModel, speech: Speech | None
) -> AsyncGenerator[Response, None]:
    """Generate the reply, and speak each phrase as soon as it is complete.

    Yields text and audio as they come, and collects them in `turn`.

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
        raise errors_in(group)[0] from None  # a person needs no more
    except* GeneratorExit:
        pass  # the caller closed the generator, and the group stopped both steps
    turn.text = turn.text.strip()


class _Reply:
    """Two tasks that run side by side: one generates phrases, the other speaks them."""

    def __init__(self, turn: Turn) -> None:
        self.outbox: asyncio.Queue[Response | None] = asyncio.Queue()
        self._phrases: asyncio.Queue[str | None] = asyncio.Queue()
        self._turn = turn

    async def write(self, llm: LanguageModel, prompt: Prompt) -> None:
        phrasing, pieces, looped = Phrasing(self._turn.language.likely or ""), 0, 0
        async with contextlib.aclosing(llm.stream(prompt)) as stream:
            async for piece in stream:
                if isinstance(piece, CompletionUsage):
                    self._turn.usage = piece
                    continue
                self._turn.mark("first_token")
                self._turn.text += piece
                self.outbox.put_nowait(self._turn.partial(text=piece))
                self._queue_phrases(phrasing.feed(piece))
                pieces += 1
                if looped := self._looped_chars(pieces, prompt):
                    break
        self._queue_phrases([*phrasing.finish(unwanted_chars=looped), None])

    def _looped_chars(self, pieces: int, prompt: Prompt) -> int:
        """How much of the answer is a loop. The model is then stopped, and the loop taken away.

        Code may have the same line four times, and people may want something repeated.
        """
        text = self._turn.text
        is_code = text.count(FENCE) % 2
        looped = 0 if pieces % CHECK_PIECES or is_code else looped_chars(text)
        again = words_of(text[len(text) - looped :])[1:-1]  # whole words
        is_wanted = again and set(again) <= set(words_of(prompt.messages[-1].content))
        if not looped or is_wanted:
            return 0
        self._turn.text = text[:-looped].rstrip(" ,;") + "…"
        self._turn.usage = CompletionUsage(0, pieces, "length")
        return looped

    def _queue_phrases(self, phrases: Sequence[str | None]) -> None:
        for phrase in phrases:
            self._phrases.put_nowait(phrase)

    async def speak(self, speech: Speech | None) -> None:
        while (phrase := await self._phrases.get()) is not None:
            if speech is None:
                continue
            async with contextlib.aclosing(speech.say(phrase)) as pieces:
                async for audio in pieces:
                    self._turn.mark("first_audio")
                    self.outbox.put_nowait(self._turn.partial(audio=audio))
        if speech is not None:
            self._turn.audio = await asyncio.to_thread(speech.finish)
        self.outbox.put_nowait(None)
