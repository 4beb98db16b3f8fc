"""Voices behind OpenAI's audio speech: what servers send, and worse."""

import asyncio
import contextlib
import io
import itertools
import json
import logging
import struct
import traceback
from collections.abc import Callable

import av
import numpy as np
import pytest
from pydantic import SecretStr

from audio.codec import encode_to_ogg, wav
from bot.clock import SystemClock
from bot.errors import (
    BadInput,
    JobFailed,
    KeyRefused,
    RateLimited,
    ServiceUnreachable,
    WeightsError,
)
from bot.workers.penny.openai_tts import OpenAIVoices
from bot.workers.penny.standby_voices import StandbyVoices
from tests.fakes.audio_api import KEY, Asked, FakeAudio, Reply
from tests.fakes.loopback_api import End
from tests.own_servers import assert_one_line, documented

TEXT = "The capital of France is Paris."
KOKORO = Reply(json.dumps({"voices": ["af_heart", "am_adam", "ef_dora", "em_alex"]}).encode())


def tone(rate_hz: int = 24_000, seconds: float = 1.0) -> np.ndarray:
    t = np.arange(int(rate_hz * seconds)) / rate_hz
    return (0.3 * np.sin(2 * np.pi * 220 * t)).astype(np.float32)


def streamed_wav(size: int = 0xFFFFFFFF, rate_hz: int = 24_000) -> bytes:
    """A WAV whose writer did not know how long it would be."""
    data = bytearray(wav(tone(rate_hz), rate_hz))
    struct.pack_into("<I", data, 4, size)
    struct.pack_into("<I", data, 40, size)
    return bytes(data)


def pcm(rate_hz: int = 24_000) -> bytes:
    return (tone(rate_hz) * 32_767).astype("<i2").tobytes()


def packed(codec: str, form: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=form) as out:
        stream = out.add_stream(codec, rate=24_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone()[None, :], format="flt", layout="mono")
        frame.sample_rate = 24_000
        for part in (frame, None):
            resampled = av.AudioResampler(stream.codec_context.format or "s16", "mono", 24_000)
            frames = resampled.resample(part) if part is not None else [None]
            for one in frames:
                out.mux(stream.encode(one))
    return file.getvalue()


def pieces(data: bytes, size: int = 1_000) -> Callable[[], list[bytes]]:
    return lambda: [data[at : at + size] for at in range(0, len(data), size)]


WAV = streamed_wav()
SOUND = Reply(pieces(streamed_wav()), kind="audio/wav")


@contextlib.asynccontextmanager
async def voices(
    *script: Reply | Callable[[Asked], Reply], key: str | None = KEY, names=None, listed=None
):
    async with FakeAudio(*script, voices=listed) as api:
        tts = OpenAIVoices(
            api.url + "/", model="tts-1", key=SecretStr(key) if key else None, names=names
        )
        try:
            yield tts, api
        finally:
            await tts.close()


async def speak(tts, text: str = TEXT, language: str = "en", voice: str | None = None):
    """Its samples, rate, and number of pieces."""
    found = [sound async for sound in tts.stream(text, language=language, voice=voice)]
    assert [sound.is_last for sound in found] == [False] * (len(found) - 1) + [True]
    samples = np.concatenate([sound.samples for sound in found])
    return samples, found[0].rate_hz, len(found)


def seconds(samples: np.ndarray, rate_hz: int) -> float:
    return len(samples) / rate_hz


# What servers send


