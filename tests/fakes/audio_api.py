"""OpenAI's audio routes on loopback: answers by script, with whatever bytes and headers it says."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.fakes.anthropic_api import End

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


class FakeAudio:
    """Answers in the order of the script, and the last for ever.

    Attributes:
        url: For `base_url`.
        asked: Every request for a transcription or for speech.
        begun: Set when an answer's first bytes were written.
        left: Set when a caller has closed the connection before the end of its answer.
        sent: How many bytes were written.
    """

    def __init__(self, *script: Script, voices: Script | None = None, key: str = KEY) -> None:
        self._script = script
        self._voices = voices
        self._key = key
        self.url = ""
        self.asked: list[Asked] = []
        self.left = asyncio.Event()
        self.begun = asyncio.Event()
        self.sent = 0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/audio/transcriptions", self._transcribe)
        app.router.add_post("/v1/audio/speech", self._speak)
        if self._voices is not None:
            app.router.add_get("/v1/audio/voices", self._list)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

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
        try:
            return await self._send(request, script if isinstance(script, Reply) else script(asked))
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise

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
        match reply.end:
            case End.RESET:
                assert request.transport
                request.transport.abort()
            case End.HANG:
                await asyncio.Event().wait()
        with contextlib.suppress(ConnectionError):
            await response.write_eof()
        return response
