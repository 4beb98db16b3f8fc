"""Reads an answer of OpenAI's chat completions as it streams. Pure, and tolerant."""

import codecs
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, Final

from bot.contract.foreign import words_of
from bot.reasoning import ReasoningFilter
from bot.sanitize import BYTE_ORDER_MARK
from bot.workers.protocols import CompletionUsage, Prompt

CHARS_PER_TOKEN: Final = 2.5
"""As for the local model: safe for English, Spanish and code."""
_MAX_CHARS_PER_TOKEN: Final = 20
"""Some servers ignore the limit of an answer."""
_MAX_EVENT_CHARS: Final = 1_000_000
"""Parsing holds the event loop: a megabyte takes milliseconds. No answer is as long."""
_MAX_COST_USD: Final = 1000
_THOUGHTS: Final = ("reasoning", "reasoning_content", "thinking")
"""Where Ollama, OpenRouter, vLLM, llama.cpp and LM Studio put a model's thoughts."""
_QUOTE_CHARS: Final = 40
_MAX_ERROR_CHARS: Final = 200


class ChatAnswer:
    """One answer of OpenAI's chat completions, read from events that may hold anything.

    Attributes:
        finish: Why it ended; empty: it did not.
        error: The server's own words about a failure; empty: there was none.
        is_over: Whether nothing more will come.
        has_thought: Whether there is a thought that the server marks as such.
        is_nonsense: Whether an event was nothing that a chat completion has.
    """

    def __init__(self, prompt: Prompt) -> None:
        self.finish = ""
        self.error = ""
        self.is_over = False
        self.has_text = False
        self.has_thought = False
        self.is_nonsense = False
        self._reasoning = ReasoningFilter()
        self._whole = codecs.getincrementaldecoder("utf-16-le")(errors="replace")
        self._max_chars = prompt.max_tokens * _MAX_CHARS_PER_TOKEN
        self._messages = [m for m in prompt.messages if m.content.strip()]
        self._chars_in = sum(len(m.content) for m in self._messages)
        self._chars_out = 0
        self._usage: Mapping[str, Any] = {}

    def take(self, data: str) -> str:
        """Read one event; returns the text in it."""
        if data.startswith("[DONE]"):
            self.is_over = True
            self.finish = self.finish or "stop"
            return ""
        chunk = _object(data)
        if chunk is None:
            self.is_nonsense = True
            return ""
        if error := chunk.get("error"):
            message = error.get("message") if isinstance(error, dict) else error
            self.error, self.is_over = self._without_question(_printable(str(message))), True
            return ""
        if isinstance(chunk.get("usage"), dict):
            self._usage = chunk["usage"]
        elif "choices" not in chunk:
            self.is_nonsense = True
        return self._choice(chunk.get("choices"))

    def rest(self) -> str:
        """Return text that was held back because it might have been a thought."""
        last = self._reasoning.feed(self._whole.decode(b"", final=True))
        return self._noted(last + self._reasoning.finish())

    def usage(self) -> CompletionUsage:
        """Return the tokens as the server counted them, else an estimate, and its price if told."""
        cost = self._usage.get("cost")  # OpenRouter's, in US dollars
        return CompletionUsage(
            _count(self._usage.get("prompt_tokens"), self._chars_in),
            _count(self._usage.get("completion_tokens"), self._chars_out),
            "length" if self.finish == "length" else "stop",
            float(cost) if isinstance(cost, int | float) and 0 <= cost < _MAX_COST_USD else None,
        )

    def _without_question(self, error: str) -> str:
        """Return the server's words on one line, unless they quote what a person wrote."""
        line = " ".join(error.split())
        if any(m.content.strip()[:_QUOTE_CHARS] in line for m in self._messages):
            return "its server gave no reason"
        return line[:_MAX_ERROR_CHARS]

    def _choice(self, choices: object) -> str:
        first = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, dict):
            return ""
        if isinstance(finish := first.get("finish_reason"), str):
            self.finish = finish
        # A server that cannot stream sends the whole message at once.
        delta = first.get("delta") or first.get("message")
        if not isinstance(delta, dict):
            return ""
        self.has_thought = self.has_thought or any(delta.get(name) for name in _THOUGHTS)
        content = delta.get("content")
        words = words_of(content) if isinstance(content, str | list) else None
        return self._noted(self._reasoning.feed(self._joined(words))) if words else ""

    def _joined(self, text: str) -> str:
        """Join a character whose two UTF-16 halves come apart; half a one becomes a sign for it."""
        return self._whole.decode(text.encode("utf-16-le", "surrogatepass"))

    def _noted(self, text: str) -> str:
        """Count what is answered, and cut it at the limit."""
        left = self._max_chars - self._chars_out
        if len(text) > left:
            self.finish, self.is_over = "length", True
            text = text[:left]
        self._chars_out += len(text)
        self.has_text = self.has_text or bool(text.strip())
        return text


def _count(tokens: object, chars: int) -> int:
    if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0:
        return tokens
    return round(chars / CHARS_PER_TOKEN)


def _printable(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _object(data: str) -> dict[str, Any] | None:
    if len(data) > _MAX_EVENT_CHARS:
        return None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


async def event_data(lines: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Yield the data of server-sent events; of a server that does not stream, the whole body."""
    whole: list[str] = []
    async for line in lines:
        line = line.removeprefix(BYTE_ORDER_MARK)  # noqa: PLW2901  (of the first one)
        if line.startswith("data:"):
            yield line.removeprefix("data:").strip()
        elif line.strip() and not line.startswith((":", "event:", "id:", "retry:")):
            whole.append(line)
    if whole:
        yield "\n".join(whole)
