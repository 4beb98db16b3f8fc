"""Protocols of a service and of the language model behind it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Protocol, runtime_checkable

from bot.contract import Message, Request, Response, Service
from bot.contract.pictures import Picture
from bot.errors import JobFailed


class Delivery(StrEnum):
    """How RunPod delivers a service's output.

    STREAM: the worker is a generator; every partial is a chunk of `/stream`, and the finished
    job's `output` is the list of all that it yielded (`return_aggregate_stream`).
    REPLY: the worker returns one response, which is the finished job's `output`; a partial is
    progress that `/status` shows while the job runs.
    """

    STREAM = "stream"
    REPLY = "reply"


class Handler(Protocol):
    """One service. Its models load on first use, and all jobs share them."""

    service: Service
    delivery: Delivery

    def handle(self, request: Request) -> AsyncGenerator[Response, None]:
        """Handle one contract.

        Yields partial responses (without `sequence`: the runtime numbers them) and, last, exactly
        one completed response that holds the whole result.

        Raises:
            SkydeckError: The input is bad or the work failed; the runtime turns it into a failed
                response. Cancellation arrives as `asyncio.CancelledError`.
        """

    async def warm_up(self) -> None:
        """Load the models and run them once, so that the first job is as fast as the others."""

    async def close(self) -> None:
        """Unload the models."""


class Slot(IntEnum):
    """Which slot of the language model serves a prompt; each slot keeps its own prompt cache.

    Spoken turns have their own slot, so that nobody waits for a long build.
    """

    INTERACTIVE = 0
    BACKGROUND = 1


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may ask for in place of an answer; `schema` is its input's JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that a model asks for; its input is as the model wrote it."""

    name: str
    input: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request to a language model.

    Attributes:
        messages: The system prompt first. If it does not change, the model reuses its cache.
        schema: A JSON Schema that the model enforces while it generates.
        tools: For a model that `takes_tools`; others ignore them.
        pictures: They belong to the last message; who cannot see ignores them, or says so.
    """

    messages: Sequence[Message]
    max_tokens: int = 512
    temperature: float = 0.2
    schema: dict[str, Any] | None = None
    slot: Slot = Slot.BACKGROUND
    tools: Sequence[Tool] = ()
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class CompletionUsage:
    """What an answer cost, and why it ended (`stop`, or `length` if it was cut off).

    `tool_calls` are the tools that the model asks for.
    """

    input_tokens: int
    output_tokens: int
    finish_reason: str
    cost_usd: float | None = None
    tool_calls: tuple[ToolCall, ...] = ()


class PromptTooLong(JobFailed):
    """The prompt does not fit the model's window."""

    code = "prompt_too_long"


class LanguageModel(Protocol):
    """Generates text."""

    name: str
    context_chars: int
    """The longest prompt that leaves room for an answer, in characters; a low estimate."""
    takes_tools: bool
    """Whether it can be offered tools; else it chooses by a schema."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[str | CompletionUsage, None]:
        """Yield text as it comes, then `CompletionUsage` once. Closing it stops the model.

        Raises:
            ServiceFailed: The model cannot be loaded, or failed.
        """

    async def warm_up(self, prompt: Prompt | None = None) -> None:
        """Load the model, and put `prompt` into its slot's cache."""

    async def close(self) -> None:
        """Unload the model."""


@runtime_checkable
class SentenceReader(Protocol):
    """A language model that shows what it makes of a sentence."""

    name: str

    async def state(self, words: str) -> Sequence[float]:
        """The state of its last layer where it would begin to answer these words.

        Raises:
            ServiceFailed: The model cannot be loaded, or failed.
        """


async def complete(model: LanguageModel, prompt: Prompt) -> tuple[str, CompletionUsage]:
    """Generate the whole answer."""
    pieces: list[str] = []
    usage = CompletionUsage(0, 0, "stop")
    async for piece in model.stream(prompt):
        if isinstance(piece, CompletionUsage):
            usage = piece
        else:
            pieces.append(piece)
    return "".join(pieces), usage