@pytest.mark.parametrize(
    ("answer", "rate_hz"),
    [
        (Reply(streamed_wav(), kind="audio/wav"), 24_000),
        (Reply(streamed_wav(0), kind="audio/wav"), 24_000),
        (Reply(streamed_wav(0x7FFFFFFF), kind="audio/x-wav"), 24_000),
        (Reply(pieces(wav(tone(22_050), 22_050)), kind="audio/wav"), 22_050),
        (Reply(wav(tone(16_000), 16_000), kind="application/octet-stream"), 16_000),
        (Reply(wav(tone(), 24_000), kind="text/plain"), 24_000),
        (Reply(wav(tone(), 24_000) + b"LIST\x04\0\0\0abcd", kind="audio/wav"), 24_000),
        (Reply(pieces(pcm(), 999), kind="audio/pcm"), 24_000),
        (Reply(pcm(22_050), kind="audio/pcm;rate=22050"), 22_050),
        (Reply(pcm(), kind="audio/L16; rate=24000; channels=1"), 24_000),
        (Reply(packed("libmp3lame", "mp3"), kind="audio/mpeg"), 24_000),
        (Reply(packed("flac", "flac"), kind="audio/flac"), 24_000),
        (Reply(encode_to_ogg([tone()], 24_000), kind="audio/ogg;codec=opus"), 24_000),
        (Reply(packed("pcm_f32le", "wav"), kind="audio/wav"), 24_000),
    ],
    ids=[
        *("streamed", "no length", "2 GB", "Piper's rate", "no type", "wrong type", "a tail"),
        *("pcm", "pcm at a rate", "L16", "mp3", "flac", "opus", "float"),
    ],
)
async def test_whatever_sound_a_server_sends_is_played(answer: Reply, rate_hz: int):
    async with voices(answer) as (tts, _):
        samples, rate, _ = await speak(tts)
    assert rate == rate_hz
    assert seconds(samples, rate) == pytest.approx(1.0, abs=0.1)
    assert 0.15 < np.sqrt(np.mean(samples**2)) < 0.25


async def test_a_wav_is_read_as_kokoro_fastapi_streams_it():
    """PyAV writes it into a buffer that is emptied after each piece."""
    buffer, sent = io.BytesIO(), []
    with av.open(buffer, "w", format="wav") as out:
        stream = out.add_stream("pcm_s16le", rate=24_000, layout="mono")
        samples = (tone() * 32_767).astype(np.int16)
        for at in range(0, len(samples), 5_000):
            frame = av.AudioFrame.from_ndarray(samples[None, at : at + 5_000], "s16", "mono")
            frame.sample_rate, frame.pts = 24_000, at
            out.mux(stream.encode(frame))
            sent.append(buffer.getvalue())
            buffer.seek(0)
            buffer.truncate(0)
    async with voices(Reply(lambda: sent, kind="audio/wav")) as (tts, _):
        played, rate, _ = await speak(tts)
    assert seconds(played, rate) == pytest.approx(1.0, abs=0.001)


async def test_two_wavs_in_one_answer_are_played_one_after_the_other():
    one = wav(tone(), 24_000)
    async with voices(Reply(pieces(one + one, 700), kind="audio/wav")) as (tts, _):
        samples, rate, _ = await speak(tts)
    assert seconds(samples, rate) == pytest.approx(2.0, abs=0.05)


async def test_stereo_is_mixed():
    data = wav(np.repeat(tone(), 2), 24_000)
    data = data[:22] + struct.pack("<H", 2) + data[24:32] + struct.pack("<H", 4) + data[34:]
    async with voices(Reply(pieces(data, 777), kind="audio/wav")) as (tts, _):
        samples, rate, _ = await speak(tts)
    assert seconds(samples, rate) == pytest.approx(1.0, abs=0.05)


async def test_sound_begins_with_the_first_piece():
    go = asyncio.Event()
    whole = streamed_wav()
    answer = Reply(lambda: [whole[:12_000], whole[12_000:]], kind="audio/wav", go=go)
    async with voices(answer) as (tts, _):
        stream = tts.stream(TEXT, language="en", voice=None)
        first = await anext(stream)
        assert not go.is_set()
        go.set()
        rest = [sound async for sound in stream]
    assert 0.1 < seconds(first.samples, first.rate_hz) < 0.4
    assert rest[-1].is_last


async def test_the_request_is_what_servers_take():
    async with voices(SOUND) as (tts, api):
        await speak(tts)
    [asked] = api.asked
    assert asked.fields == {
        "model": "tts-1", "input": TEXT, "voice": "alloy", "response_format": "wav",
    }  # fmt: skip


def only(*formats: str) -> Callable[[Asked], Reply]:
    sounds = {"pcm": pcm(), "mp3": packed("libmp3lame", "mp3"), "wav": streamed_wav()}

    def answer(asked: Asked) -> Reply:
        wanted = asked.fields["response_format"]
        if wanted not in formats:
            words = f"Invalid response_format: '{wanted}'"
            return Reply(json.dumps({"error": {"message": words}}).encode(), status=400)
        return Reply(sounds[wanted], kind="application/octet-stream")

    return answer


