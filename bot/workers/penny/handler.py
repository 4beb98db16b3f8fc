"""Penny: CONVERSE, TRANSCRIBE and SPEAK."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from audio.errors import AudioError, TooLongError
from audio.pool import SoundPool
from audio.stopping import Stop
from bot.actions.phrases import phrases
from bot.clock import Clock
from bot.contract import Audio, Context, InputType, Request, Response, Service, System
from bot.contract.actions import OfferedAction, offered_in, own_words_in
from bot.contract.grace import unknown_module
from bot.contract.penny import PennyModule
from bot.contract.persona import assistant_of, persona_of
from bot.contract.pictures import pictures_in
from bot.errors import BadInput, TooLarge
from bot.hallucinations import is_said_to_nobody
from bot.languages import DEFAULT, LanguageHints, primary
from bot.loading import LoadPart, begins
from bot.workers import text_language
from bot.workers.penny import known_answers
from bot.workers.penny.action_choice import choose
from bot.workers.penny.converse import Turn, stream_reply
from bot.workers.penny.early_transcripts import ClipKey, EarlyTranscripts
from bot.workers.penny.known_answers import known_answer
from bot.workers.penny.phrasing import Phrasing
from bot.workers.penny.prompt import converse_prompt
from bot.workers.penny.recording import Recording
from bot.workers.penny.speech import Speech
from bot.workers.penny.spoken_text import spoken
from bot.workers.penny.stt import Recognizer, TranscriptSegment
from bot.workers.penny.tts import Synthesizer
from bot.workers.penny.vocative import without_vocative
from bot.workers.protocols import Delivery, LanguageModel, Prompt

_MAX_QUESTION_S = 300
_MAX_RECORDING_S = 3600
_MAX_TEXT_CHARS = 20_000
_MAX_SPEECH_CHARS = 5_000
_DEFAULT_TOKENS = 200
_MAX_TOKENS = 1024


class PennyHandler:
    """The voice assistant."""

    service = Service.PENNY
    delivery = Delivery.STREAM

    def __init__(
        self,
        *,
        stt: Recognizer,
        llm: LanguageModel,
        tts: Synthesizer,
        clock: Clock,
        voice_llm: LanguageModel | None = None,
        languages: Collection[str] = (),
    ) -> None:
        """Make the voice assistant.

        Args:
            stt: Recognises speech.
            llm: Answers what people write.
            tts: Speaks.
            clock: Measures each turn.
            voice_llm: Answers what people say, if that is another model.
            languages: The codes of the languages to choose from; empty: all.
        """
        self._stt = stt
        self._llm = llm
        self._voice_llm = voice_llm or llm
        self._tts = tts
        self._clock = clock
        self._languages = languages
        self._early = EarlyTranscripts()
        self._working = asyncio.Lock()

    async def handle(self, request: Request) -> AsyncGenerator[Response, None]:
        """Handle one contract; see `bot.workers.protocols.Handler`."""
        turn = Turn(self._clock, self._clock.now())
        match request.target.module:
            case PennyModule.CONVERSE if _bool_param(request, "prepare", default=False):
                await self._prepare(request)
                yield turn.completed()
                return
            case PennyModule.CONVERSE:
                work = self._converse(turn, request)
            case PennyModule.TRANSCRIBE:
                work = self._transcribe(turn, request)
            case PennyModule.SPEAK:
                work = self._speak(turn, request)
            case other:
                raise unknown_module("Penny", other, list(PennyModule))
        async with self._working, contextlib.aclosing(work) as responses:
            async for response in responses:
                yield response
        yield turn.completed()

    async def warm_up(self) -> None:
        """Load every model, and put the usual system prompt into the language model's cache."""
        begins(LoadPart.HEARING)
        await self._stt.warm_up()
        begins(LoadPart.VOICES)
        await self._tts.warm_up()
        begins(LoadPart.LANGUAGE)
        await asyncio.to_thread(text_language.warm_up)
        await asyncio.to_thread(phrases)  # it compiles them, for a fifth of a second
        for language in ("en", "es"):
            await asyncio.to_thread(spoken, "1 hora", language)
            await asyncio.to_thread(known_answers.warm_up, language)
        await self._voice_llm.warm_up(
            converse_prompt(
                "Hello",
                system=System.DECK,
                language=DEFAULT,
                context=Context(),
                max_tokens=1,
                room_chars=self._voice_llm.context_chars,
            )
        )

    async def close(self) -> None:
        """Unload the voices and the recogniser. The language model's owner closes it."""
        self._early.close()
        await self._stt.close()
        await self._tts.close()

    async def _converse(self, turn: Turn, request: Request) -> AsyncGenerator[Response, None]:
        max_tokens = _int_param(request, "max_tokens", _DEFAULT_TOKENS, _MAX_TOKENS)
        speak = _bool_param(request, "speak", default=True)
        offered = offered_in(request)
        hints = await self._hints(request)
        is_spoken = request.input.type is InputType.AUDIO
        llm = self._voice_llm if is_spoken else self._llm
        if is_spoken:
            async for response in self._listen(turn, request, hints, _MAX_QUESTION_S):
                yield response
            question = turn.transcript or ""
            if not question or is_said_to_nobody(question):
                return  # silence needs no answer
        else:
            question = _read_text(request, _MAX_TEXT_CHARS)
            await turn.language.take_question(question, hints)
        speech = self._new_speech(turn, request, is_wish=True) if speak else None
        if said := await self._without_model(turn, request, question, offered, llm):
            async with contextlib.aclosing(self._read_out(turn, said, speech)) as responses:
                async for response in responses:
                    yield response
            return
        if known := self._known_answer(turn, request, question):
            question = f"{question}\n({known})"
        prompt = _prompt(turn, request, question, llm, max_tokens)
        reply = stream_reply(turn, prompt, llm=llm, speech=speech)
        async with contextlib.aclosing(reply) as responses:
            async for response in responses:
                yield response

    async def _without_model(
        self,
        turn: Turn,
        request: Request,
        question: str,
        offered: Sequence[OfferedAction],
        llm: LanguageModel,
    ) -> str:
        """What to say in place of a model's answer; empty: the model answers.

        Where people have said how the assistant is to be, it puts what we know in its words.
        """
        if offered and (said := await self._choose(turn, request, question, offered, llm)):
            return said
        if persona_of(request).instructions:
            return ""
        return self._known_answer(turn, request, question) or ""

    def _known_answer(self, turn: Turn, request: Request, question: str) -> str | None:
        """The answer that needs no model; None: it needs one."""
        language = turn.language.likely
        if language is None or turn.language.to_answer(request) not in (None, language):
            return None
        names = (assistant_of(request), request.source.system.assistant)
        now = datetime.fromtimestamp(self._clock.wall(), UTC).astimezone()
        return known_answer(without_vocative(question, names), language, now)

    async def _choose(
        self,
        turn: Turn,
        request: Request,
        question: str,
        offered: Sequence[OfferedAction],
        llm: LanguageModel,
    ) -> str:
        """Choose one of the offered actions; returns what to say in place of an answer, if any."""
        chosen = await choose(
            own_words_in(request, question),
            offered,
            llm=llm,
            language=turn.language.likely,
            names=[assistant_of(request), request.source.system.assistant],
        )
        turn.action, turn.choosing = chosen.action, chosen.usage
        turn.mark("action")
        return chosen.reply or (chosen.action.say or "" if chosen.action is not None else "")

    async def _prepare(self, request: Request) -> None:
        """Recognise what was said so far, and read it into the language model's cache.

        It gives way to everything else: the processor has no time for both.
        """
        if self._working.locked():
            return
        turn = Turn(self._clock, self._clock.now())  # its words go nowhere else
        hints = await self._hints(request)
        if request.input.type is InputType.AUDIO:
            recording = await _decoded(request, _MAX_QUESTION_S)
            if self._working.locked():
                return
            key = ClipKey.of(recording.digest, request, hints)
            segments = self._stt.recognize(
                recording.chunks, hints=hints, name=key.name, is_partial=True
            )
            heard = await self._early.recognize(key, segments)
            for segment in heard:
                await self._take_segment(turn, segment, hints)
            if not turn.transcript:
                return
        else:
            await turn.language.expect(hints)
        if not self._working.locked():
            question = turn.transcript or ""
            await self._voice_llm.warm_up(_prompt(turn, request, question, self._voice_llm, 1))

    async def _transcribe(self, turn: Turn, request: Request) -> AsyncGenerator[Response, None]:
        hints = await self._hints(request)
        async for response in self._listen(turn, request, hints, _MAX_RECORDING_S):
            yield response
        turn.text = turn.transcript or ""

    async def _speak(self, turn: Turn, request: Request) -> AsyncGenerator[Response, None]:
        text = _read_text(request, _MAX_SPEECH_CHARS)
        turn.text = text
        hints = await self._hints(request)
        await turn.language.take_text(text, hints)
        speech = self._new_speech(turn, request, is_wish=False)
        async with contextlib.aclosing(self._speak_words(turn, text, speech)) as responses:
            async for response in responses:
                yield response
        if turn.audio is None:
            raise BadInput("Nothing in this text can be spoken.")

    async def _read_out(
        self, turn: Turn, text: str, speech: Speech | None
    ) -> AsyncGenerator[Response, None]:
        """Answer with words that are known already."""
        turn.text = text
        turn.mark("first_token")
        yield turn.partial(text=text)
        if speech is None:
            return
        async with contextlib.aclosing(self._speak_words(turn, text, speech)) as responses:
            async for response in responses:
                yield response

    async def _speak_words(
        self, turn: Turn, text: str, speech: Speech
    ) -> AsyncGenerator[Response, None]:
        phrasing = Phrasing(turn.language.likely or "")
        for phrase in phrasing.feed(text) + phrasing.finish():
            async with contextlib.aclosing(speech.say(phrase)) as pieces:
                async for audio in pieces:
                    turn.mark("first_audio")
                    yield turn.partial(audio=audio)
        turn.audio = await asyncio.to_thread(speech.finish)

    async def _listen(
        self, turn: Turn, request: Request, hints: LanguageHints, limit_s: float
    ) -> AsyncGenerator[Response, None]:
        recording = await _decoded(request, limit_s)
        turn.audio_seconds = recording.seconds
        turn.transcript = ""
        key = ClipKey.of(recording.digest, request, hints)
        # Whom a transcript without an answer is for may depend on a name that is hard to hear.
        is_asked = request.target.module == PennyModule.CONVERSE
        seeks_name = bool(persona_of(request).name) and not is_asked
        early = await self._early.take(key)
        segments = (
            _each(early)
            if early
            else self._stt.recognize(
                recording.chunks, hints=hints, name=key.name, seeks_name=seeks_name
            )
        )
        async for segment in segments:
            text = await self._take_segment(turn, segment, hints)
            turn.mark("asr")
            yield turn.partial(transcript=text, language=turn.language.certain)
        turn.mark("asr")

    async def _take_segment(
        self, turn: Turn, segment: TranscriptSegment, hints: LanguageHints
    ) -> str:
        """Add a segment to the transcript; returns what that added."""
        text = segment.text if not turn.transcript else f" {segment.text}"
        turn.transcript = (turn.transcript or "") + text
        await turn.language.take_segment(segment, hints)
        return text

    async def _hints(self, request: Request) -> LanguageHints:
        return await asyncio.to_thread(
            text_language.conversation_hints,
            request.context,
            pinned=primary(request.input.language),
            allowed=self._languages,
        )

    def _new_speech(self, turn: Turn, request: Request, *, is_wish: bool) -> Speech:
        voice = request.option("voice")
        if voice is not None and not isinstance(voice, str):
            raise BadInput("The parameter voice must be a name.")
        language = turn.language.to_speak(request)
        return Speech(self._tts, language=language, voice=voice, is_wish=is_wish)


