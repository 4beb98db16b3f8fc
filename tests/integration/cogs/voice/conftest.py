"""The voice cog on the real bot: real speech, real ears, DAVE; Penny follows a script."""

# mypy: ignore-errors

import asyncio
import base64
import functools

import numpy as np
import pytest

from audio import codec, ogg
from audio.constants import OPUS_RATE_HZ
from bot.contract import Response, Service, Status
from tests.fakes.handlers import Scripted, echo
from tests.paths import CLIPS
from tests.waiting import ImpatientAsyncio, until

NEVER_S = 98_765.0
TONE_S = 0.2
WORD_S = 1.12, 1.66
"""The last word of `question.wav`, "France?"."""
TONE = codec.encode(
    np.sin(np.arange(int(TONE_S * 48_000)) / 20).astype(np.float32) / 2, OPUS_RATE_HZ
)
SOUND = base64.b64encode(ogg.mux(TONE)).decode()


class Penny(Scripted):
    """Hears the same words in every clip, and says the same in return.

    Attributes:
        hears: What she takes anybody to have said.
        says: What she answers.
        fails: Raised in place of an answer.
        action: What her answers come with.
        language: The language of what she hears.
        asked: The contracts, by module.
    """

    def __init__(self):
        super().__init__(self._answer, service=Service.PENNY)
        self.hears = "What is the capital of France?"
        self.says = "The capital of France is Paris."
        self.fails = None
        self.action = None
        self.language = None
        self.asked = []

    def modules(self):
        return [request.target.module for request in self.asked]

    async def _answer(self, request):
        self.asked.append(request)
        module = request.target.module
        if self.fails is not None and module != "SPEAK":
            raise self.fails
        if module == "TRANSCRIBE":
            yield _response(Status.COMPLETED, text=self.hears, transcript=self.hears)
            return
        said = str(request.input.data) if module == "SPEAK" else self.says
        heard = {"transcript": self.hears} if module == "CONVERSE" else {}
        if heard and self.language is not None:
            heard["language"] = self.language
        if heard:
            yield _response(Status.PARTIAL, **heard)
        for word in said.split():
            yield _response(Status.PARTIAL, text=f"{word} ")
        yield _response(Status.PARTIAL, audio={"data": SOUND, "format": "ogg", "text": said})
        action = {"action": self.action} if heard and self.action is not None else {}
        yield _response(Status.COMPLETED, text=said, audio={"data": SOUND}, **heard, **action)


def _response(status, **output):
    return Response.model_validate({"status": status, "output": output})


@functools.cache
def loaded(model):
    """Every bot of this process shares the models that hear: to load them takes 0.15 s."""
    from onnxruntime import SessionOptions
    from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return InferenceSession(model, options, providers=["CPUExecutionProvider"])


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """The chat is refreshed at once, not once a second, and the services end at once."""
    monkeypatch.setattr("bot.jobs.edit_throttle.MIN_S", 0.02)
    monkeypatch.setattr("uvicorn.server.asyncio", ImpatientAsyncio())
    monkeypatch.setattr("onnxruntime.InferenceSession", lambda model, *_, **__: loaded(model))


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.voice", "cogs.ops")


@pytest.fixture
def penny_says():
    """What Penny does."""
    return Penny()


@pytest.fixture
def handlers(penny_says):
    return {"penny": penny_says, "grace": Scripted(echo, service=Service.GRACE)}


@pytest.fixture(scope="session")
def word():
    """Half a second of real speech, a turn by itself; Penny's script says what she hears in it."""
    begins, ends = (round(at_s * OPUS_RATE_HZ) for at_s in WORD_S)
    return codec.decode(CLIPS / "question.wav", rate_hz=OPUS_RATE_HZ, limit_s=10)[begins:ends]


@pytest.fixture
def lounge(guild):
    return guild.voice_channel("Lounge")


@pytest.fixture
def hall(guild):
    return guild.voice_channel("Hall")


@pytest.fixture
def soon(deck):
    """Nobody is waited for long."""
    deck.get_cog("Voice").channels.alone_s = 0.2


@pytest.fixture
async def farewells(deck):
    """The timers at whose end it would leave a channel where nobody is; they never end."""
    loop, rooms = asyncio.get_running_loop(), deck.get_cog("Voice").channels
    timers, really_call_later = [], loop.call_later
    rooms.alone_s = NEVER_S

    def call_later(delay, *args, **options):
        timer = really_call_later(delay, *args, **options)
        if delay == NEVER_S:
            timers.append(timer)
        return timer

    loop.call_later = call_later
    yield timers
    loop.call_later = really_call_later


@pytest.fixture
async def called(deck, lounge, channel, ben):
    """Ben (in English) is in the lounge, and has called the bot; gives his speaker."""
    speaker = await ben.joins(lounge)
    reply = await ben.slash("/join", channel)
    await reply.done()
    return speaker


async def finished(line, since=0.0):
    """Wait until the bot has begun to speak since then, and has announced that it is done."""
    await line.until_speaking(since=since)

    def is_done():
        flags = [flag for at, flag in line.speaking if at >= since]
        return any(flags) and not flags[-1]

    await until(is_done)


def where_is_the_bot(sim, guild):
    """The voice channel that Discord has the bot in."""
    return sim.voice.states.where(sim.bot, guild.guild)