@pytest.mark.parametrize(("served", "requests"), [("wav", 1), ("pcm", 2), ("mp3", 3)])
async def test_a_server_without_a_format_is_asked_for_another_from_then_on(served, requests: int):
    async with voices(only(served)) as (tts, api):
        samples, rate, _ = await speak(tts)
        assert len(api.asked) == requests
        await speak(tts)
    assert len(api.asked) == requests + 1
    assert seconds(samples, rate) == pytest.approx(1.0, abs=0.1)


# Which voice


@pytest.mark.parametrize(
    ("names", "language", "expected"),
    [
        ({}, "en", "af_heart"),
        ({}, "es", "ef_dora"),
        ({}, "de", "af_heart"),
        ({"": "am_adam"}, "en", "am_adam"),
        ({"": "am_adam"}, "es", "ef_dora"),
        ({"": "custom"}, "es", "custom"),
        ({"es": "em_alex"}, "es", "em_alex"),
        ({"es": "em_alex", "": "am_adam"}, "es-MX", "em_alex"),
    ],
)
async def test_each_language_has_its_voice(names, language: str, expected: str):
    async with voices(SOUND, names=names, listed=KOKORO) as (tts, api):
        await speak(tts, language=language)
    assert api.asked[0].fields["voice"] == expected


async def test_a_list_that_fails_while_the_server_loads_is_asked_for_again():
    answers = iter([Reply(b"", status=503), KOKORO])
    async with voices(SOUND, listed=lambda _: next(answers)) as (tts, api):
        await tts.warm_up()
        await speak(tts, language="es")
    assert api.asked[0].fields["voice"] == "ef_dora"


@pytest.mark.parametrize(("pause_s", "then"), [(0.0, "ef_dora"), (3_600.0, "alloy")])
async def test_a_list_that_comes_too_late_is_asked_for_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch, pause_s: float, then: str
):
    monkeypatch.setattr("bot.workers.penny.openai_tts._LISTING_S", 0.05)
    monkeypatch.setattr("bot.workers.penny.openai_tts._LIST_PAUSE_S", pause_s)
    answers = iter([Reply(b"{", end=End.HANG)])
    async with voices(SOUND, listed=lambda _: next(answers, KOKORO)) as (tts, api):
        await tts.warm_up()
        monkeypatch.setattr("bot.workers.penny.openai_tts._LISTING_S", 30)
        await speak(tts, language="es")
    assert api.asked[0].fields["voice"] == then


NO_VOICE = Reply(
    json.dumps(
        {"detail": {"error": "validation_error", "message": "Voice 'bob' not found."}}
    ).encode(),
    status=400,
)


async def test_a_voice_that_the_server_lacks_is_an_error_that_lists_some():
    async with voices(NO_VOICE, listed=KOKORO) as (tts, _):
        with pytest.raises(BadInput) as caught:
            await speak(tts, voice="bob")
    said = str(caught.value)
    assert "has no voice 'bob'. It has: af_heart, am_adam, ef_dora, em_alex." in said


async def test_without_a_list_the_error_says_what_to_set():
    async with voices(NO_VOICE) as (tts, _):
        with pytest.raises(BadInput, match="Set SKYDECK_TTS_VOICE"):
            await speak(tts, voice="bob\n" * 999)


@pytest.mark.parametrize(
    "listed",
    [
        Reply(b"{{{"), Reply(b"[1, {}, null, {\"id\": 7}]"), Reply(b"<html>", status=404),
        Reply(b'{"voices": "many"}'), Reply(b"[" * 99_999),
        Reply(json.dumps(["af_heart", *["x" * 90] * 12_000]).encode()), Reply(b"", status=500),
    ],
)  # fmt: skip
async def test_a_list_of_nonsense_is_none(listed: Reply):
    async with voices(SOUND, listed=listed) as (tts, api):
        await speak(tts)
    assert api.asked[0].fields["voice"] == "alloy"


# What goes wrong


def noise() -> bytes:
    return wav(np.random.default_rng(1).uniform(-1, 1, 48_000).astype(np.float32), 24_000)


def silence() -> bytes:
    return wav(np.zeros(24_000, np.float32), 24_000)


def bad_rate(rate_hz: int) -> bytes:
    data = bytearray(wav(tone(), 24_000))
    struct.pack_into("<I", data, 24, rate_hz)
    return bytes(data)


