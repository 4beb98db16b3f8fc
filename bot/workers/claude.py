"""Claude as a language model, through the `anthropic` SDK (version 2, API version 2026-10-21)."""

import asyncio
import importlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.contract.pictures import Picture
from bot.errors import JobFailed, KeyRefused, RateLimited, ServiceUnreachable, SkydeckError
from bot.sanitize import quoted
from bot.workers.protocols import CompletionUsage, Prompt, ToolCall

if TYPE_CHECKING:
    from anthropic import APIStatusError, AsyncAnthropic
    from anthropic.types import Message

_SILENCE_S = 30.0
"""An answer that pauses for longer is lost: the API sends pings between its words."""
_CONNECT_S = 5.0

_CONTEXT_CHARS = 200_000
"""Every Claude reads twice as much, but Haiku 5.5 costs less under 100,000 tokens."""


@dataclass(frozen=True, slots=True)
class _Model:
    """The price of a model, and how it differs from the others.

    Attributes:
        usd_in: US dollars per million input tokens.
        usd_out: US dollars per million output tokens.
        no_thinking: The parameters that make it answer without thinking first, since a listener
            waits for the first word and thinking counts as output. Each model has its own, and
            rejects the others' with 400.
    """

    usd_in: float
    usd_out: float
    no_thinking: Mapping[str, Any] = field(default_factory=dict)

    def price(self, tokens_in: int, tokens_out: int) -> float:
        return round((tokens_in * self.usd_in + tokens_out * self.usd_out) / 1e6, 6)


_DISABLED = {"thinking": {"type": "disabled"}}
_LOW_EFFORT = {"output_config": {"effort": "low"}}
_MODELS = {
    "claude-haiku-4-5": _Model(1, 5),
    "claude-haiku-5-5": _Model(0.1, 0.5, _DISABLED),
    "claude-sonnet-4": _Model(3, 15),
    "claude-sonnet-5": _Model(2, 10, _DISABLED),
    "claude-sonnet-5-5": _Model(2, 10, {"thinking": {"type": "between_tools"}}),
    "claude-opus-4": _Model(5, 25),
    "claude-opus-5": _Model(5, 25, _DISABLED),
    "claude-opus-5-5": _Model(4, 20, _LOW_EFFORT),
    "claude-fable-5": _Model(10, 50, _LOW_EFFORT),
}
"""From Anthropic's overview of models, November 2026, by prefix of the model's name; the longest
match counts. Any other model works, at an unknown price."""


