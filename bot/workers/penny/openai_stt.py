"""Speech recognition behind any server that speaks OpenAI's audio transcriptions.

Speaches, faster-whisper-server, whisper.cpp's server, vLLM, LocalAI and OpenAI. They get the same
windows of speech as the local model: none has silence that a recogniser fills with words, and none
is too long for a server that takes 30 s.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from pydantic import SecretStr

from audio.codec import wav
from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples
from audio.stopping import Stop
from bot.clock import Clock
from bot.errors import SkydeckError
from bot.hallucinations import Certainty, is_hallucinated
from bot.languages import LANGUAGES, NO_HINTS, LanguageDecision, LanguageHints, decide
from bot.workers import text_language
from bot.workers.openai_server import ASR, OpenAIServer, words_of_refusal
from bot.workers.penny.outage import Outage, is_outage
from bot.workers.penny.speech_windows import cut_windows, detect_speech
from bot.workers.penny.stt import AudioSource, Recognizer, TranscriptSegment, with_known_pin
from bot.workers.penny.transcription import (
    NotATranscriptionError,
    Transcription,
    read_transcription,
)

_SILENCE_S = 60.0
"""An answer that pauses for longer is lost. A server may load its model first."""
_MAX_WINDOW_S = 180.0
"""What one window may take, retries and all, even if something drips all the time."""
_MAX_FORMS: Final = 6
"""How often a window is sent; each refusal changes something."""
_MAX_CHARS_PER_SECOND, _MIN_CHARS = 40, 200
"""Nobody speaks faster; what goes beyond is a model that repeats itself."""
_SHORT_S, _EXPECTED = 4.0, 0.8
"""Of a clip shorter than this, Whisper often gives a wrong language. If the conversation is in
another one with this probability, the clip is sent once more, as that, and the clearer is taken."""
_REMEMBERED: Final = 4
"""How many earlier windows of a recording count as turns of its speaker."""
_UNKNOWN: Final = Certainty(no_speech=0.0, log_probability=0.0)
"""For a server that does not say how sure it is: only what nobody ever says is left out."""
_REFUSED_FIELD: Final = frozenset({400, 415, 422, 500, 501})
"""Statuses by which servers refuse a field that they name."""
_SAYS_FIELDS: Final = frozenset({400, 415, 422})
"""Statuses that are about a field even if they name none; a failure (5xx) passes by itself."""
_FORMATS: Final = ("verbose_json", "json", "")
"""The forms of an answer, best first; empty: whatever the server sends by itself."""


@dataclass(frozen=True, slots=True)
class RequestForm:
    """What a server accepts of OpenAI's request; learned from its refusals.

    Attributes:
        format: One of `_FORMATS`.
    """

    format: str = _FORMATS[0]
    has_prompt: bool = True
    has_language: bool = True

    def after(self, refusal: str, status: int) -> "RequestForm | None":
        """Return the form that avoids what `refusal`, the server's words, names; None: no idea."""
        if status not in _REFUSED_FIELD:
            return None
        if self.format and any(word in refusal for word in ("response_format", self.format)):
            return replace(self, format=_FORMATS[_FORMATS.index(self.format) + 1])
        if self.has_prompt and "prompt" in refusal:
            return replace(self, has_prompt=False)
        if self.has_language and "language" in refusal:
            return replace(self, has_language=False)
        bare = RequestForm("", has_prompt=False, has_language=self.has_language)
        return bare if bare != self and status in _SAYS_FIELDS else None

    def fields(self, language: str, prompt: str) -> dict[str, str]:
        """Return the fields of a request beside the sound and the model."""
        found = {
            "response_format": self.format,
            "prompt": prompt if self.has_prompt else "",
            "language": language if self.has_language else "",
        }
        return {name: value for name, value in found.items() if value}


