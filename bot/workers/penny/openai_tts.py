"""Voices behind any server that speaks OpenAI's audio speech, played while they are being made.

Kokoro-FastAPI, Speaches, openedai-speech, LocalAI and OpenAI. WAV is asked for first: its header
says the rate, which differs (Piper's voices have 22,050 Hz), and its first bytes can be played.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from pydantic import SecretStr

from audio.codec import decode_stream
from audio.errors import AudioError, NotAudioError
from audio.pool import SoundPool
from audio.samples import Pcm, from_pcm
from audio.sound_stream import USUAL_RATE_HZ, SoundStream
from audio.stopping import Stop
from bot.did_you_mean import did_you_mean
from bot.errors import BadInput, SkydeckError
from bot.languages import primary
from bot.sanitize import clean_line, quoted
from bot.voices.server_voices import ServerVoice, choose_server_voice, read_listed
from bot.workers.openai_server import TTS, OpenAIServer, words_of_refusal
from bot.workers.penny.sound_checks import NotSpeechError, SpeechChecks
from bot.workers.penny.tts import Sound

_SILENCE_S = 30.0
"""An answer that pauses for longer is lost. A server may load its model first."""
_MAX_PHRASE_S = 120.0
"""What one phrase may take, retries and all, even if something drips all the time."""
_LISTING_S = 5.0
_LIST_PAUSE_S = 300.0
"""How long a list that did not come in time is left alone: it costs an answer five seconds."""
_MAX_LIST_BYTES: Final = 1_000_000
"""Parsing holds the event loop, even in a thread. No list is as long."""
_FORMATS: Final = ("wav", "pcm", "mp3", "opus", "flac")
"""What is asked for, best first; a server that refuses one is asked for the next."""
_REFUSED_FIELD: Final = frozenset({400, 415, 422, 500, 501})
_REFUSED_VOICE: Final = frozenset({400, 404, 422, 500})
_NO_LIST: Final = frozenset({400, 404, 405, 501})
"""How servers say that they list no voices; another failure may pass."""
_NOT_SOUND: Final = ("text/", "application/json", "application/problem", "application/xhtml")
_BLEND: Final = re.compile(r"[+(]")
"""Of voices that Kokoro mixes: `af_bella(2)+af_sky(1)`."""
_NAMED: Final = 8
"""How many voices an error lists."""


class UnknownVoiceError(BadInput):
    """The server has no such voice."""


class OpenAIVoices:
    """A `Synthesizer` behind OpenAI's audio speech.

    Args:
        base_url: The address up to and including `/v1`.
        model: The model's name there.
        key: The key; None: the server needs none.
        names: The voice of each language by its code; under "" that of all others.

    Attributes:
        form: The format and rate of the last sound, for people.
    """

    def __init__(
        self,
        base_url: str,
        *,
        model: str,
        key: SecretStr | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.name = model
        self._server = OpenAIServer(base_url, role=TTS, model=model, key=key)
        self._names = names or {}
        self._format = _FORMATS[0]
        self._listed: Sequence[ServerVoice] | None = None
        self._list_after_s = 0.0
        self.form = ""

    @property
    def host(self) -> str:
        """Where it is, for people: the host and port."""
        return self._server.host

    async def stream(
        self, text: str, *, language: str, voice: str | None
    ) -> AsyncGenerator[Sound, None]:
        """Speak `text`, as its sound arrives.

        Raises:
            UnknownVoiceError: The server has no such voice.
            KeyRefused: The server refuses the key, or wants one.
            RateLimited: There were too many requests.
            ServiceUnreachable: The server does not answer, or its answer broke off.
            JobFailed: It answers with an error, or with no speech.
        """
        await self._server.load("audio.speech")
        import httpx2  # noqa: PLC0415  (the SDK lets its errors through from a stream)
        import openai  # noqa: PLC0415

        name = voice or await self._voice_of(language)
        try:
            async with contextlib.aclosing(self._sound(text, name)) as sounds:
                async for sound in sounds:
                    yield sound
        except openai.APIStatusError as e:
            raise await self._refusal(e, name) from None
        except (openai.OpenAIError, httpx2.HTTPError, TimeoutError):
            raise self._server.unreachable() from None
        except (NotSpeechError, NotAudioError) as e:
            why = str(e) if isinstance(e, NotSpeechError) else f"it sent {e}"
            raise self._server.failed(why, retryable=False) from None

    async def voices(self) -> Sequence[ServerVoice]:
        """Return the voices that the server lists, asked for once; empty if it lists none."""
        if self._listed is None and asyncio.get_running_loop().time() >= self._list_after_s:
            self._listed = await self._list()
        return self._listed or ()

    async def warm_up(self) -> None:
        """Load the SDK, and ask for the voices; a server that is down is not an error yet."""
        await self._server.load("audio.speech")
        with contextlib.suppress(SkydeckError):
            await self.voices()

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()

    async def _voice_of(self, language: str) -> str:
        is_set = primary(language) in self._names
        return choose_server_voice(language, self._names, () if is_set else await self.voices())

    async def _sound(self, text: str, voice: str) -> AsyncGenerator[Sound, None]:
        """Yield the sound, in a format that the server accepts."""
        import openai  # noqa: PLC0415

        client = self._server.connect(silence_s=_SILENCE_S)
        create: Any = client.audio.speech.with_streaming_response.create
        ends = asyncio.get_running_loop().time() + _MAX_PHRASE_S
        for wanted in _FORMATS[_FORMATS.index(self._format) :]:
            fields = {"input": text, "model": self.name, "voice": voice, "response_format": wanted}
            async with contextlib.AsyncExitStack() as opened:
                try:
                    async with asyncio.timeout_at(ends):
                        reply = await opened.enter_async_context(create(**fields))
                except openai.APIStatusError as e:
                    if wanted == _FORMATS[-1] or not _refuses(e, wanted):
                        raise
                    continue
                self._format = wanted
                async for sound in self._read(reply, text, ends, is_raw=wanted == "pcm"):
                    yield sound
                return

    async def _read(
        self, reply: Any, text: str, ends: float, *, is_raw: bool
    ) -> AsyncGenerator[Sound, None]:
        """Yield the sound of one answer."""
        kind = str(reply.headers.get("content-type", ""))
        stream, checks = SoundStream(kind, is_raw=is_raw), SpeechChecks(text)
        is_sound = not kind.lower().startswith(_NOT_SOUND)
        async for data in _until(ends, reply.iter_bytes()):
            if not is_sound and not data.startswith(b"RIFF"):
                raise NotSpeechError(f"it sent {clean_line(kind.partition(';')[0])[:40]}, no sound")
            is_sound = True
            passed = checks.take(stream.feed(data), stream.rate_hz or USUAL_RATE_HZ)
            if passed.size:
                yield Sound(from_pcm(passed), stream.rate_hz, is_last=False)
        last = stream.finish()
        rate_hz = stream.rate_hz or USUAL_RATE_HZ
        if stream.is_file:
            last = await _pool.run(partial(_decoded, stream.whole, len(text), rate_hz))
        self.form = f"{self._format}, {rate_hz} Hz{', not streamed' * stream.is_file}"
        first = checks.take(last, rate_hz)
        if first.size:
            yield Sound(from_pcm(first), rate_hz, is_last=False)
        yield Sound(from_pcm(checks.finish(rate_hz)), rate_hz)

    async def _refusal(self, error: Any, voice: str) -> SkydeckError:
        """Convert a refusal; of a voice, with some that there are."""
        if error.status_code not in _REFUSED_VOICE:
            return self._server.refusal(error)
        listed = [one.name for one in await self.voices()]
        is_missing = bool(listed) and voice not in listed and not _BLEND.search(voice)
        if not is_missing and "voice" not in words_of_refusal(error):
            return self._server.refusal(error)
        some = ", ".join(listed[:_NAMED])
        hint = f"It has: {some}{', …' * (len(listed) > _NAMED)}." if some else ""
        hint = f"{did_you_mean(voice, listed)} {hint}".strip()
        return UnknownVoiceError(
            f"The voice server {self.host} has no voice {quoted(voice)}.",
            hint=hint or "Set SKYDECK_TTS_VOICE to one of the server's voices.",
        )

    async def _list(self) -> Sequence[ServerVoice] | None:
        """Ask for the voices; None: it cannot say now, and is asked again."""
        import httpx2  # noqa: PLC0415
        import openai  # noqa: PLC0415

        client = self._server.connect(silence_s=_SILENCE_S)
        try:
            async with asyncio.timeout(_LISTING_S):
                quick = client.with_options(max_retries=0)
                reply = await quick.get("/audio/voices", cast_to=httpx2.Response)
                return await asyncio.to_thread(_voices_in, reply.content, self.name)
        except openai.APIStatusError as e:
            return () if e.status_code in _NO_LIST else None
        except TimeoutError:
            self._list_after_s = asyncio.get_running_loop().time() + _LIST_PAUSE_S
            return None
        except (openai.OpenAIError, httpx2.HTTPError):
            raise self._server.unreachable() from None


_pool: Final = SoundPool(2)


async def _until(ends: float, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield pieces until the loop's time `ends`; the caller's own work is not interrupted."""
    while True:
        async with asyncio.timeout_at(ends):
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece


def _refuses(error: Any, wanted: str) -> bool:
    """Whether a refusal is about the format."""
    refusal = words_of_refusal(error)
    return error.status_code in _REFUSED_FIELD and ("format" in refusal or f"'{wanted}'" in refusal)


def _voices_in(body: bytes, model: str) -> Sequence[ServerVoice]:
    if len(body) > _MAX_LIST_BYTES:
        return ()
    try:
        return read_listed(json.loads(body), model)
    except (ValueError, RecursionError):
        return ()


def _decoded(file: bytes, chars: int, rate_hz: int, stop: Stop) -> Pcm:
    """A whole file's samples. Blocks."""
    try:
        pieces = decode_stream(file, rate_hz=rate_hz, limit_s=60 + chars, stop=stop)
        return np.concatenate([np.zeros(0, np.int16), *pieces])
    except AudioError:
        raise NotSpeechError("it sent sound that cannot be read") from None
