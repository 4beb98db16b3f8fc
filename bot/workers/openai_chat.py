"""A language model behind any server that speaks OpenAI's chat completions.

Ollama, LM Studio, vLLM, llama.cpp's server, OpenRouter and OpenAI itself. Requests go through the
`openai` SDK (version 3); its answers are read here, because these servers differ in the details.
"""

import asyncio
import contextlib
import importlib
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.errors import JobFailed, KeyRefused, RateLimited, ServiceUnreachable, SkydeckError
from bot.sanitize import clean_line
from bot.workers.chat_answer import CHARS_PER_TOKEN, ChatAnswer, event_data
from bot.workers.protocols import CompletionUsage, Prompt, PromptTooLong

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

_SILENCE_S = 120.0
"""An answer that pauses for longer is lost. A server on a laptop may load its model first."""
_CONNECT_S = 5.0
_ANSWER_TOKENS = 1536
"""What a prompt leaves free of the window."""
_MAX_DIALECTS = 8
"""How often a request is tried; each refusal changes something."""
_NO_KEY: Final = "none"
"""The SDK insists on a key; servers without one ignore it."""
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
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HOST_CHARS: Final = 100


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server accepts of OpenAI's request; learned from its refusals.

    Attributes:
        length: The field that limits the answer. OpenAI's newer models refuse `max_tokens`.
        leaves_out: Fields that the server refuses.
        folds_system: Whether the model has no system role: its words begin the person's message.
    """

    length: str = "max_tokens"
    leaves_out: frozenset[str] = field(default_factory=frozenset)
    folds_system: bool = False

    def after(self, refusal: str, *, status: int = 400) -> "Dialect | None":
        """Return the dialect that avoids what `refusal`, the server's words, names; None: no idea.

        The order matters: OpenAI's refusal of `max_tokens` also names its replacement. A refusal
        that names nothing may be about any field.
        """
        if status not in _BAD_REQUEST:
            return None
        if self.length in refusal and self.length == "max_tokens":
            return replace(self, length="max_completion_tokens")
        for name, words in _OPTIONAL.items():
            if name not in self.leaves_out and any(word in refusal for word in words):
                return replace(self, leaves_out=self.leaves_out | {name})
        if not self.folds_system and any(words in refusal for words in _NO_SYSTEM):
            return replace(self, folds_system=True)
        bare = replace(self, leaves_out=self.leaves_out | _ANY_FIELD)
        return bare if status in _SAYS_FIELDS and bare != self else None


_OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "response_format": ("response_format", "json_schema", "schema", "grammar", "structured"),
    "stream_options": ("stream_options", "include_usage"),
    "temperature": ("temperature",),
    "stream": ("streaming", "'stream'", "`stream`", "stream="),
}
"""Fields that an answer can do without, and the words by which a server refuses each."""
_ANY_FIELD: Final = frozenset({"response_format", "stream_options", "temperature"})
_SAYS_FIELDS: Final = frozenset({400, 422})
"""Statuses of which a request without those fields may be the end."""
_NO_SYSTEM: Final = ("system role", "system message", "'system'", "`system`", "must alternate")
"""How servers and chat templates, as those of Gemma, say that there is no system role."""


class OpenAIChat:
    """A `LanguageModel` behind OpenAI's chat completions.

    It ignores a prompt's `slot`. Where the server cannot enforce a schema, the prompt asks for the
    JSON in words, and the caller checks the answer, as it does for every model.

    Args:
        base_url: The address up to and including `/v1`.
        model: The model's name there.
        key: The key; None: the server needs none.
        context_tokens: The model's window.
    """

    def __init__(
        self, base_url: str, *, model: str, key: SecretStr | None = None, context_tokens: int = 8192
    ) -> None:
        self.name = model
        room = max(_ANSWER_TOKENS, context_tokens - _ANSWER_TOKENS)
        self.context_chars = int(room * CHARS_PER_TOKEN)
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._client: AsyncOpenAI | None = None
        self._dialect = Dialect()

    @property
    def host(self) -> str:
        """Where it is, for people: the host and port, without a password that the URL may hold."""
        parts = urlsplit(self._base_url)
        return parts.netloc.rpartition("@")[2]

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
            raise self._as_error(e) from None  # the message may quote the question
        except (openai.OpenAIError, httpx2.HTTPError):
            raise self._unreachable() from None
        if rest := answer.rest():
            yield rest
        yield self._usage(answer)

    async def warm_up(self, prompt: Prompt | None = None) -> None:
        """Load the SDK, which takes a second; the first request opens the connection."""
        await asyncio.to_thread(importlib.import_module, "openai.resources.chat.completions")

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _events(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Yield the data of each server-sent event, in a dialect that the server accepts."""
        import openai  # noqa: PLC0415

        api = self._connect().chat.completions.with_streaming_response
        dialect = self._dialect
        for _ in range(_MAX_DIALECTS):
            try:
                async with api.create(**_request(prompt, self.name, dialect)) as reply:
                    self._dialect = dialect
                    async for data in event_data(reply.iter_lines()):
                        yield data
            except openai.APIStatusError as e:
                refusal = _words(e)
                if any(words in refusal for words in _TOO_LONG):
                    raise PromptTooLong("The text does not fit the model's window.") from None
                changed = dialect.after(refusal, status=e.status_code)
                if changed is None:
                    raise
                dialect = changed
            else:
                return
        raise AssertionError("each refusal leaves a field out, and there are fewer fields")

    def _connect(self) -> "AsyncOpenAI":
        if self._client is None:
            import openai  # noqa: PLC0415

            from bot.workers.answer_limits import MAX_RETRIES, PLAIN, connection  # noqa: PLC0415

            self._client = openai.AsyncOpenAI(
                api_key=self._header_key(),
                organization="",  # not the user's own of OPENAI_ORG_ID: this is another server
                project="",
                base_url=self._base_url,
                timeout=openai.Timeout(_SILENCE_S, connect=_CONNECT_S),
                max_retries=MAX_RETRIES,
                default_headers=PLAIN,
                http_client=openai.DefaultAsyncHttpxClient(**connection(self._base_url)),
            )
        return self._client

    def _header_key(self) -> str:
        key = self._key.get_secret_value().strip() if self._key else _NO_KEY
        if not (key.isascii() and key.isprintable()):
            raise KeyRefused(
                "SKYDECK_LLM_KEY has a character that no key has.", hint="Copy the key again."
            )
        return key

    def _usage(self, answer: "ChatAnswer") -> CompletionUsage:
        """Return what a complete answer cost; raise if it is none."""
        if answer.error:
            raise self._failed(answer.error)
        if not answer.has_text and answer.is_nonsense:
            raise self._failed("its answer is not a chat completion")
        if not answer.finish:
            raise self._unreachable()
        if not answer.has_text:
            raise self._failed(_NO_ANSWER.get(answer.finish, "it answered nothing"))
        return answer.usage()

    def _failed(self, why: str) -> JobFailed:
        return JobFailed(
            f"The language model {self.name} at {self.host} failed: {why}.",
            hint="Try again, or check SKYDECK_LLM_URL and SKYDECK_LLM_MODEL.",
            service_code="llm_failed",
            service_retryable=True,
        )

    def _unreachable(self) -> SkydeckError:
        return ServiceUnreachable(
            f"The language model at {self.host} cannot be reached, or its answer broke off.",
            hint="Check that its server runs, and SKYDECK_LLM_URL.",
        )

    def _as_error(self, error: "APIStatusError") -> SkydeckError:
        """Convert a refusal, without its message, which may quote the question."""
        where = f"The language model's server {self.host}"
        match error.status_code:
            case 401 | 403:
                return KeyRefused(f"{where} refused the key.", hint="Check SKYDECK_LLM_KEY.")
            case 402:
                message, hint = f"{where} requires payment.", "Check the account's credit."
            case 404:
                message = f"{where} has no model {self.name!r}, or no chat completions."
                hint = "Check SKYDECK_LLM_MODEL, and that SKYDECK_LLM_URL ends in /v1."
            case status if status in _REDIRECTS:
                message = f"{where} sends its callers on to {_moved_to(error)}."
                hint = "Set SKYDECK_LLM_URL to the final address, if you trust it."
            case 429:
                from bot.workers.answer_limits import wait_s  # noqa: PLC0415

                wait = wait_s(error.response)
                when = f"in {wait:.0f} s" if wait else "in a minute"
                return RateLimited(f"{where} is asked too often.", hint=f"Try again {when}.")
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                message, hint = f"{where} fails (HTTP {status}).", "Try again in a moment."
            case status:
                message = f"{where} refused the request (HTTP {status})."
                hint = "Check SKYDECK_LLM_MODEL, or send less text."
        busy = error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        code = f"llm_{error.status_code}"
        return JobFailed(message, hint=hint, service_code=code, service_retryable=busy)


_NO_ANSWER: Final = {
    "length": "it used up its tokens before an answer",
    "content_filter": "its server withheld the answer",
}
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
    return {
        "model": model,
        "messages": _folded(messages) if dialect.folds_system else messages,
        "stream": streams,
        dialect.length: prompt.max_tokens,
        **{name: value for name, value in extra.items() if name not in refused},
    }


def _moved_to(error: "APIStatusError") -> str:
    address = error.response.headers.get("location", "")
    try:
        found = error.response.url.join(address)
    except ValueError:
        return "another address"
    return clean_line(f"{found.scheme}://{found.netloc.decode('ascii', 'replace')}")[:_HOST_CHARS]


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


def _words(error: "APIStatusError") -> str:
    """Return what a server says about a refusal; only searched, never shown."""
    return json.dumps(error.body, default=str)[:10_000].lower()