DOCUMENTED = (
    "refused the key. Check SKYDECK_TTS_KEY",
    "has no voice 'bob'. It has: af_heart, am_adam, ef_dora, em_alex.",
    "it sent text/html, no sound",
    "text, not sound",
    "sound that cannot be read",
    "it sent noise",
    "it sent only silence",
    "it sent no sound",
    "its sound does not end",
    "it sent sound at 192000 Hz",
    "Check that its server runs, and SKYDECK_TTS_URL",
)
"""Of the failures below and above."""


def endless() -> Reply:
    head, body = streamed_wav()[:44], streamed_wav()[44:]
    return Reply(lambda: itertools.chain([head], itertools.repeat(body)), kind="audio/wav")


def gigabyte() -> Reply:
    return Reply(lambda: itertools.repeat(b"\xff\xfb" * 500_000, 1_000), kind="audio/mpeg")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Reply(b"{}", status=401), KeyRefused, "refused the key. Check SKYDECK_TTS_KEY"),
        (Reply(b'{"detail": "Unsupported model"}', status=404), JobFailed, "has no model 'tts-1'"),
        (Reply(b"404 page not found", status=404), JobFailed, "no audio speech at this address"),
        (Reply(b"{}", status=429, headers={"retry-after": "37"}), RateLimited, "Try again in 37 s"),
        (Reply(b"{}", status=503), JobFailed, "may still be loading its model"),
        (Reply(b"<html>", kind="text/html", status=502), JobFailed, "fails (HTTP 502)"),
        (Reply(b"<html>Hello", kind="text/html"), JobFailed, "it sent text/html, no sound"),
        (Reply(b'{"audio": 7}'), JobFailed, "it sent application/json, no sound"),
        (Reply(b"<html>Hello" * 9_000, kind="audio/wav"), JobFailed, "it sent text, not sound"),
        (Reply(b'{"error": "boom"}' * 9, kind="audio/pcm"), JobFailed, "it sent text, not sound"),
        (Reply(bytes(range(256)) * 400, kind="audio/wav"), JobFailed, "sound that cannot be read"),
        (Reply(noise(), kind="audio/wav"), JobFailed, "it sent noise"),
        (Reply(silence(), kind="audio/wav"), JobFailed, "it sent only silence"),
        (Reply(b"", kind="audio/wav"), JobFailed, "it sent no sound"),
        (Reply(silence()[:44], kind="audio/wav"), JobFailed, "it sent no sound"),
        (Reply(b"", kind="audio/pcm"), JobFailed, "it sent no sound"),
        (Reply(bad_rate(7), kind="audio/wav"), JobFailed, "sound that cannot be read"),
        (Reply(bad_rate(192_000), kind="audio/wav"), JobFailed, "it sent sound at 192000 Hz"),
        (endless(), JobFailed, "its sound does not end"),
        (gigabyte(), ServiceUnreachable, "broke off"),
        (Reply(WAV[:30_000], end=End.RESET, kind="audio/wav"), ServiceUnreachable, "broke off"),
        (Reply(b"x", headers={"content-encoding": "gzip"}), ServiceUnreachable, "broke off"),
    ],
    ids=[
        *("key", "model", "route", "429", "loading", "gateway", "page", "json", "page as sound"),
        *("json as pcm", "nonsense", "noise", "silence", "empty", "header only", "empty pcm"),
        *("7 Hz", "192 kHz", "endless", "1 GB", "cut", "packed"),
    ],
)  # fmt: skip
async def test_each_failure_is_one_line_that_says_what_to_do(answer: Reply, error, words: str):
    async with voices(answer) as (tts, api):
        with pytest.raises(error) as caught:
            await speak(tts)
        assert api.sent < 64_000_000
    assert_one_line(caught.value, words)


@pytest.mark.parametrize("words", DOCUMENTED)
def test_the_documents_show_the_words(words: str):
    assert words in documented()


async def test_nobody_at_the_address_is_unreachable():
    async with FakeAudio(SOUND) as api:
        gone = api.url
    tts = OpenAIVoices(gone, model="tts-1")
    with pytest.raises(ServiceUnreachable, match="Check that its server runs, and SKYDECK_TTS_URL"):
        await speak(tts)
    await tts.close()


async def test_silence_of_the_server_is_not_waited_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.workers.penny.openai_tts._SILENCE_S", 0.2)
    async with voices(Reply(streamed_wav()[:9_000], kind="audio/wav", end=End.HANG)) as (tts, _):
        with pytest.raises(ServiceUnreachable):
            await speak(tts)