_questions: Final = SoundPool(2)
_recordings: Final = SoundPool(1)
"""Separate, so that no question waits for an hour's recording."""


async def _decoded(request: Request, limit_s: float) -> Recording:
    pool = _recordings if limit_s > _MAX_QUESTION_S else _questions
    return await pool.run(partial(_decode_recording, request, limit_s))


async def _each(segments: Sequence[TranscriptSegment]) -> AsyncIterator[TranscriptSegment]:
    for segment in segments:
        yield segment


def _prompt(
    turn: Turn, request: Request, question: str, llm: LanguageModel, max_tokens: int
) -> Prompt:
    prompt = converse_prompt(
        question,
        system=request.source.system,
        language=turn.language.to_answer(request),
        context=request.context or Context(),
        persona=persona_of(request),
        max_tokens=max_tokens,
        room_chars=llm.context_chars,
        is_brief=_bool_param(request, "brief", default=False),
    )
    return replace(prompt, pictures=pictures_in(request))


def _decode_recording(request: Request, limit_s: float, stop: Stop) -> Recording:
    if request.input.type is not InputType.AUDIO or not isinstance(request.input.data, str):
        raise BadInput(f"{request.target.module} needs audio: base64 in input.data.")
    data = Audio(data=request.input.data).file()
    if not data:
        raise BadInput("The audio is empty.")
    try:
        return Recording(data, limit_s, stop)
    except TooLongError as e:
        raise TooLarge(str(e)) from e
    except AudioError as e:
        raise BadInput(str(e)) from e


def _read_text(request: Request, limit: int) -> str:
    text = request.input.data
    if request.input.type is not InputType.TEXT or not isinstance(text, str):
        raise BadInput(f"{request.target.module} needs text in input.data.")
    if not text.strip():
        raise BadInput("The text is empty.")
    if len(text) > limit:
        raise TooLarge(
            f"The text has {len(text):,} characters; Penny takes at most {limit:,}.",
            hint="Use Grace's SUMMARIZER for long texts.",
        )
    return text.strip()


def _int_param(request: Request, name: str, default: int, maximum: int) -> int:
    value = request.option(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= maximum:
        raise BadInput(f"The parameter {name} must be a whole number from 1 to {maximum}.")
    return value


def _bool_param(request: Request, name: str, *, default: bool) -> bool:
    value = request.option(name, default)
    if not isinstance(value, bool):
        raise BadInput(f"The parameter {name} must be true or false.")
    return value
