"""A language model behind any server that speaks OpenAI's chat completions.

Ollama, LM Studio, vLLM, llama.cpp's server, OpenRouter and OpenAI itself. `openai_server` has the
connection, `chat_answer` reads the answers, because these servers differ in the details.
"""

import contextlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import SecretStr

from bot.contract.pictures import Picture
from bot.workers.chat_answer import CHARS_PER_TOKEN, ChatAnswer, event_data
from bot.workers.openai_server import LLM, OpenAIServer, words_of_refusal
from bot.workers.protocols import CompletionUsage, Prompt, PromptTooLong

_SILENCE_S = 120.0
"""An answer that pauses for longer is lost. A server on a laptop may load its model first."""
_ANSWER_TOKENS = 1536
"""What a prompt leaves free of the window."""
_MAX_DIALECTS = 8
"""How often a request is tried; each refusal changes something."""
_TOO_LONG: Final = (
    "context length",
    "context_length",
    "context size",
    "context window",
    "exceed_context",
)
"""How servers say that the prompt does not fit."""
_BAD_REQUEST: Final = frozenset({400, 404, 422, 500, 501})
"""Statuses by which servers refuse a field that they do not know."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server accepts of OpenAI's request; learned from its refusals.

    Attributes:
        length: The field that limits the answer. OpenAI's newer models refuse `max_tokens`.
        leaves_out: Fields that the server refuses.
        folds_system: Whether the model has no system role: its words begin the person's message.
        is_blind: Whether the model takes no pictures.
    """

    length: str = "max_tokens"
    leaves_out: frozenset[str] = field(default_factory=frozenset)
    folds_system: bool = False
    is_blind: bool = False

    def after(self, refusal: str, *, status: int = 400, sees: bool = False) -> "Dialect | None":
        """Return the dialect that avoids what `refusal`, the server's words, names; None: no idea.

        `sees`: the request has pictures.

        The order matters: OpenAI's refusal of `max_tokens` also names its replacement. A refusal
        that names nothing may be about any field.
        """
        if status not in _BAD_REQUEST:
            return None
        if sees and any(word in refusal for word in _PICTURES):
            return replace(self, is_blind=True)
        if self.length in refusal and self.length == "max_tokens":
            return replace(self, length="max_completion_tokens")
        for name, words in _OPTIONAL.items():
            if name not in self.leaves_out and any(word in refusal for word in words):
                return replace(self, leaves_out=self.leaves_out | {name})
        if not self.folds_system and any(words in refusal for words in _NO_SYSTEM):
            return replace(self, folds_system=True)
        bare = replace(self, leaves_out=self.leaves_out | _ANY_FIELD)
        if status in _SAYS_FIELDS and bare != self:
            return bare
        return replace(self, is_blind=True) if sees else None


_OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "response_format": ("response_format", "json_schema", "schema", "grammar", "structured"),
    "stream_options": ("stream_options", "include_usage"),
    "temperature": ("temperature",),
    "stream": ("streaming", "'stream'", "`stream`", "stream="),
}
"""Fields that an answer can do without, and the words by which a server refuses each."""
_PICTURES: Final = ("image", "picture", "vision", "multimodal", "mmproj", "modalit")
"""How servers say that a model takes no pictures."""
_ANY_FIELD: Final = frozenset({"response_format", "stream_options", "temperature"})
_SAYS_FIELDS: Final = frozenset({400, 422})
"""Statuses of which a request without those fields may be the end."""
_NO_SYSTEM: Final = ("system role", "system message", "'system'", "`system`", "must alternate")
"""How servers and chat templates, as those of Gemma, say that there is no system role."""