class Claude:
    """A `LanguageModel` behind Anthropic's API.

    It ignores a prompt's `temperature`, which the API does not take, and its `slot`.

    Args:
        base_url: Another address of the same API; None is Anthropic's own.
    """

    context_chars = _CONTEXT_CHARS
    takes_tools = True

    def __init__(self, key: SecretStr, *, model: str, base_url: str | None = None) -> None:
        self.name = model
        self._key = key
        self._base_url = base_url
        self._client: AsyncAnthropic | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | CompletionUsage, None]:
        """Yield text as it comes, then `CompletionUsage` once.

        Raises:
            KeyRefused: The API refuses the key.
            RateLimited: There were too many requests, and the wait is too long for a person.
            ServiceUnreachable: The API does not answer, or its answer broke off.
            JobFailed: The API answers with an error, or Claude declines to answer.
        """
        await self.warm_up()
        import anthropic  # noqa: PLC0415
        import httpx2  # noqa: PLC0415  (the SDK lets its errors through from a stream)

        final: Message | None = None
        try:
            async with self._connect().messages.stream(**self._request(prompt)) as reply:
                async for event in reply:
                    if event.type == "text":
                        yield event.text
                    elif event.type == "message_stop":
                        final = event.message
        except anthropic.APIStatusError as e:
            raise _as_error(e, self.name) from None  # the SDK's message may quote the question
        except (anthropic.AnthropicError, httpx2.HTTPError):
            raise _unreachable() from None
        yield self._usage(final)

    async def warm_up(self, prompt: Prompt | None = None) -> None:
        """Load the SDK, which takes a second; the first request opens the connection."""
        await asyncio.to_thread(importlib.import_module, "anthropic.resources.messages")

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _connect(self) -> "AsyncAnthropic":
        if self._client is None:
            import anthropic  # noqa: PLC0415

            from bot.workers.answer_limits import PLAIN, connection  # noqa: PLC0415
            from bot.workers.sdk_retries import MAX_RETRIES  # noqa: PLC0415

            self._client = anthropic.AsyncAnthropic(
                api_key=self._key.get_secret_value().strip(),
                base_url=self._base_url,
                timeout=anthropic.Timeout(_SILENCE_S, connect=_CONNECT_S),
                max_retries=MAX_RETRIES,
                default_headers=PLAIN,
                http_client=anthropic.DefaultAsyncHttpxClient(
                    **connection(self._base_url or "https://api.anthropic.com")
                ),
            )
        return self._client

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        messages = [m for m in prompt.messages if m.content.strip()]  # the API refuses empty ones
        turns = [m for m in messages if m.role != "system"]
        request: dict[str, Any] = {
            "model": self.name,
            "max_tokens": prompt.max_tokens,
            "messages": [{"role": m.role, "content": m.content} for m in turns],
        }
        if prompt.pictures and turns:
            request["messages"][-1]["content"] = _with_pictures(turns[-1].content, prompt.pictures)
        if system := "\n\n".join(m.content for m in messages if m.role == "system"):
            request["system"] = system
        if known := _known(self.name):
            request |= known.no_thinking
        if prompt.schema is not None:
            from anthropic import transform_schema  # noqa: PLC0415

            form = {"type": "json_schema", "schema": transform_schema(prompt.schema)}
            request["output_config"] = {**request.get("output_config", {}), "format": form}
        if prompt.tools:
            request["tools"] = [
                {"name": t.name, "description": t.description, "input_schema": dict(t.schema)}
                for t in prompt.tools
            ]
        return request

    def _usage(self, final: "Message | None") -> CompletionUsage:
        """Return what a complete answer cost; raise if it is none."""
        if final is None:
            raise _unreachable()
        if final.stop_reason == "refusal":
            raise JobFailed(
                "Claude declines to answer this.",
                hint="Ask in another way.",
                service_code="claude_refusal",
            )
        cut = final.stop_reason in {"max_tokens", "model_context_window_exceeded"}
        if cut and not any(block.type == "text" for block in final.content):
            raise JobFailed(
                "Claude had no tokens left for an answer.",
                hint="Allow more max_tokens, or choose a quicker ANTHROPIC_MODEL.",
                service_code="claude_max_tokens",
            )
        tokens_in, tokens_out = final.usage.input_tokens, final.usage.output_tokens
        known = _known(self.name)
        cost = known.price(tokens_in, tokens_out) if known else None
        calls = tuple(
            ToolCall(block.name, block.input) for block in final.content if block.type == "tool_use"
        )
        return CompletionUsage(tokens_in, tokens_out, "length" if cut else "stop", cost, calls)


def _with_pictures(text: str, pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """A message's blocks, in the order that Anthropic's reference on vision recommends."""
    shown: list[dict[str, Any]] = [
        {
            "type": "image",
            "source": {"type": "base64", "media_type": one.media_type, "data": one.data},
        }
        for one in pictures
    ]
    return [*shown, {"type": "text", "text": text}]


def _known(name: str) -> _Model | None:
    fitting = [prefix for prefix in _MODELS if name.startswith(prefix)]
    return _MODELS[max(fitting, key=len)] if fitting else None


def _unreachable() -> SkydeckError:
    return ServiceUnreachable(
        "Claude cannot be reached, or its answer broke off.",
        hint="Check the network, and try again.",
    )


_BUSY = {"overloaded_error", "api_error", "timeout_error"}


def _as_error(error: "APIStatusError", model: str) -> SkydeckError:
    """Convert an API error, without its message, which may quote the question.

    Its `type` counts before its status: an error in the middle of a stream has the status 200. One
    from a proxy has no type.
    """
    kind = error.type or ""
    match kind, error.status_code:
        case ("authentication_error" | "permission_error", _) | (_, 401 | 403):
            return KeyRefused("Claude refused the key.", hint="Check ANTHROPIC_API_KEY.")
        case ("rate_limit_error", _) | (_, 429):
            from bot.workers.sdk_retries import wait_s  # noqa: PLC0415

            wait = wait_s(error.response)
            when = f"in {wait:.0f} s" if wait else "in a minute"
            return RateLimited("Claude's rate limit is reached.", hint=f"Try again {when}.")
        case ("billing_error", _) | (_, 402):
            message, hint, busy = "Anthropic cannot bill this account.", "Check its credit.", False
        case ("not_found_error", _) | (_, 404):
            message, hint = f"There is no Claude model {quoted(model)}.", "Check ANTHROPIC_MODEL."
            busy = False
        case (_, status) if kind in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            message, hint, busy = "Claude is overloaded.", "Try again in a moment.", True
        case (_, status):
            message = f"Claude refused the request ({kind or f'HTTP {status}'})."
            hint, busy = "Check ANTHROPIC_MODEL, or send less text.", False
    code = f"claude_{kind or error.status_code}"
    return JobFailed(message, hint=hint, service_code=code, service_retryable=busy)
