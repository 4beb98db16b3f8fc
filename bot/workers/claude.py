"""Claude as a language model, through the `anthropic` SDK."""

import json
from collections.abc import AsyncIterator
from typing import Any

from pydantic import SecretStr

from bot.errors import JobFailed, KeyRefused, ServiceUnreachable, SkydeckError
from bot.workers.ports import Prompt, Spent

_TIMEOUT_S = 30.0
_CONTEXT_CHARS = 400_000

_USD_PER_MILLION_TOKENS = {"haiku": (1.0, 5.0), "sonnet": (3.0, 15.0), "opus": (5.0, 25.0)}
"""Anthropic's list prices for input and output, by family."""


class Claude:
    """A `LanguageModel` behind Anthropic's API.

    Args:
        key: The API key.
        model: Which Claude.
        base_url: Another address of the same API; None is Anthropic's own.
    """

    context_chars = _CONTEXT_CHARS

    def __init__(self, key: SecretStr, *, model: str, base_url: str | None = None) -> None:
        self.name = model
        self._key = key
        self._base_url = base_url
        self._client: Any = None

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Spent]:
        """Pieces of text as they are written, then `Spent` once.

        Raises:
            KeyRefused: The key is not accepted.
            ServiceUnreachable: No answer.
            JobFailed: An answer that is an error.
        """
        import anthropic  # noqa: PLC0415  (heavy, and only needed with a key)

        try:
            async with self._connect().messages.stream(**self._request(prompt)) as reply:
                async for text in reply.text_stream:
                    yield text
                final = await reply.get_final_message()
        except anthropic.AnthropicError as e:
            raise _as_error(e) from e
        finish = "length" if final.stop_reason == "max_tokens" else "stop"
        tokens_in, tokens_out = final.usage.input_tokens, final.usage.output_tokens
        yield Spent(tokens_in, tokens_out, finish, _price(self.name, tokens_in, tokens_out))

    async def warm_up(self, prompt: Prompt | None = None) -> None:
        """Nothing to load; the connection opens with the first question."""

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    def _connect(self) -> Any:
        if self._client is None:
            import anthropic  # noqa: PLC0415

            self._client = anthropic.AsyncAnthropic(
                api_key=self._key.get_secret_value(),
                base_url=self._base_url,
                timeout=_TIMEOUT_S,
                max_retries=2,
            )
        return self._client

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        system = "\n\n".join(m.content for m in prompt.messages if m.role == "system")
        if prompt.schema is not None:
            system += "\n\nAnswer with one JSON object that fits this schema, and nothing else:\n"
            system += json.dumps(prompt.schema)
        return {
            "model": self.name,
            "max_tokens": prompt.max_tokens,
            "temperature": min(prompt.temperature, 1.0),
            "system": system,
            "messages": [
                {"role": m.role, "content": m.content}
                for m in prompt.messages
                if m.role != "system"
            ],
        }


def _price(model: str, tokens_in: int, tokens_out: int) -> float | None:
    for family, (usd_in, usd_out) in _USD_PER_MILLION_TOKENS.items():
        if family in model:
            return round((tokens_in * usd_in + tokens_out * usd_out) / 1e6, 6)
    return None


def _as_error(error: Exception) -> SkydeckError:
    """The SDK's messages can quote the request, so only their kind is passed on."""
    import anthropic  # noqa: PLC0415

    if isinstance(error, anthropic.AuthenticationError | anthropic.PermissionDeniedError):
        return KeyRefused("Claude refused the key.", hint="Check ANTHROPIC_API_KEY.")
    if isinstance(error, anthropic.APIConnectionError):
        return ServiceUnreachable("Claude cannot be reached.", hint="Check the network.")
    if isinstance(error, anthropic.APIStatusError):
        busy = error.status_code in {429, 500, 502, 503, 529}
        return JobFailed(
            f"Claude answered with HTTP {error.status_code}.",
            hint="Try again in a moment." if busy else "Check ANTHROPIC_MODEL.",
            service_code=f"claude_{error.status_code}",
            service_retryable=busy,
        )
    return JobFailed(f"Claude failed ({type(error).__name__}).", service_code="claude")
