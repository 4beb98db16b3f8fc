"""Anthropic's Messages API on loopback: answers by script, refuses what the real one does."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

from aiohttp import web

KEY = "sk-ant-a-key-for-tests-0123456789"
_VERSION = "2026-10-21"
_FIELDS = {"model", "max_tokens", "messages", "system", "stream", "thinking", "output_config"}
"""What we may send; this version of the API refuses the `temperature` of earlier ones."""


class End(Enum):
    """How a stream ends."""

    WHOLE = "message_stop, as it should"
    SHORT = "the body ends in good order, but without message_stop"
    RESET = "the connection breaks"
    HANG = "nothing more comes"


@dataclass(frozen=True, slots=True)
class Answer:
    """One streamed answer.

    Attributes:
        pieces: The text, as it is written.
        stop_reason: Of `message_delta`.
        thinks: A thinking block comes before the text.
        error: The type of an `error` event that comes in place of the ending.
        end: How the stream ends, when there is no `error`.
    """

    pieces: tuple[str, ...] = ()
    stop_reason: str = "end_turn"
    input_tokens: int = 25
    output_tokens: int = 15
    thinks: bool = False
    error: str = ""
    end: End = End.WHOLE

    def events(self) -> Iterator[dict[str, Any]]:
        yield {"type": "message_start", "message": self._message()}
        index = 0
        if self.thinks:
            yield from _block(index, "thinking", "thinking", ("Well, ", "let me see."))
            index += 1
        yield {"type": "ping"}
        if self.pieces:
            yield from _block(index, "text", "text", self.pieces, closed=self.end is End.WHOLE)
        if self.error:
            yield {"type": "error", "error": {"type": self.error, "message": "No room."}}
        elif self.end is End.WHOLE:
            yield {
                "type": "message_delta",
                "delta": {"stop_reason": self.stop_reason, "stop_sequence": None},
                "usage": {"output_tokens": self.output_tokens},
            }
            yield {"type": "message_stop"}

    def _message(self) -> dict[str, Any]:
        return {
            "id": "msg_01",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-4-5-20251001",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": self.input_tokens, "output_tokens": 1},
        }


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of HTTP status `status`; `type` is Anthropic's word for it."""

    status: int
    type: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """One request."""

    headers: dict[str, str]
    body: dict[str, Any]


class ModelApi:
    """An API of a language model on loopback; it has one route.

    Attributes:
        url: For `base_url`.
        heard: Every request.
        asked: Set when the first request has come.
        left: Set when a caller has closed the connection before the end of its answer.
    """

    root = ""
    route = ""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[Heard] = []
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post(self.root + self.route, self._asked)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}{self.root}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError


class FakeAnthropic(ModelApi):
    """Answers in the order of the script, and the last for ever."""

    route = "/v1/messages"

    def __init__(self, *script: Answer | Refusal) -> None:
        super().__init__()
        self._script = script

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        self.heard.append(Heard(dict(request.headers), await request.json()))
        answer = _objection(self.heard[-1]) or self._next()
        if isinstance(answer, Refusal):
            error = {"type": answer.type, "message": f"Not with {self.heard[-1].body}"}
            return web.json_response(
                {"type": "error", "error": error}, status=answer.status, headers=answer.headers
            )
        try:
            return await self._stream(request, answer)
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise

    def _next(self) -> Answer | Refusal:
        return self._script[min(len(self.heard), len(self._script)) - 1]

    async def _stream(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for event in answer.events():
            data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
            # Not on the borders of events: that is how a network delivers them.
            for part in (data[:20], data[20:]):
                await response.write(part)
                await asyncio.sleep(0)
        match answer.end:
            case End.RESET:
                assert request.transport
                request.transport.abort()
            case End.HANG:
                await asyncio.Event().wait()
        with contextlib.suppress(ConnectionError):
            await response.write_eof()
        return response


def _objection(heard: Heard) -> Refusal | None:
    """What the real API refuses whatever was asked."""
    if heard.headers.get("Authorization") != f"Bearer {KEY}":
        return Refusal(401, "authentication_error")
    extra = heard.body.keys() - _FIELDS
    empty = [m for m in heard.body["messages"] if not m["content"].strip()]
    misplaced = [m for m in heard.body["messages"] if m["role"] not in {"user", "assistant"}]
    if heard.headers.get("anthropic-version") != _VERSION or extra or empty or misplaced:
        return Refusal(400, "invalid_request_error")
    return None


def _block(
    index: int, kind: str, key: str, pieces: tuple[str, ...], *, closed: bool = True
) -> Iterator[dict[str, Any]]:
    yield {
        "type": "content_block_start",
        "index": index,
        "content_block": {"type": kind, key: "", **({"signature": ""} if kind != "text" else {})},
    }
    for piece in pieces:
        delta = {"type": f"{kind}_delta", key: piece}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    if closed:
        yield {"type": "content_block_stop", "index": index}
