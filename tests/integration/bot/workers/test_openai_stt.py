"""Speech recognition behind OpenAI's audio transcriptions: what servers answer, and worse."""

import asyncio
import contextlib
import io
import itertools
import json
import logging
import traceback
import wave
from collections.abc import Callable

import numpy as np
import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.errors import BadInput, JobFailed, KeyRefused, RateLimited, ServiceUnreachable
from bot.languages import LanguageHints
from bot.workers.penny.openai_stt import OpenAITranscriber
from bot.workers.penny.recording import Recording
from bot.workers.penny.stt import TranscriptSegment
from tests.fakes.audio_api import KEY, Asked, FakeAudio, Reply
from tests.fakes.loopback_api import End
from tests.own_servers import assert_one_line, documented
from tests.paths import CLIPS

WORDS = "What is the capital of France?"
SPANISH = "¿Cuál es la capital de Portugal?"


def reply(value: object, **more) -> Reply:
    return Reply(json.dumps(value).encode(), **more)


OPENAI = reply({"task": "transcribe", "language": "english", "duration": 2.0, "text": WORDS})
SPEACHES = reply({
    "task": "transcribe", "language": "en", "duration": 2.0, "text": WORDS, "words": None,
    "segments": [{"id": 1, "seek": 0, "start": 0.0, "end": 2.0, "text": f" {WORDS}", "tokens": [1],
                  "temperature": 0.0, "avg_logprob": -0.2, "compression_ratio": 0.9,
                  "no_speech_prob": 0.01}],
})  # fmt: skip
VLLM = reply({
    "duration": "2.0", "language": "en", "text": f" {WORDS}",
    "segments": [{"id": 0, "avg_logprob": -1.0, "compression_ratio": -1.0, "text": WORDS}],
})  # fmt: skip
WHISPER_CPP = reply({
    "task": "transcribe", "language": "english", "duration": 2.0, "text": f" {WORDS}\n",
    "segments": [{"id": 0, "text": f" {WORDS}", "avg_logprob": -0.3, "no_speech_prob": 1e-10}],
    "detected_language": "english", "detected_language_probability": 0.98,
    "language_probabilities": {"en": 0.98, "nn": 0.01},
})  # fmt: skip
LOCALAI = reply({"segments": [{"id": 0, "start": 0, "end": 2_000_000_000, "text": WORDS}]})


@contextlib.asynccontextmanager
async def ears(*script: Reply | Callable[[Asked], Reply], key: str | None = KEY, local=None):
    async with FakeAudio(*script) as api:
        stt = OpenAITranscriber(
            api.url + "/",
            model="whisper-1",
            key=SecretStr(key) if key else None,
            clock=SystemClock(),
            local=local,
        )
        try:
            yield stt, api
        finally:
            await stt.close()


def clip(name: str = "question.wav") -> Recording:
    return Recording((CLIPS / name).read_bytes(), 300)


async def listen(stt: OpenAITranscriber, recording: Recording | None = None, **more):
    return [part async for part in stt.recognize((recording or clip()).chunks, **more)]


# What servers answer


@pytest.mark.parametrize(
    "answer",
    [
        *(OPENAI, SPEACHES, VLLM, WHISPER_CPP),
        *(LOCALAI, reply({"text": WORDS}), reply(WORDS), reply([{"text": WORDS}])),
        Reply(WORDS.encode() + b"\n", kind="text/plain"),
        Reply(f" {WORDS}\n".encode(), kind="text/html; charset=utf-8"),
        reply({"text": WORDS, "language": "klingon"}),
        reply({"text": WORDS, "language": None, "segments": None, "words": 7}),
        reply({"text": WORDS, "segments": [7, {"avg_logprob": "x", "no_speech_prob": True}]}),
        reply({"text": WORDS}, kind="text/plain"),
        Reply(b"\xef\xbb\xbf" + json.dumps({"text": WORDS}).encode()),
    ],
)
async def test_what_servers_answer_is_understood(answer: Reply):
    async with ears(answer) as (stt, _):
        [heard] = await listen(stt)
    assert (heard.text, heard.language) == (WORDS, "en")
    assert heard.end_s > 1


async def test_nothing_is_asked_while_somebody_still_speaks():
    async with ears(OPENAI) as (stt, api):
        assert await listen(stt, is_partial=True) == []
    assert not api.asked


