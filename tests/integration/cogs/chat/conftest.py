"""Penny by a script: what she says depends on what she is asked."""

import asyncio

import numpy as np
import pytest

from audio import codec, ogg
from bot.contract import Audio, Output, Response, Service, Status, Usage
from bot.contract.envelope import InputType
from bot.errors import JobFailed
from bot.workers.protocols import Delivery
from tests.fakes.handlers import Scripted, completed, echo, partial


class Penny:
    """Remembers what she was asked."""

    def __init__(self) -> None:
        self.asked = []
        self.go_on = asyncio.Event()
        self.answers = {}
        self.responses = {}
        """Whole responses by module, for those that need more than words."""
        self.audio: bytes | None = None
        self.hears: list[tuple[str, str] | Exception | asyncio.Event] = []
        """What each of several recordings says, and in which language; an event: it takes long."""

    async def __call__(self, request):
        self.asked.append(request)
        text = "" if request.input.type is InputType.AUDIO else str(request.input.data)
        if request.target.module == "TRANSCRIBE" and self.hears:
            heard = self.hears.pop(0)
            if isinstance(heard, Exception):
                raise heard
            if isinstance(heard, asyncio.Event):
                await heard.wait()
            output = Output(type="text", text=heard[0], transcript=heard[0], language=heard[1])
            usage = Usage(audio_seconds=2.0, cost_usd=0.001)
            yield Response(status=Status.COMPLETED, output=output, usage=usage)
        elif request.target.module in self.responses:
            yield self.responses[request.target.module]
        elif "slowly" in text:
            yield partial("One, ")
            yield partial("two, ")
            await self.go_on.wait()
            yield completed("One, two, three.")
        elif "fail" in text:
            raise JobFailed("The model is out of order.")
        elif request.input.type is InputType.AUDIO or request.target.module == "SPEAK":
            yield self.spoken(text)
        else:
            yield completed(self.answers.get(text, f"You said: {text}"))

    def spoken(self, text: str) -> Response:
        import base64

        audio = Audio(data=base64.b64encode(self.audio or b"").decode(), format="ogg", text=text)
        output = Output(
            type="text", transcript="what time is it", text="Nine o'clock.", audio=audio
        )
        if text:
            output = Output(type="audio", audio=audio)
        return Response(status=Status.COMPLETED, output=output)


@pytest.fixture
def penny_script():
    return Penny()


@pytest.fixture
def handlers(penny_script):
    return {
        "penny": Scripted(penny_script, service=Service.PENNY),
        "grace": Scripted(echo, service=Service.GRACE, delivery=Delivery.REPLY),
    }


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat")


@pytest.fixture
def tone() -> bytes:
    """Two seconds of a tone, as Ogg Opus."""
    samples = np.sin(np.arange(32_000) / 20).astype(np.float32) * 0.5
    return ogg.mux(codec.encode(samples, 16_000))