class OpenAITranscriber:
    """A `Recognizer` behind OpenAI's audio transcriptions.

    Args:
        base_url: The address up to and including `/v1`.
        model: The model's name there.
        key: The key; None: the server needs none.
        clock: Measures how long a server that is down is left alone.
        local: Stands in while the server is down; None: nothing does.
    """

    def __init__(
        self,
        base_url: str,
        *,
        model: str,
        key: SecretStr | None = None,
        clock: Clock,
        local: Recognizer | None = None,
    ) -> None:
        self.name = model
        self._server = OpenAIServer(base_url, role=ASR, model=model, key=key)
        self._local = local
        self._outage = Outage(clock, instead="The local model recognises speech meanwhile.")
        self._form = RequestForm()

    @property
    def host(self) -> str:
        """Where it is, for people: the host and port."""
        return self._server.host

    @property
    def format(self) -> str:
        """The form of the answers, as far as it is known."""
        return self._form.format or "its own format"

    async def recognize(
        self,
        sound: AudioSource,
        *,
        hints: LanguageHints = NO_HINTS,
        name: str = "",
        is_partial: bool = False,
        seeks_name: bool = False,  # the server is always told
    ) -> AsyncIterator[TranscriptSegment]:
        """Yield speech as it is recognised. `name` is a hint in a recording of one window.

        The server may charge for each request, so it is not asked while somebody still speaks.

        Raises:
            BadInput: There is no such pinned language.
            KeyRefused: The server refuses the key, or wants one.
            RateLimited: There were too many requests.
            ServiceUnreachable: The server does not answer, or its answer broke off.
            JobFailed: It answers with an error, or with nothing that can be read.
        """
        if is_partial:
            return
        hints = with_known_pin(hints)
        stop = Stop()
        windows = cut_windows(sound(stop))
        try:
            while (window := await asyncio.to_thread(next, windows, None)) is not None:
                clip, start_s, seconds, is_all = window
                hint = name if is_all else ""
                async for heard in self._hear(clip, seconds, hints, hint):
                    shifted = replace(
                        heard, start_s=start_s + heard.start_s, end_s=start_s + heard.end_s
                    )
                    yield shifted
                    turns = [{heard.language: 1.0}, *hints.speaker][:_REMEMBERED]
                    hints = replace(hints, speaker=turns)
        finally:
            stop.set()

    async def warm_up(self) -> None:
        """Load the SDK and the voice detector; the first request opens the connection."""
        await self._server.load("audio.transcriptions")
        await asyncio.to_thread(detect_speech, np.zeros(SPEECH_RATE_HZ, np.float32))
        await asyncio.to_thread(text_language.warm_up)

    async def close(self) -> None:
        """Close the connections, and unload the model that stands in."""
        await self._server.close()
        if self._local is not None:
            await self._local.close()

    async def _hear(
        self, clip: Samples, seconds: float, hints: LanguageHints, name: str
    ) -> AsyncIterator[TranscriptSegment]:
        """Recognise one window; where the server is down, the local model does."""
        if self._local is None or not self._outage.is_on:
            try:
                heard = await self._ask_in_language(clip, seconds, hints, name)
            except SkydeckError as e:
                if self._local is None or not is_outage(e):
                    raise
                self._outage.begin(e)
            else:
                self._outage.end()
                if heard is not None:
                    yield heard
                return

        def again(_: Stop) -> Iterator[Samples]:
            return iter([clip])

        async for segment in self._local.recognize(again, hints=hints, name=name):
            yield segment

    async def _ask_in_language(
        self, clip: Samples, seconds: float, hints: LanguageHints, name: str
    ) -> TranscriptSegment | None:
        """Send a window; once more if the server took it for a language that it cannot be."""
        file = await asyncio.to_thread(wav, clip, SPEECH_RATE_HZ)
        pinned = hints.pinned or ""
        found = await self._ask(file, pinned, name)
        language = await asyncio.to_thread(_decide, found, hints)
        if found.languages and language.code and language.code not in found.languages:
            found = await self._ask(file, language.code, name)
        elif _is_surprising(found, hints) and seconds < _SHORT_S:
            expected = decide({}, hints)
            other = await self._ask(file, expected.likely, name)
            if _is_clearer(other, found):
                found, language = other, expected
        text = found.text[: int(_MIN_CHARS + seconds * _MAX_CHARS_PER_SECOND)]
        if not text or is_hallucinated(text, found.certainty or _UNKNOWN):
            return None
        is_sure = bool(found.languages or pinned) and language.code is not None
        return TranscriptSegment(text, language.likely, 0.0, len(clip) / SPEECH_RATE_HZ, is_sure)

    async def _ask(self, file: bytes, language: str, prompt: str) -> Transcription:
        """Send a window, in a form that the server accepts."""
        await self._server.load("audio.transcriptions")
        import httpx2  # noqa: PLC0415  (the SDK lets its errors through from a stream)
        import openai  # noqa: PLC0415

        label = LANGUAGES[language].asr_ids[0] if language in LANGUAGES else ""
        try:
            async with asyncio.timeout(_MAX_WINDOW_S):
                body, kind = await self._body(file, label, prompt)
        except openai.APIStatusError as e:
            raise await self._server.explained(e) from None
        except (openai.OpenAIError, httpx2.HTTPError, TimeoutError):
            raise self._server.unreachable() from None
        try:
            return await asyncio.to_thread(read_transcription, body, kind)
        except NotATranscriptionError as e:
            raise self._server.failed(str(e), retryable=False) from None

    async def _body(self, file: bytes, language: str, prompt: str) -> tuple[bytes, str]:
        """Return the answer's body and content type."""
        import openai  # noqa: PLC0415

        client = self._server.connect(silence_s=_SILENCE_S)
        create: Any = client.audio.transcriptions.with_streaming_response.create
        form = self._form
        for _ in range(_MAX_FORMS):
            fields = form.fields(language, prompt)
            try:
                sound = ("speech.wav", file, "audio/wav")
                async with create(file=sound, model=self.name, **fields) as reply:
                    body: bytes = await reply.read()
                    self._form = form
                    return body, reply.headers.get("content-type", "")
            except openai.APIStatusError as e:
                changed = form.after(words_of_refusal(e), e.status_code)
                if changed is None:
                    raise
                form = changed
        raise AssertionError("each refusal leaves something out, and there is less of it")


def _is_surprising(found: Transcription, hints: LanguageHints) -> bool:
    """Whether somebody seems to have left the language of the conversation."""
    expected = decide({}, hints)
    is_told = bool(found.languages) and found.certainty is not None
    return is_told and expected.confidence >= _EXPECTED and expected.likely not in found.languages


def _is_clearer(one: Transcription, other: Transcription) -> bool:
    if one.certainty is None or other.certainty is None:
        return False
    return one.certainty.log_probability > other.certainty.log_probability


def _decide(found: Transcription, hints: LanguageHints) -> LanguageDecision:
    """Decide on the language: as the server tells it, else by the words. Blocks."""
    if hints.pinned:
        return decide({}, hints)
    if any(not hints.allowed or code in hints.allowed for code in found.languages):
        return decide(found.languages, hints)
    return text_language.decide_on(found.text, hints)