@pytest.mark.real_time  # the loop never rests, so virtual time would stand still
async def test_an_answer_that_drips_is_not_waited_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.workers.penny.openai_tts._MAX_PHRASE_S", 0.5)
    drips = lambda: itertools.repeat(b"\xff")  # noqa: E731
    async with voices(Reply(drips, kind="audio/mpeg")) as (tts, _):
        with pytest.raises(ServiceUnreachable):
            await speak(tts)


async def test_leaving_early_closes_the_connection():
    async with voices(Reply(streamed_wav(), kind="audio/wav", end=End.HANG)) as (tts, api):
        stream = tts.stream(TEXT, language="en", voice=None)
        await anext(stream)
        assert not api.left.is_set()
        await stream.aclose()
        async with asyncio.timeout(5):
            await api.left.wait()


async def test_the_key_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    async with voices(Reply(KEY.encode(), status=400)) as (tts, _):
        with pytest.raises(JobFailed) as caught:
            await speak(tts)
        told = "".join(traceback.format_exception(caught.value)) + repr(vars(tts))
    assert KEY not in told + "".join(record.getMessage() for record in caplog.records)


# What stands in


class Local:
    """Local voices: of "joe" there is a file, if any, and of each language one of eSpeak's."""

    def __init__(self, *, has_files: bool = True) -> None:
        self.said: list[tuple[str, str | None]] = []
        self._has_files = has_files

    async def synthesize(self, text: str, *, language: str, voice: str | None):
        if voice is None and not self._has_files:
            raise WeightsError("no file")
        if voice not in (None, "joe", "en", "es"):
            raise BadInput(f"There is no voice {voice!r}.")
        self.said.append((text, voice))
        return tone(22_050), 22_050

    def knows(self, voice: str) -> bool:
        return voice == "joe"

    async def close(self) -> None: ...


@contextlib.asynccontextmanager
async def standby(*script, has_files: bool = True, **more):
    async with voices(*script, **more) as (server, api):
        local = Local(has_files=has_files)
        yield StandbyVoices(server, local, SystemClock()), local, api


async def test_a_local_voice_stands_in_while_the_server_is_down(caplog):
    cut = Reply(streamed_wav()[:3_000], kind="audio/wav", end=End.RESET)
    async with standby(cut, SOUND) as (tts, local, api):
        for _ in range(3):
            _, rate, _ = await speak(tts, voice="af_heart")
            assert rate == 22_050
        assert (len(api.asked), len(local.said)) == (1, 3)  # it is left alone for a while
        tts._outage._until = 0.0
        _, rate, _ = await speak(tts)
        assert rate == 24_000
    said = [record.message for record in caplog.records if record.name.startswith("bot.")]
    assert len(said) == 2
    assert "A local voice speaks meanwhile." in said[0]


async def test_without_files_espeak_stands_in():
    async with standby(Reply(b"", status=500), has_files=False) as (tts, local, _):
        await speak(tts, language="es")
    assert local.said == [(TEXT, "es")]


async def test_a_phrase_that_breaks_off_is_said_again():
    cut = Reply(streamed_wav()[:30_000], kind="audio/wav", end=End.RESET)
    async with standby(cut) as (tts, local, _):
        sounds = [sound async for sound in tts.stream(TEXT, language="en", voice=None)]
    assert local.said == [(TEXT, None)]
    assert (sounds[0].rate_hz, sounds[-1].rate_hz) == (24_000, 22_050)


async def test_a_voice_that_only_this_machine_has_is_its_own():
    async with standby(NO_VOICE, listed=KOKORO) as (tts, local, _):
        await speak(tts, voice="joe")
        assert local.said == [(TEXT, "joe")]
        with pytest.raises(BadInput, match="It has: af_heart"):
            await speak(tts, voice="bob")


async def test_a_voice_of_this_machine_speaks_in_an_outage_too():
    async with standby(Reply(b"", status=500)) as (tts, local, _):
        for voice in ("joe", "af_heart"):
            await speak(tts, voice=voice)
    assert local.said == [(TEXT, "joe"), (TEXT, None)]


@pytest.mark.parametrize(
    "answer", [Reply(b"{}", status=401), Reply(b"<p>", kind="text/html"), NO_VOICE]
)
async def test_what_does_not_pass_by_itself_is_said_and_not_hidden(answer: Reply):
    async with standby(answer) as (tts, local, _):
        with pytest.raises((KeyRefused, JobFailed, BadInput)):
            await speak(tts)
    assert local.said == []