async def test_the_request_is_what_servers_take():
    async with ears(OPENAI) as (stt, api):
        await listen(stt, name="Alfred")
    [asked] = api.asked
    assert asked.fields == {
        "model": "whisper-1",
        "response_format": "verbose_json",
        "prompt": "Alfred",
    }
    with wave.open(io.BytesIO(asked.file)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.getnframes() > 16_000


@pytest.mark.parametrize(("told", "pinned"), [("es", "es"), ("no", "nb"), ("es", "es-MX")])
async def test_a_language_that_was_set_is_told(told: str, pinned: str):
    async with ears(reply({"text": SPANISH, "language": "english"})) as (stt, api):
        [heard] = await listen(stt, hints=LanguageHints(pinned=pinned))
    assert api.asked[0].fields["language"] == told
    assert (heard.language, heard.is_sure) == (told, True)


@pytest.mark.parametrize(
    ("language", "code"),
    [("spanish", "es"), ("Spanish", "es"), ("castilian", "es"), ("es", "es"), ("ES", "es")],
)
async def test_a_language_may_be_told_by_name_or_code(language: str, code: str):
    async with ears(reply({"text": SPANISH, "language": language})) as (stt, _):
        [heard] = await listen(stt)
    assert (heard.language, heard.is_sure) == (code, True)


async def test_without_a_language_the_words_tell_it():
    async with ears(reply({"text": SPANISH})) as (stt, _):
        [heard] = await listen(stt)
    assert (heard.language, heard.is_sure) == ("es", False)


async def test_speech_taken_for_a_language_that_nobody_speaks_here_is_sent_again():
    def answer(asked: Asked) -> Reply:
        told = asked.fields.get("language")
        return reply({"text": SPANISH if told == "es" else "Cal es la capital?", "language": "gl"})

    async with ears(answer) as (stt, api):
        [heard] = await listen(stt, hints=LanguageHints(allowed={"en", "es"}))
    assert (heard.text, heard.language) == (SPANISH, "es")
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    ("clearness", "text", "language"), [(-0.2, SPANISH, "es"), (-0.9, "A capitol.", "en")]
)
async def test_a_short_clip_that_leaves_the_conversation_s_language_is_sent_as_that_too(
    clearness: float, text: str, language: str
):
    def answer(asked: Asked) -> Reply:
        is_spanish = asked.fields.get("language") == "es"
        segment = {"avg_logprob": clearness if is_spanish else -0.5, "no_speech_prob": 0.01}
        words, told = (SPANISH, "spanish") if is_spanish else ("A capitol.", "english")
        return reply({"text": words, "language": told, "segments": [segment]})

    spanish = LanguageHints(speaker=[{"es": 1.0}] * 4)
    async with ears(answer) as (stt, api):
        [heard] = await listen(stt, clip("pregunta.wav"), hints=spanish)
    assert (heard.text, heard.language, len(api.asked)) == (text, language, 2)


def takes(*formats: str, prompt: bool = True) -> Callable[[Asked], Reply]:
    """A server with only these forms of an answer, which refuses others as OpenAI or vLLM do."""

    def answer(asked: Asked) -> Reply:
        wanted = asked.fields.get("response_format", "")
        if wanted not in formats:
            return reply(
                {"error": {"message": f"response_format '{wanted}' is not compatible"}}, status=400
            )
        if "prompt" in asked.fields and not prompt:
            return reply({"detail": [{"loc": ["body", "prompt"], "msg": "extra"}]}, status=422)
        if not wanted or wanted == "text":
            return Reply(WORDS.encode(), kind="text/plain")
        return reply({"text": WORDS})

    return answer


@pytest.mark.parametrize(
    ("server", "requests"),
    [(takes("json"), 2), (takes(""), 3), (takes("json", prompt=False), 3)],
)
async def test_a_server_without_a_field_is_asked_without_it_from_then_on(server, requests: int):
    async with ears(server) as (stt, api):
        [heard] = await listen(stt, name="Alfred")
        assert len(api.asked) == requests
        await listen(stt, name="Alfred")
    assert heard.text == WORDS
    assert len(api.asked) == requests + 1


async def test_a_refusal_that_names_nothing_is_met_with_the_fewest_fields():
    def answer(asked: Asked) -> Reply:
        if asked.fields.keys() <= {"model"}:
            return reply({"text": WORDS})
        return reply({"detail": "bad request"}, status=400)

    async with ears(answer) as (stt, _):
        [heard] = await listen(stt, name="Alfred")
    assert heard.text == WORDS


