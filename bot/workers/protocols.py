"""What a service is, and what it needs of the models, as Protocols."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Protocol

from bot.contract import Message, Request, Response, Service


class Delivery(StrEnum):
    """How RunPod delivers a service's output.

    STREAM: the worker is a generator; every partial is a chunk of `/stream`, and the finished
    job's `output` is the list of all it yielded (`return_aggregate_stream`).
    REPLY: the worker returns one response, which is the finished job's `output`; partials are
    progress, visible in `/status` while the job is in progress.
    """

    STREAM = "stream"
    REPLY = "reply"


class Handler(Protocol):
    """One service. The engines behind it load lazily and are shared between jobs."""

    service: Service
    delivery: Delivery

    def handle(self, request: Request) -> AsyncIterator[Response]:
        """Work on one contract.

        Yields partial responses (without `sequence`: the runtime numbers them) and, last, exactly
        one completed response that is whole by itself.

        Raises:
            SkydeckError: The input is bad or the work failed; the runtime turns it into a failed
                response. Cancellation arrives as `asyncio.CancelledError`.
        """
        ...

    async def warm_up(self) -> None:
        """Load the models and run them once, so that the first job is as quick as the others."""
        ...

    async def close(self) -> None:
        """Let go of the models."""
        ...


class Lane(IntEnum):
    """Which slot of the language model serves a prompt; each slot keeps its own prompt cache.

    Spoken turns have a slot of their own, so a long build never makes a person wait.
    """

    INTERACTIVE = 0
    BACKGROUND = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question to a language model.

    Attributes:
        messages: System prompt first (kept word for word the same, its cache is reused).
        max_tokens: The longest answer.
        temperature: 0 is always the likeliest word.
        schema: A JSON Schema that the answer must fit; enforced while it is written.
        lane: Who is waiting.
    """

    messages: Sequence[Message]
    max_tokens: int = 512
    temperature: float = 0.2
    schema: dict[str, Any] | None = None
    lane: Lane = Lane.BACKGROUND


@dataclass(frozen=True, slots=True)
class Spent:
    """What an answer took, and why it ended (`stop`, or `length` when it was cut off)."""

    input_tokens: int
    output_tokens: int
    finish: str
    cost_usd: float | None = None


class LanguageModel(Protocol):
    """Words in, words out."""

    name: str
    context_chars: int
    """How much text fits a prompt and leaves room for an answer, in characters, estimated low."""

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Spent]:
        """Pieces of text as they are written, then `Spent` once. Leaving early stops the model.

        Raises:
            ServiceFailed: The model cannot be loaded, or failed.
        """
        ...

    async def warm_up(self, prompt: Prompt | None = None) -> None:
        """Load, and read `prompt` once into its lane's cache."""
        ...

    async def close(self) -> None:
        """Let go of the memory."""
        ...


async def complete(model: LanguageModel, prompt: Prompt) -> tuple[str, Spent]:
    """The whole answer at once."""
    pieces: list[str] = []
    spent = Spent(0, 0, "stop")
    async for piece in model.stream(prompt):
        if isinstance(piece, Spent):
            spent = piece
        else:
            pieces.append(piece)
    return "".join(pieces), spent
