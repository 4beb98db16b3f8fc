"""Anthropic's Messages API on loopback: answers by script, refuses what the real one does."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.loopback_api import End, Heard, ModelApi, Refusal, finish

KEY = "sk-ant-a-key-for-tests-0123456789"
_VERSION = "2026-10-21"
_FIELDS = {"model", "max_tokens", "messages", "system", "stream", "thinking"}
_FIELDS |= {"output_config", "tools"}
"""What we may send; this version of the API refuses the `temperature` of earlier ones."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One streamed answer.

    Attributes:
        pieces: The text, as it is written.
        stop_reason: Of `message_delta`.
        thinks: A thinking block comes before the text.
        calls: Tools that it asks for, and their inputs.
        error: The type of an `error` event that comes in place of the ending.
        end: How the stream ends, when there is no `error`.
    """

    pieces: tuple[str, ...] = ()
    stop_reason: str = "end_turn"
    input_tokens: int = 25
    output_tokens: int = 15
    thinks: bool = False
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
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
            index += 1
        for number, (name, given) in enumerate(self.calls):
            yield from _tool_use(index + number, name, given)
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


class FakeAnthropic(ModelApi):
    """Answers in the order of the script, and the last for ever."""

    route = "/v1/messages"

    def __init__(self, *script: Answer | Refusal) -> None:
        super().__init__()
        self._script = script

    async def _answer(self, request: web.Request, heard: Heard) -> web.StreamResponse:
        answer = _objection(heard) or self._next()
        if isinstance(answer, Refusal):
            error = {"type": answer.type, "message": f"Not with {heard.body}"}
            return web.json_response(
                {"type": "error", "error": error}, status=answer.status, headers=answer.headers
            )
        return await _stream(request, answer)

    def _next(self) -> Answer | Refusal:
        return self._script[min(len(self.heard), len(self._script)) - 1]


async def _stream(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for event in answer.events():
        data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        # Not on the borders of events: that is how a network delivers them.
        for part in (data[:20], data[20:]):
            await response.write(part)
            await asyncio.sleep(0)
    return await finish(request, response, answer.end)


def _objection(heard: Heard) -> Refusal | None:
    """What the real API refuses whatever was asked."""
    if heard.headers.get("Authorization") != f"Bearer {KEY}":
        return Refusal(401, "authentication_error")
    extra = heard.body.keys() - _FIELDS
    empty = [m for m in heard.body["messages"] if not str(m["content"]).strip()]
    misplaced = [m for m in heard.body["messages"] if m["role"] not in {"user", "assistant"}]
    if heard.headers.get("anthropic-version") != _VERSION or extra or empty or misplaced:
        return Refusal(400, "invalid_request_error")
    return None


def _tool_use(index: int, name: str, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    block = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
    yield {"type": "content_block_start", "index": index, "content_block": block}
    delta = {"type": "input_json_delta", "partial_json": json.dumps(given)}
    yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


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