async def test_a_failure_that_passes_does_not_change_what_is_asked_for():
    broken = reply({"detail": "out of memory"}, status=500, headers={"retry-after-ms": "1"})
    async with ears(*[broken] * 3, OPENAI) as (stt, api):
        with pytest.raises(JobFailed, match="HTTP 500"):
            await listen(stt, name="Alfred")
        await listen(stt, name="Alfred")
    assert api.asked[-1].fields == api.asked[0].fields
    assert len(api.asked) == 4


async def test_a_long_recording_is_sent_in_windows_of_speech():
    recording = clip("jfk.flac")
    async with ears(*(reply({"text": f"Part {n}.", "language": "en"}) for n in range(9))) as (
        stt,
        api,
    ):
        heard = await listen(stt, recording)
    starts = [part.start_s for part in heard]
    assert starts == sorted(starts)
    assert [part.text for part in heard] == [f"Part {n}." for n in range(len(api.asked))]


@pytest.mark.parametrize(
    "answer",
    [
        *(reply({"text": ""}), reply({"text": " \n"}), Reply(b"", kind="text/plain")),
        reply({"text": "Subtitles by the Amara.org community"}),
        reply({"text": "[BLANK_AUDIO]"}),
        reply({"text": "Thank you.", "segments": [{"avg_logprob": -0.9, "no_speech_prob": 0.8}]}),
    ],
)
async def test_what_nobody_said_is_nothing(answer: Reply):
    async with ears(answer) as (stt, _):
        assert await listen(stt) == []


async def test_silence_is_not_sent():
    silence = Recording(silent_wav(), 300)
    async with ears(OPENAI) as (stt, api):
        assert await listen(stt, silence) == []
    assert api.asked == []


def silent_wav() -> bytes:
    from audio.codec import wav

    return wav(np.zeros(32_000, np.float32), 16_000)


async def test_words_without_end_are_cut():
    async with ears(reply({"text": "so " * 100_000, "language": "en"})) as (stt, _):
        [heard] = await listen(stt)
    assert len(heard.text) < 500


# What goes wrong


DOCUMENTED = (
    "refused the key. Check SKYDECK_ASR_KEY",
    "has no model 'whisper-1'. Check SKYDECK_ASR_MODEL",
    "no audio transcriptions at this address. Check that SKYDECK_ASR_URL ends in /v1",
    "may still be loading its model",
    "it answered with a web page",
    "its answer is not JSON",
    "its answer has no text",
    "its answer is too long",
    "Check that its server runs, and SKYDECK_ASR_URL",
)
"""Of the failures below."""


def endless() -> Reply:
    pieces = lambda: itertools.repeat(b"x" * 1024 * 1024)  # noqa: E731
    return Reply(pieces, kind="text/plain")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (reply({"detail": "no"}, status=401), KeyRefused, "refused the key. Check SKYDECK_ASR_KEY"),
        (reply({"detail": "Model 'whisper-1' is not installed"}, status=404), JobFailed,
         "has no model 'whisper-1'. Check SKYDECK_ASR_MODEL"),
        (Reply(b"404 page not found", kind="text/plain", status=404), JobFailed,
         "no audio transcriptions at this address. Check that SKYDECK_ASR_URL ends in /v1"),
        (Reply(b"<html>Bad gateway</html>", kind="text/html", status=502), JobFailed,
         "fails (HTTP 502)"),
        (reply({"error": "loading"}, status=503), JobFailed, "may still be loading its model"),
        (reply({}, status=429, headers={"retry-after": "37"}), RateLimited, "Try again in 37 s"),
        (reply({}, status=302, headers={"location": "http://evil.example/x"}), JobFailed,
         "sends its callers on to http://evil.example"),
        (Reply(b"<!DOCTYPE html><p>Welcome", kind="text/html"), JobFailed, "with a web page"),
        (Reply(b"{{{{"), JobFailed, "its answer is not JSON"),
        (Reply(b""), JobFailed, "its answer is not JSON"),
        (Reply(b"[" * 100_000), JobFailed, "its answer is not JSON"),
        (reply({"text": "word " * 300_000}), JobFailed, "its answer is too long"),
        (reply({"text": 7}), JobFailed, "its answer has no text"),
        (reply({"text": ["a"]}), JobFailed, "its answer has no text"),
        (reply(7), JobFailed, "not a transcription"),
        (reply({}), JobFailed, "its answer has no text"),
        (reply({"error": {"message": "CUDA out of memory\n" * 99}}), JobFailed,
         "CUDA out of memory CUDA"),
        (Reply(b'{"text": "What is', end=End.RESET), ServiceUnreachable, "broke off"),
        (Reply(b"{}", headers={"content-encoding": "gzip"}), ServiceUnreachable, "broke off"),
        (endless(), ServiceUnreachable, "broke off"),
    ],
    ids=[
        *("key", "model", "route", "gateway", "loading", "429", "redirect", "page", "nonsense"),
        *("empty", "nested", "long", "number", "list", "bare number", "object", "error"),
        *("cut", "packed", "endless"),
    ],
)  # fmt: skip
async def test_each_failure_is_one_line_that_says_what_to_do(answer: Reply, error, words: str):
    async with ears(answer) as (stt, _):
        with pytest.raises(error) as caught:
            await listen(stt)
    assert_one_line(caught.value, words)


