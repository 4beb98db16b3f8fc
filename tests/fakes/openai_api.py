"""OpenAI's chat completions on loopback: answers by script, refuses fields as other servers do."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.loopback_api import End, Heard, ModelApi, Refusal, finish

KEY = "sk-a-key-for-tests-0123456789"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        pieces: The text, as it is written.
        finish: The finish reason; empty: it has none.
        usage: What it took, if the server says so.
        error: The message of an error event in place of the ending.
        done: Whether `[DONE]` follows.
        end: How the connection ends.
        raw: Bytes in place of all this.
        streams: Whether it comes as events; else as one JSON object.
        wait: Awaited before the first byte.
        piece_bytes: How many bytes are sent at once; not on the borders of events, as a network.
    """

    pieces: tuple[str, ...] = ()
    finish: str = "stop"
    usage: dict[str, Any] | None = None
    error: str = ""
    done: bool = True
    end: End = End.WHOLE
    raw: bytes = b""
    streams: bool = True
    wait: asyncio.Event | None = None
    piece_bytes: int = 50

    def body(self) -> bytes:
        """The whole answer."""
        if self.raw:
            return self.raw
        if not self.streams:
            message = {"role": "assistant", "content": "".join(self.pieces)}
            choice = {"index": 0, "message": message, "finish_reason": self.finish}
            return json.dumps({"choices": [choice], "usage": self.usage}).encode()
        chunks: list[object] = [
            {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
            for piece in self.pieces
        ]
        if self.error:
            chunks.append({"error": {"message": self.error, "type": "server_error"}})
        elif self.finish:
            chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": self.finish}]})
            chunks.append({"choices": [], "usage": self.usage})
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        return "".join(lines + ["data: [DONE]\n\n"] * (self.done and not self.error)).encode()


class FakeOpenAI(ModelApi):
    """Answers in the order of the script, and the last for ever.

    Attributes:
        models: What it says when it is asked for its models; nothing: there is no such route.
    """

    root, route = "/v1", "/chat/completions"
    models = b'{"data": [{"id": "mistral"}, {"id": "qwen3:4b"}]}'

    def routes(self) -> list[web.RouteDef]:
        return [*super().routes(), web.get("/models", self._list)]

    async def _list(self, _: web.Request) -> web.Response:
        return web.Response(status=200 if self.models else 404, body=self.models)

    def __init__(
        self, *script: Answer | Refusal, refuses: Collection[str] = (), key: str = KEY
    ) -> None:
        super().__init__()
        self._script = script
        self._refuses = refuses
        self._key = key
        self._answered = 0

    async def _answer(self, request: web.Request, heard: Heard) -> web.StreamResponse:
        if self._key and heard.headers.get("Authorization") != f"Bearer {self._key}":
            return _refused(401, "Incorrect API key provided.")
        for name in self._refuses:
            if name in heard.body:
                return _refused(400, f"Unsupported parameter: '{name}' is not supported.")
        answer = self._script[min(self._answered, len(self._script) - 1)]
        self._answered += 1
        if isinstance(answer, Refusal):
            words = answer.type or f"Not with {heard.body}"
            return _refused(answer.status, words, answer.headers)
        return await _stream(request, answer)


async def _stream(request: web.Request, answer: Answer) -> web.StreamResponse:
    if answer.wait is not None:
        await answer.wait.wait()
    kind = "text/event-stream" if answer.streams else "application/json"
    response = web.StreamResponse(headers={"content-type": kind})
    await response.prepare(request)
    body = answer.body()
    for begin in range(0, len(body), answer.piece_bytes):
        await response.write(body[begin : begin + answer.piece_bytes])
        await asyncio.sleep(0)
    return await finish(request, response, answer.end)


def _refused(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    error = {"error": {"message": message, "type": "invalid_request_error", "param": None}}
    return web.json_response(error, status=status, headers=headers)
