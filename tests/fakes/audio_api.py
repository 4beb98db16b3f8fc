"""OpenAI's audio routes on loopback: answers by script, with whatever bytes and headers it says."""

import asyncio
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.loopback_api import End, LoopbackApi, finish

KEY = "sk-an-audio-key-for-tests-0123456789"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer.

    Attributes:
        body: The bytes, or the pieces in which they are sent; may have no end.
        kind: The content type.
        status: Of HTTP.
        headers: More of them.
        end: How the connection ends.
        go: Awaited after the first piece.
    """

    body: bytes | Callable[[], Iterable[bytes]] = b""
    kind: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    end: End = End.WHOLE
    go: asyncio.Event | None = None

    @property
    def pieces(self) -> Iterable[bytes]:
        return [self.body] if isinstance(self.body, bytes) else self.body()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its fields, and the bytes of its file."""

    headers: dict[str, str]
    fields: dict[str, Any]
    file: bytes = b""


Script = Reply | Callable[[Asked], Reply]


class FakeAudio(LoopbackApi):
    """Answers in the order of the script, and the last for ever.

    Attributes:
        asked: Every request for a transcription or for speech.
        begun: Set when an answer's first bytes were written.
        sent: How many bytes were written.
    """

    root = "/v1"

    def __init__(self, *script: Script, voices: Script | None = None, key: str = KEY) -> None:
        super().__init__()
        self._script = script
        self._voices = voices
        self._key = key
        self.asked: list[Asked] = []
        self.begun = asyncio.Event()
        self.sent = 0

    def routes(self) -> list[web.RouteDef]:
        listing = [web.get("/audio/voices", self._list)] if self._voices is not None else []
        return [
            web.post("/audio/transcriptions", self._transcribe),
            web.post("/audio/speech", self._speak),
            *listing,
        ]

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        fields = {k: v for k, v in form.items() if isinstance(v, str)}
        upload = form["file"]
        assert isinstance(upload, web.FileField)
        with upload.file:
            asked = Asked(dict(request.headers), fields, upload.file.read())
        return await self._answer(request, asked)

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, Asked(dict(request.headers), await request.json()))

    async def _list(self, request: web.Request) -> web.StreamResponse:
        assert self._voices is not None
        asked = Asked(dict(request.headers), {})
        reply = self._voices if isinstance(self._voices, Reply) else self._voices(asked)
        return await self._send(request, reply)

    async def _answer(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        self.asked.append(asked)
        if self._key and asked.headers.get("Authorization") != f"Bearer {self._key}":
            return web.json_response({"detail": "Invalid API key"}, status=401)
        script = self._script[min(len(self.asked), len(self._script)) - 1]
        with self._noting_who_leaves():
            return await self._send(request, script if isinstance(script, Reply) else script(asked))

    async def _send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        headers = {"content-type": reply.kind, **reply.headers}
        response = web.StreamResponse(status=reply.status, headers=headers)
        await response.prepare(request)
        for number, piece in zip(itertools.count(), reply.pieces, strict=False):
            if number == 1 and reply.go is not None:
                await reply.go.wait()
            await response.write(piece)
            self.sent += len(piece)
            self.begun.set()
            await asyncio.sleep(0)
        return await finish(request, response, reply.end)
