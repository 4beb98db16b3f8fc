"""A language model that follows a script, and notes what it was asked."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from bot.workers.protocols import CompletionUsage, Prompt, PromptTooLong

Reply = str | tuple[str, str] | Exception
"""Words that end well, words and why they ended (`length`), or a failure."""


class ScriptedModel:
    """A `LanguageModel`.

    Args:
        script: The replies in order (the last one again and again), or a function of the prompt.
        context_chars: What it says that it can read.
        window_chars: What it really reads; a longer prompt is refused.
        pause_s: What it takes for each word.
    """

    name = "scripted"
    takes_tools = False

    def __init__(
        self,
        script: Sequence[Reply] | Callable[[Prompt], Reply],
        *,
        context_chars: int = 16_000,
        window_chars: int = 10_000_000,
        pause_s: float = 0,
    ) -> None:
        self.context_chars = context_chars
        self.prompts: list[Prompt] = []
        self.left_early = 0
        self.warmed = 0
        self._script = script
        self._window = window_chars
        self._pause_s = pause_s

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | CompletionUsage, None]:
        self.prompts.append(prompt)
        if sum(len(m.content) for m in prompt.messages) > self._window:
            raise PromptTooLong("The text does not fit the window.")
        reply = self._reply(prompt)
        if isinstance(reply, Exception):
            raise reply
        text, finish = (reply, "stop") if isinstance(reply, str) else reply
        words = text.split(" ")
        ended = False
        try:
            for number, word in enumerate(words):
                await asyncio.sleep(self._pause_s)
                yield word if number == 0 else f" {word}"
            ended = True
        finally:
            self.left_early += not ended
        yield CompletionUsage(10, len(words), finish)

    async def warm_up(self, prompt: Prompt | None = None) -> None:
        self.warmed += 1

    async def close(self) -> None:
        """Nothing to let go of."""

    @property
    def questions(self) -> list[str]:
        """The last message of every prompt."""
        return [prompt.messages[-1].content for prompt in self.prompts]

    def _reply(self, prompt: Prompt) -> Reply:
        if callable(self._script):
            return self._script(prompt)
        return self._script[min(len(self.prompts), len(self._script)) - 1]