@pytest.mark.parametrize("words", DOCUMENTED)
def test_the_documents_show_the_words(words: str):
    assert words in documented()


async def test_nobody_at_the_address_is_unreachable():
    async with FakeAudio(OPENAI) as api:
        gone = api.url
    stt = OpenAITranscriber(gone, model="whisper-1", clock=SystemClock())
    with pytest.raises(ServiceUnreachable, match="Check that its server runs, and SKYDECK_ASR_URL"):
        await listen(stt)
    await stt.close()


async def test_silence_of_the_server_is_not_waited_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.workers.penny.openai_stt._SILENCE_S", 0.2)
    async with ears(Reply(b'{"text":', end=End.HANG)) as (stt, _):
        with pytest.raises(ServiceUnreachable):
            await listen(stt)


@pytest.mark.real_time  # the loop never rests, so virtual time would stand still
async def test_an_answer_that_drips_is_not_waited_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.workers.penny.openai_stt._MAX_WINDOW_S", 0.5)
    drips = lambda: itertools.repeat(b" ")  # noqa: E731
    async with ears(Reply(drips)) as (stt, _):
        with pytest.raises(ServiceUnreachable):
            await listen(stt)


async def test_a_language_that_does_not_exist_is_an_error_before_anything_is_sent():
    async with ears(OPENAI) as (stt, api):
        with pytest.raises(BadInput, match="There is no language"):
            await listen(stt, hints=LanguageHints(pinned="xx"))
    assert api.asked == []


async def test_a_short_503_is_tried_again():
    busy = reply({}, status=503, headers={"retry-after-ms": "1"})
    async with ears(busy, OPENAI) as (stt, _):
        [heard] = await listen(stt)
    assert heard.text == WORDS


async def test_the_key_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    async with ears(reply({"error": KEY}, status=400)) as (stt, _):
        with pytest.raises(JobFailed) as caught:
            await listen(stt)
        told = "".join(traceback.format_exception(caught.value)) + repr(vars(stt))
    assert KEY not in told
    assert KEY not in "".join(record.getMessage() for record in caplog.records)


async def test_a_key_that_no_header_can_hold_is_an_error():
    async with ears(OPENAI, key="sk-ü") as (stt, _):
        with pytest.raises(KeyRefused, match="SKYDECK_ASR_KEY has a character"):
            await listen(stt)


async def test_leaving_early_closes_the_connection():
    async with ears(Reply(b'{"text":', end=End.HANG)) as (stt, api):
        task = asyncio.create_task(listen(stt))
        await api.begun.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await api.left.wait()


# What stands in


class Local:
    """A recogniser that hears always the same."""

    def __init__(self) -> None:
        self.heard = 0

    async def recognize(self, sound, *, hints, name=""):
        self.heard += 1
        yield TranscriptSegment("Heard here.", "en", 0.0, 1.0)

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


async def test_the_local_model_stands_in_while_the_server_is_down(caplog):
    local = Local()
    async with ears(Reply(b"{", end=End.RESET), OPENAI, local=local) as (stt, api):
        for _ in range(3):
            [heard] = await listen(stt)
            assert heard.text == "Heard here."
        assert (len(api.asked), local.heard) == (1, 3)  # it is left alone for a while
        stt._outage._until = 0.0
        [heard] = await listen(stt)
        assert heard.text == WORDS
    said = [record.message for record in caplog.records if record.name.startswith("bot.")]
    assert len(said) == 2
    assert "cannot be reached" in said[0]
    assert "The local model recognises speech meanwhile." in said[0]


async def test_a_wrong_key_is_said_and_not_hidden():
    local = Local()
    async with ears(OPENAI, key="sk-wrong", local=local) as (stt, _):
        with pytest.raises(KeyRefused):
            await listen(stt)
    assert local.heard == 0
