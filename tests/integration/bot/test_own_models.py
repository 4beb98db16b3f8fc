"""Servers of one's own that are slow, wrong, die in the middle or send nonsense: what people see.

The whole way: our client, the embedded service, Penny, the SDK, HTTP. `docs/own-models.md` shows
the same rows.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from audio.codec import wav
from bot.composition import WarmUp, open_services
from bot.contract import Request, Response, Service, Source
from bot.contract.penny import audio_input, converse
from bot.errors import SkydeckError
from bot.i18n import words_for
from bot.settings import Settings
from bot.workers.build import models_needed
from cogs.shared.error_messages import explain
from tests.fakes.audio_api import Asked, FakeAudio
from tests.fakes.audio_api import Reply as Sound
from tests.fakes.loopback_api import End, Refusal
from tests.fakes.openai_api import Answer, FakeOpenAI
from tests.own_servers import documented
from tests.paths import CLIPS

QUESTION = "What is the capital of France?"
PARIS = ("The capital ", "is Paris.")
MODEL = "llama3.2"


def chunk(delta: dict[str, object], finish: str | None = None) -> bytes:
    event = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
THINKS = chunk({"role": "assistant", "content": "", "reasoning": "The user asks for a city."})
CALLS = {"tool_calls": [{"id": "1", "function": {"name": "search", "arguments": "{}"}}]}


@dataclass(frozen=True, slots=True)
class Case:
    """What a language model's server does, and what people see of it.

    Attributes:
        does: In words, as in the table.
        answer: Its answers.
        written: What is written before the error, or the answer.
        error: The error's line; empty: there is none.
    """

    does: str
    answer: tuple[Answer | Refusal, ...]
    written: str = ""
    error: str = ""


def case(does: str, *answer: Answer | Refusal, written: str = "", error: str = "") -> Case:
    return Case(does, answer, written, error)


WHOLE = "".join(PARIS)
TRY_AGAIN = "Try again, or check SKYDECK_LLM_URL and SKYDECK_LLM_MODEL."
GONE = (
    "The language model's server HOST cannot be reached, or its answer broke off. "
    "Check that its server runs, and SKYDECK_LLM_URL."
)
NOW = {"retry-after-ms": "1"}


def failed(why: str) -> str:
    return f"The language model {MODEL} at HOST failed: {why}. {TRY_AGAIN}"


CASES = [
    case("answers", Answer(PARIS), written=WHOLE),
    case(
        "thinks in a field of its own first (`reasoning`, `thinking`)",
        Answer(raw=THINKS + chunk({"content": WHOLE}) + chunk({}, "stop") + DONE),
        written=WHOLE,
    ),
    case("sends no `[DONE]`", Answer(PARIS, done=False), written=WHOLE),
    case("sends the whole answer at once", Answer(PARIS, streams=False), written=WHOLE),
    case("is busy for a moment (429, 503)", Refusal(503, "", NOW), Answer(PARIS), written=WHOLE),
    case(
        "has not pulled the model",
        Refusal(404, f"model '{MODEL}' not found"),
        error=f"The language model's server HOST has no model '{MODEL}'. Check SKYDECK_LLM_MODEL; "
        f"the server may have to download the model first (ollama pull {MODEL}). "
        "It has: mistral, qwen3:4b.",
    ),
    case(
        "is asked without `/v1`",
        Refusal(404, "page not found"),
        error="The language model's server HOST has no chat completions at this address. "
        "Check that SKYDECK_LLM_URL ends in /v1, and SKYDECK_LLM_MODEL.",
    ),
    case(
        "wants a key, or another one",
        Refusal(401, ""),
        error="The language model's server HOST refused the key. Check SKYDECK_LLM_KEY.",
    ),
    case(
        "is asked too often for long (429)",
        Refusal(429, "", {"retry-after": "37"}),
        error="The language model's server HOST is asked too often. Try again in 37 s.",
    ),
    case(
        "still loads its model (503)",
        Refusal(503, "Loading model", NOW),
        error="The language model's server HOST is not ready (HTTP 503); it may still be loading "
        "its model. Try again in a moment.",
    ),
    case(
        "fails (500)",
        Refusal(500, "llama runner process no longer running", NOW),
        error="The language model's server HOST fails (HTTP 500). Try again in a moment.",
    ),
    case(
        "says an error in the middle",
        Answer(PARIS[:1], error="model runner has unexpectedly stopped"),
        written=PARIS[0].strip(),
        error=failed("model runner has unexpectedly stopped"),
    ),
    case(
        "dies in the middle",
        Answer(PARIS[:1], finish="", done=False, end=End.RESET),
        written=PARIS[0].strip(),
        error=GONE,
    ),
    case(
        "ends in the middle, as Ollama does when its runner stops",
        Answer(raw=chunk({"content": PARIS[0]}) + chunk({"content": ""})),
        written=PARIS[0].strip(),
        error=GONE,
    ),
    case("answers nothing", Answer(()), error=failed("it answered nothing")),
    case(
        "only thinks",
        Answer(raw=THINKS + chunk({}, "stop") + DONE),
        error=failed("it only thought"),
    ),
    case(
        "thinks until its tokens are used up",
        Answer(("<think>Well, ",), finish="length"),
        error=failed("it used up its tokens before an answer"),
    ),
    case(
        "calls a tool that nobody offered",
        Answer(raw=chunk(CALLS) + chunk({}, "tool_calls") + DONE),
        error=failed("it called a tool that nobody offered"),
    ),
    case(
        "answers with a web page, or nonsense",
        Answer(raw=b"<html>Welcome</html>"),
        error=failed("its answer is not a chat completion"),
    ),
    case(
        "sends its callers on",
        Refusal(307, "", {"location": "http://elsewhere.example/v1"}),
        error="The language model's server HOST sends its callers on to http://elsewhere.example. "
        "Set SKYDECK_LLM_URL to the final address, if you trust it.",
    ),
]


@contextlib.asynccontextmanager
async def penny(folder: Path, **urls: str):
    """A function that asks Penny; no model is on this machine."""
    settings = Settings(_env_file=None, skydeck_llm_model=MODEL, skydeck_weights_dir=folder, **urls)
    async with open_services(
        settings,
        fetch=lambda _, names: None,
        only={Service.PENNY},
        warm_up=WarmUp.NEVER,
    ) as services:

        async def ask(request: Request):
            """What was written, the last response, and the error."""
            written, last, error = "", None, None
            try:
                async with services.client.submit(request) as updates:
                    async for update in updates:
                        if (last := update.response) is not None and last.is_partial:
                            written += last.text
            except SkydeckError as e:
                error = e
            return written.strip(), last, error

        yield ask


def question(*, speak: bool = False, data: object = QUESTION) -> Request:
    return converse(data, source=Source(system="DECK"), params={"speak": speak})


@pytest.mark.parametrize("seen", CASES, ids=lambda c: c.does)
async def test_what_people_see_of_a_language_model_s_server(tmp_path: Path, seen: Case):
    async with (
        FakeOpenAI(*seen.answer, key="") as api,
        penny(tmp_path, skydeck_llm_url=api.url) as ask,
    ):
        written, last, error = await ask(question())
    assert written == seen.written
    if not seen.error:
        assert error is None
        assert last.text == seen.written
        return
    assert error is not None
    assert str(error).replace(api.url[7:-3], "HOST") == seen.error
    for locale in ("en", "es"):
        shown = explain(error, words_for(locale)).text
        assert words_for(locale)("errors.unexpected") not in shown
        assert QUESTION not in shown
        assert len(shown) < 600


@pytest.mark.parametrize(
    ("models", "named"),
    [
        (b"", ""),
        (b"<html>Welcome</html>", ""),
        (b"[" * 200_000, ""),
        (b'{"data": 7}', ""),
        (b'{"data": [{"id": 7}, "x"]}', ""),
        (b'{"data": []}', ""),
        (b'{"data": [{"id": "' + b"x" * 2_000_000 + b'"}]}', ""),
        (json.dumps({"data": [{"id": "a\x1b[31m\nb"}]}).encode(), " It has: a b."),
        (json.dumps({"data": [{"id": f"m{n}"} for n in range(9)]}).encode(),
         " It has: m0, m1, m2, m3, m4, m5, …."),
    ],
    ids=range(9),
)  # fmt: skip
async def test_whatever_a_server_says_of_its_models_the_error_can_be_read(tmp_path, models, named):
    refusal = Refusal(404, f"model '{MODEL}' not found")
    async with FakeOpenAI(refusal, key="") as api, penny(tmp_path, skydeck_llm_url=api.url) as ask:
        api.models = models
        _, _, error = await ask(question())
    assert str(error).endswith(f"(ollama pull {MODEL}).{named}")


async def test_a_server_that_loads_for_half_a_minute_is_waited_for(tmp_path: Path):
    go = asyncio.Event()
    slow = Answer(PARIS, wait=go)
    async with FakeOpenAI(slow, key="") as api, penny(tmp_path, skydeck_llm_url=api.url) as ask:
        asking = asyncio.create_task(ask(question()))
        async with asyncio.timeout(60):
            await api.asked.wait()
        assert not asking.done()
        go.set()
        written, _, error = await asking
    assert (written, error) == (WHOLE, None)


def test_the_documents_show_the_same():
    shown = documented()
    for seen in CASES:
        assert f"| {seen.does} | {row(seen)} |" in shown


def row(seen: Case) -> str:
    if not seen.error:
        return "the answer"
    return f"the words so far, then: {seen.error}" if seen.written else seen.error


# Ears and voices, together with the brain


def speech() -> bytes:
    t = np.arange(24_000) / 24_000
    return wav((0.3 * np.sin(2 * np.pi * 220 * t)).astype(np.float32), 24_000)


HEARD = Sound(json.dumps({"text": QUESTION, "language": "english"}).encode())
SPOKEN = Sound(speech(), kind="audio/wav")


def test_nothing_is_fetched_for_what_servers_do():
    settings = Settings(
        _env_file=None,
        skydeck_llm_url="http://x/v1",
        skydeck_llm_model=MODEL,
        skydeck_asr_url="http://x/v1",
        skydeck_tts_url="http://x/v1",
    )
    assert models_needed(settings, set(Service)) == []


class SpokenTurn(NamedTuple):
    """What people see of a turn that servers hear, answer and speak.

    Attributes:
        written: The answer as it was written.
        last: The last response; None if there is none.
        error: The error's line, with HOST for the servers' addresses; empty: there is none.
        asked: What the server that hears was sent.
    """

    written: str
    last: Response | None
    error: str
    asked: list[Asked]


async def spoken_turn(folder: Path, heard: Sound, spoken: Sound) -> SpokenTurn:
    clip = audio_input((CLIPS / "question.wav").read_bytes(), format="wav")
    async with (
        FakeOpenAI(Answer(PARIS), key="") as brain,
        FakeAudio(heard, key="") as ears,
        FakeAudio(spoken, key="") as voice,
        penny(
            folder,
            skydeck_llm_url=brain.url,
            skydeck_asr_url=ears.url,
            skydeck_tts_url=voice.url,
        ) as ask,
    ):
        written, last, error = await ask(question(speak=True, data=clip))
    said = str(error or "").replace(ears.url[7:-3], "HOST").replace(voice.url[7:-3], "HOST")
    return SpokenTurn(written, last, said, ears.asked)


async def test_a_spoken_turn_needs_no_model_on_this_machine(tmp_path: Path):
    turn = await spoken_turn(tmp_path, HEARD, SPOKEN)
    assert not turn.error
    assert (turn.last.transcript, turn.written) == (QUESTION, WHOLE)
    assert turn.last.audio.text == WHOLE
    assert turn.last.audio.duration_ms > 1_000
    assert "Alfred" in turn.asked[0].fields["prompt"]


@pytest.mark.parametrize(
    ("heard", "spoken", "words"),
    [
        (Sound(b"{}", status=401), SPOKEN, "The speech recognition server HOST refused the key."),
        (HEARD, Sound(b"<html>", kind="text/html"), "Speech by tts-1 at HOST failed: it sent text"),
    ],
)
async def test_ears_and_voices_that_fail_are_said(tmp_path: Path, heard, spoken, words: str):
    assert words in (await spoken_turn(tmp_path, heard, spoken)).error


async def test_leaving_an_answer_while_it_is_spoken_closes_the_voice_s_connection(tmp_path: Path):
    hanging = Sound(speech(), kind="audio/wav", end=End.HANG)
    async with FakeOpenAI(Answer(PARIS), key="") as brain, FakeAudio(hanging, key="") as voice:
        urls = {"skydeck_llm_url": brain.url, "skydeck_tts_url": voice.url}
        settings = Settings(
            _env_file=None, skydeck_llm_model=MODEL, skydeck_weights_dir=tmp_path, **urls
        )
        opened = open_services(
            settings, fetch=lambda *_: None, only={Service.PENNY}, warm_up=WarmUp.NEVER
        )
        async with opened as services, services.client.submit(question(speak=True)) as updates:
            async for update in updates:
                if update.response is not None and update.response.audio is not None:
                    break  # somebody speaks over it
        async with asyncio.timeout(60):
            await voice.left.wait()


async def test_a_voice_server_that_is_down_leaves_the_answer_spoken_by_espeak(tmp_path: Path):
    gone = "http://127.0.0.1:1/v1"
    async with (
        FakeOpenAI(Answer(PARIS), key="") as brain,
        penny(
            tmp_path, skydeck_llm_url=brain.url, skydeck_asr_url=gone, skydeck_tts_url=gone
        ) as ask,
    ):
        written, last, error = await ask(question(speak=True))
    assert (written, error) == (WHOLE, None)
    assert last.audio.duration_ms > 500