class OpenAIChat:
    """A `LanguageModel` behind OpenAI's chat completions.

    It ignores a prompt's `slot`. Where the server cannot enforce a schema, the prompt asks for the
    JSON in words, and the caller checks the answer, as it does for every model. It takes no tools:
    servers differ too much in them.

    Args:
        base_url: The address up to and including `/v1`.
        model: The model's name there.
        key: The key; None: the server needs none.
        context_tokens: The model's window.
    """

    takes_tools = False

    def __init__(
        self, base_url: str, *, model: str, key: SecretStr | None = None, context_tokens: int = 8192
    ) -> None:
        self.name = model
        room = max(_ANSWER_TOKENS, context_tokens - _ANSWER_TOKENS)
        self.context_chars = int(room * CHARS_PER_TOKEN)
        self._server = OpenAIServer(base_url, role=LLM, model=model, key=key)
        self._dialect = Dialect()

    @property
    def host(self) -> str:
        """Where it is, for people: the host and port, without a password that the URL may hold."""
        return self._server.host

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | CompletionUsage, None]:
        """Yield text as it comes, without the model's thoughts, then `CompletionUsage` once.

        Raises:
            KeyRefused: The server refuses the key, or wants one.
            RateLimited: There were too many requests, and the wait is too long for a person.
            ServiceUnreachable: The server does not answer, or its answer broke off.
            PromptTooLong: The prompt does not fit.
            JobFailed: The server answers with an error, or with nothing that can be read.
        """
        await self.warm_up()
        import httpx2  # noqa: PLC0415  (the SDK lets its errors through from a stream)
        import openai  # noqa: PLC0415

        answer = ChatAnswer(prompt)
        try:
            async with contextlib.aclosing(self._events(prompt)) as events:
                async for data in events:
                    if text := answer.take(data):
                        yield text
                    if answer.is_over:
                        break
        except openai.APIStatusError as e:
            raise await self._server.explained(e) from None  # its message may quote the question
        except (openai.OpenAIError, httpx2.HTTPError):
            raise self._server.unreachable() from None
        if rest := answer.rest():
            yield rest
        yield self._usage(answer)

    async def warm_up(self, prompt: Prompt | None = None) -> None:
        """Load the SDK, which takes a second; the first request opens the connection."""
        await self._server.load("chat.completions")

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()

    async def _events(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Yield the data of each server-sent event, in a dialect that the server accepts."""
        import openai  # noqa: PLC0415

        api = self._server.connect(silence_s=_SILENCE_S).chat.completions.with_streaming_response
        dialect = self._dialect
        for _ in range(_MAX_DIALECTS):
            try:
                async with api.create(**_request(prompt, self.name, dialect)) as reply:
                    self._dialect = dialect
                    async for data in event_data(reply.iter_lines()):
                        yield data
            except openai.APIStatusError as e:
                refusal = words_of_refusal(e)
                if any(words in refusal for words in _TOO_LONG):
                    raise PromptTooLong(
                        "The text does not fit the model's window.",
                        hint="Send less, or set SKYDECK_LLM_CONTEXT to the model's window.",
                    ) from None
                sees = bool(prompt.pictures) and not dialect.is_blind
                changed = dialect.after(refusal, status=e.status_code, sees=sees)
                if changed is None:
                    raise
                dialect = changed
            else:
                return
        raise AssertionError("each refusal leaves a field out, and there are fewer fields")

    def _usage(self, answer: "ChatAnswer") -> CompletionUsage:
        """Return what a complete answer cost; raise if it is none."""
        if answer.error:
            raise self._server.failed(answer.error)
        if not answer.has_text and answer.is_nonsense:
            raise self._server.failed("its answer is not a chat completion")
        if not answer.finish:
            raise self._server.unreachable()
        if not answer.has_text:
            usual = "it only thought" if answer.has_thought else "it answered nothing"
            raise self._server.failed(_NO_ANSWER.get(answer.finish, usual))
        return answer.usage()


_NO_ANSWER: Final = {
    "length": "it used up its tokens before an answer",
    "tool_calls": "it called a tool that nobody offered",
    "content_filter": "its server withheld the answer",
}
_UNSEEN: Final = "(You cannot see pictures. Say so, if the question is about one.)"
_IN_WORDS: Final = "Answer with one JSON object that fits this JSON Schema, and nothing else:\n"


def _request(prompt: Prompt, model: str, dialect: Dialect) -> dict[str, Any]:
    messages = [
        {"role": m.role, "content": m.content} for m in prompt.messages if m.content.strip()
    ]
    extra: dict[str, Any] = {
        "stream_options": {"include_usage": True},
        "temperature": prompt.temperature,
    }
    if prompt.schema is not None:
        form = {"name": "answer", "schema": prompt.schema}
        extra["response_format"] = {"type": "json_schema", "json_schema": form}
        if "response_format" in dialect.leaves_out:
            messages.append({"role": "system", "content": _IN_WORDS + json.dumps(prompt.schema)})
    streams = "stream" not in dialect.leaves_out
    refused = dialect.leaves_out if streams else dialect.leaves_out | {"stream_options"}
    sent = _folded(messages) if dialect.folds_system else messages
    return {
        "model": model,
        "messages": _with_pictures(sent, prompt.pictures, dialect) if prompt.pictures else sent,
        "stream": streams,
        dialect.length: prompt.max_tokens,
        **{name: value for name, value in extra.items() if name not in refused},
    }


def _with_pictures(
    messages: list[dict[str, str]], pictures: Sequence[Picture], dialect: Dialect
) -> list[dict[str, Any]]:
    """The messages, the last of the person's with pictures, or with word that they are not seen."""
    last = max(n for n, one in enumerate(messages) if one["role"] == "user")
    text = messages[last]["content"]
    content: Any = f"{text}\n\n{_UNSEEN}"
    if not dialect.is_blind:
        urls = [f"data:{one.media_type};base64,{one.data}" for one in pictures]
        shown = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        content = [{"type": "text", "text": text}, *shown]
    return [*messages[:last], {"role": "user", "content": content}, *messages[last + 1 :]]


def _folded(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The messages without a system role; the roles of the others alternate, the person first."""
    system = [m["content"] for m in messages if m["role"] == "system"]
    others = [m for m in messages if m["role"] != "system"]
    found: list[dict[str, str]] = [{"role": "user", "content": "\n\n".join(system)}]
    for message in others:
        last = found[-1]
        if last["role"] == message["role"]:
            last["content"] = f"{last['content']}\n\n{message['content']}".strip()
        else:
            found.append(dict(message))
    return found
